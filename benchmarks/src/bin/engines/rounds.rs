//! All that is measured, in one run, in alternating order.

use std::io::Write as _;
use std::path::Path;

use benchmarks::sandbox::Sandbox;
use benchmarks::table::{median, thousands};
use benchmarks::{Result, machine};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::server::{self, Server};
use crate::{by_hand, client, local};

/// How much is measured.
pub(crate) struct Size {
    /// Datasets of a run.
    pub(crate) datasets: usize,
    /// How often each way is measured.
    pub(crate) rounds: u64,
    /// What is measured.
    pub(crate) ways: Vec<Way>,
}

/// Who retracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// The whole recipe through the local journal.
    Local,
    /// The whole recipe through the engine on one node.
    One,
    /// The whole recipe through the engine on three nodes.
    Three,
    /// A workflow by hand, on one node, with the SDK's server as it comes.
    ByHand,
    /// The same, with small frames sent at once.
    ByHandNoDelay,
    /// That, on three nodes.
    ByHandThree,
}

pub(crate) const WAYS: [Way; 6] = [Way::Local, Way::One, Way::ByHandNoDelay, Way::Three, Way::ByHandThree, Way::ByHand];

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Local => "the local journal, a folder on disk",
            Self::One => "the engine, one node",
            Self::Three => "the engine, three nodes that keep every record twice",
            Self::ByHand => "by hand: a workflow of the SDK, served as its documentation has it, one node",
            Self::ByHandNoDelay => "by hand, with `TCP_NODELAY`, one node",
            Self::ByHandThree => "by hand, with `TCP_NODELAY`, three nodes",
        }
    }
}

/// What a run took: seconds and bytes.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Took {
    /// Planning; by hand, listing.
    pub(crate) plan: f64,
    /// Handing the plan in.
    pub(crate) submit: f64,
    /// From the approval to the end; by hand, from the call to its answer.
    pub(crate) run: f64,
    /// The peak of the process that runs the recipe: the runner, or the handlers.
    pub(crate) own_memory: u64,
    /// What the engine's nodes had needed before the run, added up.
    pub(crate) server_before: u64,
    /// The peaks of the engine's nodes, added up.
    pub(crate) server_memory: u64,
    /// Seconds on a processor of the process that runs the recipe.
    pub(crate) own_processor: f64,
    /// Seconds on a processor of the engine's nodes, added up.
    pub(crate) server_processor: f64,
    /// The run's folder, or the archive.
    pub(crate) own_disk: u64,
    /// What the engine's data grew by.
    pub(crate) server_disk: u64,
}

