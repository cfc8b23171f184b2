//! All that is measured, in one run, in alternating order.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use benchmarks::machine;
use benchmarks::table::{Row, Wanted, markdown, median, seconds, thousands};
use metapod_client::DatasetId;
use ops_recipes::datasets::Facts;
use sonar_client::{DatasetFilter, SonarRead};

use crate::recipe::{JournalIn, Retraction, Times};
use crate::{Result, alone, bare, planning, tools};
use benchmarks::sandbox::{Clients, Sandbox};

/// Calls at once, for everybody.
const AT_ONCE: usize = 10;

/// How much is measured.
pub(crate) struct Size {
    /// Datasets of a run.
    datasets: usize,
    /// Datasets for the pipeline, which takes too long for all.
    sample: usize,
    /// Datasets for planning and memory.
    many: usize,
}

impl Size {
    pub(crate) fn full() -> Self {
        Self { datasets: 20_000, sample: 1_000, many: 100_000 }
    }

    pub(crate) fn quick() -> Self {
        Self { datasets: 2_000, sample: 200, many: 10_000 }
    }
}

/// Who retracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Recipe,
    RecipeWithSchema,
    RecipeInMemory,
    Bare,
    Wrk,
    Pipeline,
}

const WAYS: [Way; 6] = [Way::Recipe, Way::Pipeline, Way::RecipeInMemory, Way::Bare, Way::RecipeWithSchema, Way::Wrk];

/// What was measured of one way: datasets a second, one value a round.
#[derive(Default)]
struct Measured {
    per_second: Vec<f64>,
    times: Vec<Times>,
}

/// Measures everything and prints the table.
pub(crate) async fn all(size: &Size, rounds: u64, runs: &Path) -> Result<()> {
    tools::check()?;
    let folder = folder(runs)?;
    let mut measured: [Measured; WAYS.len()] = Default::default();
    for round in 0..rounds {
        let mut order: Vec<Way> = WAYS.to_vec();
        if round % 2 == 1 {
            order.reverse();
        }
        for way in order {
            let (per_second, times) = once(way, size, folder.path()).await?;
            eprintln!("round {} of {rounds}, {way:?}: {} a second", round + 1, thousands(per_second));
            let measured = &mut measured[way as usize];
            measured.per_second.push(per_second);
            measured.times.extend(times);
        }
    }
    let planning = planning::measure(size.many, rounds, folder.path()).await?;
    let peak = alone::measure(size.many, folder.path())?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", markdown(&rows(size, &measured, &planning, peak)))?;
    writeln!(out, "{}", notes(size, rounds, folder.path()))?;
    writeln!(out, "{}", parts(&measured))?;
    Ok(())
}

/// A folder below `runs` that is gone afterwards.
fn folder(runs: &Path) -> Result<tempfile::TempDir> {
    std::fs::create_dir_all(runs)?;
    Ok(tempfile::Builder::new().prefix("benchmark-").tempdir_in(runs)?)
}

/// The whole recipe only, for a profiler.
pub(crate) async fn only_recipe(size: &Size, rounds: u64, runs: &Path, schemas: bool) -> Result<()> {
    let folder = folder(runs)?;
    let way = if schemas { Way::RecipeWithSchema } else { Way::Recipe };
    for _ in 0..rounds {
        let (per_second, times) = once(way, size, folder.path()).await?;
        eprintln!("{} a second, {times:.0?}", thousands(per_second));
    }
    Ok(())
}

/// One way, once, against a fresh sandbox. What was to be retracted must be retracted.
async fn once(way: Way, size: &Size, folder: &Path) -> Result<(f64, Option<Times>)> {
    let datasets = if way == Way::Pipeline { size.sample } else { size.datasets };
    let sandbox = Sandbox::start(datasets, way == Way::RecipeWithSchema)?;
    let clients = Clients::of(&sandbox.metapod, &sandbox.sonar)?;
    let rate = |took: Duration| datasets as f64 / took.as_secs_f64();
    let (per_second, times) = match way {
        Way::Recipe | Way::RecipeInMemory | Way::RecipeWithSchema => {
            let facts = if way == Way::RecipeWithSchema { Facts::WithSchema } else { Facts::WithoutSchema };
            let journal = if way == Way::RecipeInMemory { JournalIn::Memory } else { JournalIn::Folder };
            let retraction = Retraction::new(&clients, sandbox.transaction, facts, folder);
            let times = retraction.run(datasets, journal).await?;
            (rate(times.whole), Some(times))
        }
        Way::Bare => (rate(bare::run(&sandbox.metapod, &ids(&clients, &sandbox).await?, AT_ONCE).await?), None),
        Way::Pipeline => (rate(tools::pipeline(&sandbox, &ids(&clients, &sandbox).await?, AT_ONCE, folder)?), None),
        Way::Wrk => (tools::wrk(&sandbox, &ids(&clients, &sandbox).await?, AT_ONCE, folder)?, None),
    };
    match clients.sonar.committed_count(sandbox.transaction).await? {
        0 => Ok((per_second, times)),
        left => Err(format!("{way:?} left {left} of {datasets} datasets committed").into()),
    }
}

