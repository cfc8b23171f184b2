//! All that is measured, in one run, in alternating order.

use std::io::Write as _;
use std::path::Path;

use benchmarks::machine;
use benchmarks::table::{Row, Wanted, markdown, median, thousands};

use crate::Result;
use crate::reading::Took;
use crate::tools::{Files, WAYS, Way};

/// What was measured of one way, one value a round.
type Measured = Vec<Took>;

/// Measures everything and prints the table.
pub(crate) fn all(tasks: u32, python: &Path, rounds: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let files = Files::write(folder.path(), tasks, python)?;
    let measured = measure(&files, tasks, rounds)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", markdown(&rows(tasks, files.sizes, &measured)))?;
    writeln!(
        out,
        "Tasks a second, from the reply's bytes to groups: medians of {rounds} rounds in alternating order \
         (smallest–largest); ratios: medians of the rounds' own. Each reading is a process of its own; its start, its imports \
         and what it takes to give memory back are not measured. Peaks are of whole processes, the body with them.\n\n\
         Machine: {}.\n\nVersions: benchmarks {}, {}.",
        machine::line(folder.path()),
        env!("CARGO_PKG_VERSION"),
        files.version()?
    )?;
    Ok(())
}

fn measure(files: &Files, tasks: u32, rounds: u64) -> Result<[Measured; WAYS.len()]> {
    let mut measured: [Measured; WAYS.len()] = Default::default();
    let mut found = None;
    // Round 0 brings the files into memory and is not counted.
    for round in 0..=rounds {
        let mut order = WAYS.to_vec();
        if round % 2 == 1 {
            order.reverse();
        }
        for way in order {
            let took = files.read(way)?;
            eprintln!("round {round} of {rounds}, {way:?}: {:.0} ms", took.grouped * 1e3);
            let before = found.get_or_insert_with(|| took.found.clone());
            if *before != took.found || took.found.statuses.values().sum::<usize>() != tasks as usize {
                return Err(format!("{way:?} did not find the same tasks: {:?}", took.found).into());
            }
            if round > 0 {
                measured[way as usize].push(took);
            }
        }
    }
    Ok(measured)
}

fn rows(tasks: u32, [json_size, binary_size]: [f64; 2], measured: &[Measured]) -> Vec<Row> {
    let of = |way: Way, what: fn(&Took) -> f64| measured[way as usize].iter().map(what).collect::<Vec<f64>>();
    let decoded = |way| of(way, |took| took.decoded);
    let grouped = |way| of(way, |took| took.grouped);
    let peak = |way| of(way, |took| took.peak as f64 / 1e6);
    let shown = |way| {
        let rates: Vec<f64> = grouped(way).iter().map(|seconds| f64::from(tasks) / seconds).collect();
        let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let most = rates.iter().copied().fold(0.0, f64::max);
        format!("{} ({}–{})", thousands(median(&rates)), thousands(least), thousands(most))
    };
    // Round by round, for the machine is not equally fast all the time.
    let ratio = |some: Vec<f64>, others: Vec<f64>| {
        let ratio = median(&some.iter().zip(&others).map(|(some, other)| some / other).collect::<Vec<_>>());
        (format!("{ratio:.2} ×"), ratio)
    };
    let row = |what: String, way, ratio, wanted| Row { what, per_second: shown(way), ratio, wanted };
    let plain = |what: String, ratio, wanted| Row { what, per_second: String::new(), ratio: Some(ratio), wanted };
    let [json, binary, tree] = [Way::Json, Way::Binary, Way::Tree].map(|way| median(&decoded(way)) * 1e3);
    let (near, twenty) = (Some(("≤ 1.5 ×", Wanted::AtMost(1.5))), Some(("≥ 20 ×", Wanted::AtLeast(20.0))));
    let mut rows = vec![
        row(format!("this client, {tasks} tasks in Thrift's JSON, {json_size:.1} MB"), Way::Json, None, None),
        plain(
            format!("… its decoding ({json:.1} ms), to that of `serde_json::Value` ({tree:.1} ms)"),
            ratio(decoded(Way::Json), decoded(Way::Tree)),
            near,
        ),
        row(
            "… `serde_json::Value`, grouped: this client's time, to its".into(),
            Way::Tree,
            Some(ratio(grouped(Way::Json), grouped(Way::Tree))),
            near,
        ),
        row(
            "… thriftpy2, its time to this client's".into(),
            Way::PeerJson,
            Some(ratio(grouped(Way::PeerJson), grouped(Way::Json))),
            twenty,
        ),
        row(format!("this client, the same in binary, {binary_size:.1} MB"), Way::Binary, None, None),
        plain(
            format!("… its decoding ({binary:.1} ms), to that of Thrift's JSON"),
            ratio(decoded(Way::Binary), decoded(Way::Json)),
            None,
        ),
        row(
            "… thriftpy2 as it comes, its reader compiled: its time to this client's".into(),
            Way::PeerBinary,
            Some(ratio(grouped(Way::PeerBinary), grouped(Way::Binary))),
            twenty,
        ),
        row(
            "… thriftpy2 with its reader in Python".into(),
            Way::PeerPlain,
            Some(ratio(grouped(Way::PeerPlain), grouped(Way::Binary))),
            twenty,
        ),
    ];
    for (what, ours, others) in [
        ("Thrift's JSON", Way::Json, &[("`serde_json::Value`", Way::Tree), ("thriftpy2", Way::PeerJson)][..]),
        ("binary", Way::Binary, &[("thriftpy2", Way::PeerBinary)][..]),
    ] {
        let mine = median(&peak(ours));
        let others: Vec<String> =
            others.iter().map(|(name, way)| format!("{name} {:.0} MB", median(&peak(*way)))).collect();
        rows.push(plain(
            format!("peak memory of the process, {what}; {}", others.join(", ")),
            (format!("{mine:.0} MB"), mine),
            None,
        ));
    }
    rows
}
