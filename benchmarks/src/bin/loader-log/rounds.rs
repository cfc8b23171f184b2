//! All that is measured, in one run, in alternating order.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use benchmarks::machine;
use benchmarks::table::{Row, Wanted, markdown, median, thousands};

use crate::tools::{Took, Tools, WAYS, Way};
use crate::{Result, log};

/// What was measured of one way, one value a round.
type Measured = Vec<Took>;

/// Measures everything and prints the table.
pub(crate) fn all(size: u64, ripgrep: &Path, rounds: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let tools = Tools { ripgrep: ripgrep.to_owned(), log: folder.path().join("capivara.log") };
    let version = tools.version()?;
    let marks = log::write(BufWriter::with_capacity(1 << 20, File::create(&tools.log)?), size)?;
    let bytes = std::fs::metadata(&tools.log)?.len();
    let measured = measure(&tools, marks, rounds)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", markdown(&rows(bytes, &measured)))?;
    writeln!(
        out,
        "GB a second of a log of {:.2} GB, which is in the file system's cache: medians of {rounds} rounds in alternating order \
         (smallest–largest); ratios: medians of the rounds' own, against ripgrep's faster way of the round. Each reading is a \
         process of its own, measured from its start to its end. All counted {} lines that matter.\n\n\
         Machine: {}.\n\nVersions: benchmarks {}, {version}.",
        bytes as f64 / 1e9,
        thousands(marks as f64),
        machine::line(folder.path()),
        env!("CARGO_PKG_VERSION"),
    )?;
    Ok(())
}

fn measure(tools: &Tools, marks: u64, rounds: u64) -> Result<[Measured; WAYS.len()]> {
    let mut measured: [Measured; WAYS.len()] = Default::default();
    // Round 0 brings the file into memory and is not counted.
    for round in 0..=rounds {
        let mut order = WAYS.to_vec();
        if round % 2 == 1 {
            order.reverse();
        }
        for way in order {
            let took = tools.read(way)?;
            eprintln!("round {round} of {rounds}, {way:?}: {:.0} ms", took.seconds * 1e3);
            if took.marks != marks {
                return Err(format!("{way:?} counted {} lines, and there are {marks}", took.marks).into());
            }
            if round > 0 {
                measured[way as usize].push(took);
            }
        }
    }
    Ok(measured)
}

fn rows(bytes: u64, measured: &[Measured]) -> Vec<Row> {
    let of = |way: Way, what: fn(&Took) -> f64| measured[way as usize].iter().map(what).collect::<Vec<f64>>();
    let seconds = |way| of(way, |took| took.seconds);
    let shown = |way| {
        let rates: Vec<f64> = seconds(way).iter().map(|seconds| bytes as f64 / 1e9 / seconds).collect();
        let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let most = rates.iter().copied().fold(0.0, f64::max);
        format!("{:.2} GB ({least:.2}–{most:.2})", median(&rates))
    };
    let reads = |what: &str, way, ratio, wanted| Row {
        what: format!(
            "{what}: {:.0} ms, of which {:.0} ms on a processor",
            median(&seconds(way)) * 1e3,
            median(&of(way, |took| took.processor)) * 1e3
        ),
        per_second: shown(way),
        ratio,
        wanted,
    };
    let [mapped, pieces] = [Way::Ripgrep, Way::RipgrepPieces].map(seconds);
    // Round by round, for the machine is not equally fast all the time.
    let ratios: Vec<f64> = (seconds(Way::Scanner).iter().zip(mapped.iter().zip(&pieces)))
        .map(|(ours, (mapped, pieces))| mapped.min(*pieces) / ours)
        .collect();
    let ratio = median(&ratios);
    let peak = |way| median(&of(way, |took| took.peak as f64 / 1e6));
    vec![
        reads(
            "this scanner, with what it says of a hang; its speed, to ripgrep's",
            Way::Scanner,
            Some((format!("{ratio:.2} ×"), ratio)),
            Some(("≥ 0.33 ×", Wanted::AtLeast(1.0 / 3.0))),
        ),
        reads("`rg -c`, the file mapped into memory", Way::Ripgrep, None, None),
        reads("`rg -c --no-mmap`", Way::RipgrepPieces, None, None),
        Row {
            what: format!(
                "peak memory of the process; ripgrep's {:.0} MB, without mapping {:.0} MB",
                peak(Way::Ripgrep),
                peak(Way::RipgrepPieces)
            ),
            per_second: String::new(),
            ratio: Some((format!("{:.1} MB", peak(Way::Scanner)), peak(Way::Scanner))),
            wanted: Some(("≤ 20 MB", Wanted::AtMost(20.0))),
        },
    ]
}
