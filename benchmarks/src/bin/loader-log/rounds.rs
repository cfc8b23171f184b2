//! All that is measured, in one run, in alternating order.

use std::io::Write as _;
use std::path::Path;

use benchmarks::machine;
use benchmarks::table::{Row, Wanted, markdown, median, thousands};
use redshift_ops::loader::Verdict;

use crate::Result;
use crate::log::{self, HUNG, Made};
use crate::tools::{Took, Tools, WAYS, Way};

/// What was measured of one way, one value a round.
type Measured = Vec<Took>;

/// Makes the log, measures everything and prints the table.
pub(crate) fn all(bytes: u64, rg: &Path, rounds: u64, folder: Option<&Path>) -> Result<()> {
    let folder = folder.map_or_else(tempfile::tempdir, tempfile::tempdir_in)?;
    let tools = Tools { rg: rg.to_owned(), log: folder.path().join("capivara.log") };
    // Asked first: nobody should wait for a log that cannot be read.
    let version = tools.version()?;
    let made = log::write(&tools.log, bytes)?;
    let measured = measure(&tools, made, rounds)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", markdown(&rows(made, &measured)))?;
    writeln!(
        out,
        "GB a second, from the start of a process to its end: medians of {rounds} rounds in alternating order \
         (smallest–largest); ratios: medians of the rounds' own. The log is in the kernel's memory. All count the same \
         {} lines of {}; the scanner also reads them, and finds the load that hangs.\n\n\
         Machine: {}.\n\nVersions: benchmarks {}, {version}.",
        thousands(made.marked as f64),
        thousands(made.lines as f64),
        machine::line(folder.path()),
        env!("CARGO_PKG_VERSION"),
    )?;
    Ok(())
}

fn measure(tools: &Tools, made: Made, rounds: u64) -> Result<[Measured; WAYS.len()]> {
    let mut measured: [Measured; WAYS.len()] = Default::default();
    // Round 0 brings the log into memory and is not counted.
    for round in 0..=rounds {
        let mut order = WAYS.to_vec();
        if round % 2 == 1 {
            order.reverse();
        }
        for way in order {
            let took = tools.read(way)?;
            eprintln!("round {round} of {rounds}, {way:?}: {:.0} ms", took.seconds * 1e3);
            if took.marked != made.marked {
                return Err(format!("{way:?} counted {} lines, not {}", took.marked, made.marked).into());
            }
            if let Some(found) = &took.ours {
                let hung = found.verdict == Verdict::Hung && found.transaction.as_deref() == Some(HUNG);
                if !hung || found.lines != made.lines {
                    return Err(format!("the scanner does not find what is there: {found:?}").into());
                }
            }
            if round > 0 {
                measured[way as usize].push(took);
            }
        }
    }
    Ok(measured)
}

fn rows(made: Made, measured: &[Measured]) -> Vec<Row> {
    let gigabytes = made.bytes as f64 / 1e9;
    let seconds = |way: Way| measured[way as usize].iter().map(|took| took.seconds).collect::<Vec<f64>>();
    let shown = |way| {
        let rates: Vec<f64> = seconds(way).iter().map(|seconds| gigabytes / seconds).collect();
        let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let most = rates.iter().copied().fold(0.0, f64::max);
        format!("{:.2} GB ({least:.2}–{most:.2})", median(&rates))
    };
    let named = |who: &str, way| format!("{who}: {:.0} ms", median(&seconds(way)) * 1e3);
    // Round by round, for the machine is not equally fast all the time.
    let speed = |way| {
        let pairs = seconds(way).into_iter().zip(seconds(Way::Ours));
        let ratio = median(&pairs.map(|(other, ours)| other / ours).collect::<Vec<_>>());
        Some((format!("{ratio:.2} ×"), ratio))
    };
    let of = |what: fn(&crate::scanning::Found) -> f64| {
        median(&measured[Way::Ours as usize].iter().filter_map(|took| took.ours.as_ref().map(what)).collect::<Vec<_>>())
    };
    let (peak, cpu) = (of(|found| found.peak as f64 / 1e6), of(|found| found.cpu));
    let third = Some(("≥ 0.33 ×", Wanted::AtLeast(1.0 / 3.0)));
    vec![
        Row {
            what: named(&format!("this scanner, {gigabytes:.2} GB"), Way::Ours),
            per_second: shown(Way::Ours),
            ratio: None,
            wanted: None,
        },
        Row {
            what: named("… its speed, to that of `rg --count --mmap`", Way::Rg),
            per_second: shown(Way::Rg),
            ratio: speed(Way::Rg),
            wanted: third,
        },
        Row {
            what: named("… to that of `rg --count --no-mmap`", Way::RgRead),
            per_second: shown(Way::RgRead),
            ratio: speed(Way::RgRead),
            wanted: third,
        },
        Row {
            what: "… its time on a processor".into(),
            per_second: String::new(),
            ratio: Some((format!("{:.0} ms", cpu * 1e3), cpu)),
            wanted: None,
        },
        Row {
            what: "peak memory of the scanner's process".into(),
            per_second: String::new(),
            ratio: Some((format!("{peak:.1} MB"), peak)),
            wanted: Some(("≤ 20 MB", Wanted::AtMost(20.0))),
        },
    ]
}