/// Measures everything and prints the tables.
pub(crate) async fn all(size: &Size, binary: &Path, runs: &Path) -> Result<()> {
    std::fs::create_dir_all(runs)?;
    let mut measured: Vec<(Way, Vec<Took>)> = size.ways.iter().map(|&way| (way, Vec::new())).collect();
    for round in 0..size.rounds {
        let mut order: Vec<usize> = (0..measured.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for i in order {
            let (way, all) = &mut measured[i];
            let took = once(*way, size.datasets, binary, runs).await?;
            let rate = thousands(size.datasets as f64 / took.run);
            eprintln!("round {} of {}, {way:?}: {:.2} s, {rate} a second", round + 1, size.rounds, took.run);
            all.push(took);
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", speed(size, &measured))?;
    writeln!(out, "{}", cost(&measured))?;
    writeln!(out, "{}", notes(size, binary, runs))?;
    Ok(())
}

/// One way, once, against a fresh sandbox and a fresh engine. Every dataset must have been retracted, exactly once.
async fn once(way: Way, datasets: usize, binary: &Path, runs: &Path) -> Result<Took> {
    let folder = tempfile::Builder::new().prefix("benchmark-").tempdir_in(runs)?;
    let sandbox = Sandbox::start(datasets, false)?;
    let took = match way {
        Way::Local => local::measure(&sandbox, datasets, folder.path())?,
        Way::One | Way::Three => {
            let server = Server::start(binary, way == Way::Three).await?;
            client::measure(&sandbox, &server, datasets, folder.path()).await?
        }
        Way::ByHand | Way::ByHandNoDelay | Way::ByHandThree => {
            let server = Server::start(binary, way == Way::ByHandThree).await?;
            by_hand::measure(&sandbox, &server, way != Way::ByHand).await?
        }
    };
    let retractions = sandbox.retractions().await?;
    if retractions.are_once(datasets) {
        return Ok(took);
    }
    Err(format!("{way:?} did not retract {datasets} datasets once: {}", retractions.line()).into())
}

/// How fast: medians, and ratios to the first way.
fn speed(size: &Size, measured: &[(Way, Vec<Took>)]) -> String {
    let mut text = String::from(
        "| retracted through | seconds | a second | its time, to the local journal's | planning | handing in |\n\
         |---|---:|---:|---:|---:|---:|\n",
    );
    let local = measured.iter().find(|(way, _)| *way == Way::Local);
    for (way, all) in measured {
        let of = |part: fn(&Took) -> f64| all.iter().map(part).collect::<Vec<f64>>();
        let run = of(|took| took.run);
        let (least, most) =
            (run.iter().copied().fold(f64::INFINITY, f64::min), run.iter().copied().fold(0.0, f64::max));
        // Round by round, for the machine is not equally fast all the time.
        let ratio = local.map_or(String::new(), |(_, local)| {
            let ratios: Vec<f64> = all.iter().zip(local).map(|(took, local)| took.run / local.run).collect();
            format!("{:.1} ×", median(&ratios))
        });
        let submit = median(&of(|took| took.submit));
        text.push_str(&format!(
            "| {} | {:.2} ({least:.2}–{most:.2}) | {} | {ratio} | {:.2} | {} |\n",
            way.name(),
            median(&run),
            thousands(size.datasets as f64 / median(&run)),
            median(&of(|took| took.plan)),
            if submit > 0.0 { format!("{submit:.2}") } else { String::new() },
        ));
    }
    text
}

/// What it takes of the machine.
fn cost(measured: &[(Way, Vec<Took>)]) -> String {
    let mut text = String::from(
        "| runner or handlers, and the engine's nodes | seconds on a processor | … nodes | memory, MB | … nodes | … nodes before | \
         disk, MB: folder or archive | … nodes |\n|---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for (way, all) in measured {
        let of = |part: fn(&Took) -> f64, digits: usize| {
            let value = median(&all.iter().map(part).collect::<Vec<f64>>());
            if value > 0.0 { format!("{value:.digits$}") } else { String::new() }
        };
        let cells = [
            of(|took| took.own_processor, 2),
            of(|took| took.server_processor, 2),
            of(|took| took.own_memory as f64 / 1e6, 0),
            of(|took| took.server_memory as f64 / 1e6, 0),
            of(|took| took.server_before as f64 / 1e6, 0),
            of(|took| took.own_disk as f64 / 1e6, 1),
            of(|took| took.server_disk as f64 / 1e6, 1),
        ];
        text.push_str(&format!("| {} | {} |\n", way.name(), cells.join(" | ")));
    }
    text
}

fn notes(size: &Size, binary: &Path, runs: &Path) -> String {
    format!(
        "{} datasets, from the approval to the end; by hand, from the call to its answer. Medians of {} round{} in alternating order \
         (smallest–largest); ratios: medians of the rounds' own. Each time against a fresh sandbox and a fresh engine, all of \
         it on one machine. After each, the sandbox had retracted every dataset exactly once. Memory: peaks of whole \
         processes; the nodes are added up. Processor: during the run. Disk: how long the files are; of the engine, what its data grew by.\n\n\
         Machine: {}.\n\nVersions: benchmarks {}, {}, restate-sdk 0.13.\n",
        thousands(size.datasets as f64),
        size.rounds,
        if size.rounds == 1 { "" } else { "s" },
        machine::line(runs),
        env!("CARGO_PKG_VERSION"),
        server::version(binary),
    )
}