async fn ids(clients: &Clients, sandbox: &Sandbox) -> Result<Vec<DatasetId>> {
    let datasets = clients.sonar.datasets(sandbox.transaction, &DatasetFilter::committed()).await?;
    Ok(datasets.into_iter().map(|dataset| dataset.id).collect())
}

fn rows(size: &Size, measured: &[Measured], planning: &planning::Planning, peak: f64) -> Vec<Row> {
    let speed = |way: Way| median(&measured[way as usize].per_second);
    let shown = |way: Way| {
        let values = &measured[way as usize].per_second;
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(0.0, f64::max);
        format!("{} ({}–{})", thousands(speed(way)), thousands(least), thousands(most))
    };
    // Round by round, for the machine is not equally fast all the time.
    let ratio = |way: Way, to: Way| {
        let (way, to) = (&measured[way as usize].per_second, &measured[to as usize].per_second);
        median(&way.iter().zip(to).map(|(way, to)| way / to).collect::<Vec<_>>())
    };
    let times = |way: Way, to: Way| {
        let ratio = ratio(way, to);
        let text = if ratio < 10.0 { format!("{ratio:.2} ×") } else { format!("{ratio:.0} ×") };
        Some((text, ratio))
    };
    let row = |what: String, way: Way, ratio, wanted| Row { what, per_second: shown(way), ratio, wanted };
    let (plan, parse) = (median(&seconds(&planning.plan)), median(&seconds(&planning.parse)));
    // The same run without the journal's share takes this part of its time.
    let share = 1.0 - ratio(Way::Recipe, Way::RecipeInMemory);
    let many = thousands(size.many as f64);
    vec![
        row(
            format!("the whole recipe, {} datasets, ten at once", thousands(size.datasets as f64)),
            Way::Recipe,
            None,
            None,
        ),
        row(
            format!("(a) the runbook's pipeline, {} datasets, scaled", thousands(size.sample as f64)),
            Way::Pipeline,
            times(Way::Recipe, Way::Pipeline),
            Some(("≥ 100 ×", Wanted::AtLeast(100.0))),
        ),
        row(
            "(b) a bare loop of reqwest, same headers".into(),
            Way::Bare,
            times(Way::Recipe, Way::Bare),
            Some(("≥ 0.4 ×", Wanted::AtLeast(0.4))),
        ),
        row("(c) wrk, the limit".into(), Way::Wrk, times(Way::Recipe, Way::Wrk), None),
        row(
            "the recipe with its journal in memory: the journal's share".into(),
            Way::RecipeInMemory,
            Some((format!("{:.0} %", share * 100.0), share)),
            Some(("≤ 20 %", Wanted::AtMost(0.2))),
        ),
        row(
            "the recipe that keeps every schema for an undo".into(),
            Way::RecipeWithSchema,
            times(Way::RecipeWithSchema, Way::Recipe),
            None,
        ),
        Row {
            what: format!(
                "planning {many} datasets from a reply of {:.1} MB, against a plain parse ({:.0} ms, {:.0} ms)",
                planning.reply as f64 / 1e6,
                plan * 1e3,
                parse * 1e3
            ),
            per_second: thousands(size.many as f64 / plan),
            ratio: Some((format!("{:.2} ×", plan / parse), plan / parse)),
            wanted: Some(("≤ 3 ×", Wanted::AtMost(3.0))),
        },
        Row {
            what: format!("peak memory of the recipe's process, {many} datasets"),
            per_second: String::new(),
            ratio: Some((format!("{peak:.0} MB"), peak)),
            wanted: Some(("≤ 150 MB", Wanted::AtMost(150.0))),
        },
    ]
}

fn notes(size: &Size, rounds: u64, folder: &Path) -> String {
    format!(
        "Datasets a second: medians of {rounds} rounds in alternating order (smallest–largest); ratios: medians of the \
         rounds' own; each against a fresh sandbox in a process of its own on the same machine. The pipeline retracts {} datasets and is scaled per dataset; \
         wrk retracts all over and over for three seconds. A recipe is measured from planning to its report; its facts are \
         those without schema unless said.\n\nMachine: {}.\n\nVersions: benchmarks {}, {}.\n",
        thousands(size.sample as f64),
        machine::line(folder),
        env!("CARGO_PKG_VERSION"),
        tools::versions().join(", "),
    )
}

/// Where the time of a recipe goes.
fn parts(measured: &[Measured]) -> String {
    let mut text = String::from(
        "| milliseconds of | plan | open | first look | calls | last look | verify | report | whole |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for (name, way) in [
        ("the recipe", Way::Recipe),
        ("… journal in memory", Way::RecipeInMemory),
        ("… with schemas", Way::RecipeWithSchema),
    ] {
        let part = |part: fn(&Times) -> Duration| {
            let values: Vec<Duration> = measured[way as usize].times.iter().map(part).collect();
            format!("{:.0}", median(&seconds(&values)) * 1e3)
        };
        let parts = [
            part(|t| t.plan),
            part(|t| t.open),
            part(|t| t.survey),
            part(|t| t.calls),
            part(|t| t.look),
            part(|t| t.verify),
            part(|t| t.report),
            part(|t| t.whole),
        ];
        text.push_str(&format!("| {name} | {} |\n", parts.join(" | ")));
    }
    text
}
