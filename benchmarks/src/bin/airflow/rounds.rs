//! All that is measured, in one run, in alternating order.

use std::io::Write as _;
use std::path::Path;

use benchmarks::machine;
use benchmarks::table::{Row, Wanted, markdown, median};

use crate::Result;
use crate::servers::{Airflow, Login};
use crate::tools;

/// Who lists. The one with `basic` only on Airflow 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Ours,
    Curl,
    Python,
    PythonBasic,
}

const WAYS: [Way; 4] = [Way::Ours, Way::Curl, Way::Python, Way::PythonBasic];

/// What was measured of one way, one value a round.
#[derive(Default)]
struct Measured {
    wall: Vec<f64>,
    cpu: Vec<f64>,
    peak: Vec<f64>,
}

/// Measures everything and prints the table.
pub(crate) async fn all(addresses: &[(u32, String)], dag: &str, pythons: &Path, rounds: u64) -> Result<()> {
    if addresses.is_empty() {
        return Err(
            "there is no Airflow to measure: give --airflow2 or --airflow3, or run scripts/benchmark-airflow".into()
        );
    }
    let folder = tempfile::tempdir()?;
    let mut rows = Vec::new();
    let mut servers = Vec::new();
    for (major, address) in addresses {
        let airflow = Airflow::find(*major, address, dag, folder.path()).await?;
        let measured = measure(&airflow, pythons, rounds, folder.path())?;
        rows.extend(rows_of(&airflow, &measured));
        servers.push(format!("Airflow {}", airflow.version));
    }
    let majors: Vec<u32> = addresses.iter().map(|(major, _)| *major).collect();
    let versions = [servers, tools::versions(&majors, pythons)].concat();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", markdown(&rows))?;
    writeln!(
        out,
        "Lists a second: medians of {rounds} rounds in alternating order (smallest–largest); ratios: medians of the rounds' \
         own. Each listing is a process of its own; its start, its imports and its login are not measured.\n\nMachine: {}.\n\n\
         Versions: benchmarks {}, {}.",
        machine::line(folder.path()),
        env!("CARGO_PKG_VERSION"),
        versions.join(", ")
    )?;
    Ok(())
}

fn measure(airflow: &Airflow, pythons: &Path, rounds: u64, folder: &Path) -> Result<[Measured; WAYS.len()]> {
    let mut measured: [Measured; WAYS.len()] = Default::default();
    // Round 0 warms the server and is not counted.
    for round in 0..=rounds {
        let mut order = WAYS.to_vec();
        if round % 2 == 1 {
            order.reverse();
        }
        for way in order {
            if way == Way::PythonBasic && airflow.major != 2 {
                continue;
            }
            let took = match way {
                Way::Ours => Some(tools::ours(airflow)?),
                Way::Python => Some(tools::python(airflow, &airflow.login, pythons)?),
                Way::PythonBasic => Some(tools::python(airflow, &Login::basic(), pythons)?),
                Way::Curl => None,
            };
            let wall = match took {
                Some(took) => took.wall,
                None => tools::curl(airflow, folder)?,
            };
            eprintln!("Airflow {}, round {round} of {rounds}, {way:?}: {:.0} ms", airflow.major, wall * 1e3);
            if round > 0 {
                let measured = &mut measured[way as usize];
                measured.wall.push(wall);
                measured.cpu.extend(took.map(|took| took.cpu));
                measured.peak.extend(took.map(|took| took.peak as f64 / 1e6));
            }
        }
    }
    Ok(measured)
}

fn rows_of(airflow: &Airflow, measured: &[Measured]) -> Vec<Row> {
    let of = |way: Way| &measured[way as usize];
    let shown = |way: Way| {
        let rates: Vec<f64> = of(way).wall.iter().map(|wall| 1.0 / wall).collect();
        let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let most = rates.iter().copied().fold(0.0, f64::max);
        format!("{:.2} ({least:.2}–{most:.2})", median(&rates))
    };
    // Round by round, for the machine is not equally fast all the time.
    let ratio = |some: &[f64], others: &[f64]| {
        median(&some.iter().zip(others).map(|(some, other)| some / other).collect::<Vec<_>>())
    };
    let times = |ratio: f64| (format!("{ratio:.2} ×"), ratio);
    let version = &airflow.version;
    let row = |what: String, way: Way, ratio, wanted| Row { what, per_second: shown(way), ratio, wanted };
    let (ours, curl, python) = (of(Way::Ours), of(Way::Curl), of(Way::Python));
    let mut rows = vec![
        row(format!("Airflow {version}: this client, {} task instances", airflow.tasks), Way::Ours, None, None),
        row(
            "… its time, to that of curl's one request".into(),
            Way::Curl,
            Some(times(ratio(&ours.wall, &curl.wall))),
            Some(("≤ 1.1 ×", Wanted::AtMost(1.1))),
        ),
        row(
            format!("… the Python client's pages ({}), to its time", airflow.login.name()),
            Way::Python,
            Some(times(ratio(&python.wall, &ours.wall))),
            Some(("≥ 3 ×", Wanted::AtLeast(3.0))),
        ),
    ];
    if !of(Way::PythonBasic).wall.is_empty() {
        let slower = times(ratio(&of(Way::PythonBasic).wall, &ours.wall));
        let what = "… the Python client's pages (user and password, as its documentation has it), to its time";
        rows.push(row(what.into(), Way::PythonBasic, Some(slower), Some(("≥ 3 ×", Wanted::AtLeast(3.0)))));
    }
    let plain =
        |what: String, ratio, wanted| Row { what, per_second: String::new(), ratio: Some(ratio), wanted: Some(wanted) };
    let share = ratio(&ours.cpu, &python.cpu);
    let (mine, theirs) = (median(&ours.cpu) * 1e3, median(&python.cpu) * 1e3);
    rows.push(plain(
        format!("… processor time of the client ({mine:.1} ms), to the Python client's ({theirs:.1} ms)"),
        (format!("{share:.3} ×"), share),
        ("≤ 0.1 ×", Wanted::AtMost(0.1)),
    ));
    let (mine, theirs) = (median(&ours.peak), median(&python.peak));
    rows.push(plain(
        format!("… peak memory of the process; the Python client's is {theirs:.0} MB"),
        (format!("{mine:.0} MB"), mine),
        ("≤ 30 MB", Wanted::AtMost(30.0)),
    ));
    rows
}
