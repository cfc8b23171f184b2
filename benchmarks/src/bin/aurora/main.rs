//! How fast a scheduler's reply with ten thousand tasks is decoded and grouped: by this client, by an independent Thrift runtime,
//! and, for the parsing alone, by `serde_json` into its own value.
//!
//! Everything runs in one go, in alternating order. What is printed is a Markdown table of ratios; nothing here fails because
//! it is slow.

mod body;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use aurora_client::wire::{Answer, Encoding, Message, ReplyBody, ScheduleStatus};
use benchmarks::machine;
use benchmarks::table::{Row, Wanted, markdown, median, seconds, thousands};
use clap::{Parser, Subcommand};

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// Measures how fast a reply of many tasks is decoded and grouped by job and status.
///
/// Needs the Thrift runtime that `peers/thrift/install.sh` installs; `scripts/benchmark-aurora` does that, and runs this. Use a
/// release build, on a machine that does nothing else.
#[derive(Parser)]
#[command(version, about, long_about)]
struct Arguments {
    /// How many tasks.
    #[arg(long, default_value_t = 10_000)]
    tasks: usize,
    /// How often each is measured; medians are shown.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u64).range(1..=99))]
    rounds: u64,
    /// The interpreter that has thriftpy2.
    #[arg(long, default_value = "target/peers/thrift/bin/python", value_name = "FILE")]
    python: PathBuf,
    #[command(subcommand)]
    part: Option<Part>,
}

/// The process that the benchmark starts of itself, to see its memory.
#[derive(Subcommand)]
enum Part {
    /// Decodes a file once, and prints the peak memory of the process in kB.
    #[command(hide = true)]
    Once { how: String, file: PathBuf },
}

/// How many tasks of each job are in each status.
type Groups = BTreeMap<(String, i32), usize>;

/// Decodes and groups, as `aurora-jobs status` would have it.
fn ours(encoding: Encoding, bytes: &[u8]) -> Result<Groups> {
    let body: ReplyBody = Message::open(encoding, bytes)?.body()?;
    let Some(Answer::ScheduleStatus(result)) = body.success.and_then(|response| response.result) else {
        return Err("no tasks in the reply".into());
    };
    let mut groups = Groups::new();
    for task in result.tasks.unwrap_or_default() {
        let status = task.status.map_or(-1, ScheduleStatus::number);
        let job =
            task.assigned_task.and_then(|assigned| assigned.task).and_then(|config| config.job).unwrap_or_default();
        let text = |part: Option<String>| part.unwrap_or_default();
        let key = format!("{}/{}/{}", text(job.role), text(job.environment), text(job.name));
        *groups.entry((key, status)).or_default() += 1;
    }
    Ok(groups)
}

fn timed<T>(what: impl FnOnce() -> Result<T>) -> Result<Duration> {
    let begun = Instant::now();
    let done = what()?;
    let elapsed = begun.elapsed();
    drop(done);
    Ok(elapsed)
}

/// What the independent runtime takes for the same file, once for each round; decoding and grouping only.
fn theirs(python: &PathBuf, idl: &std::path::Path, file: &std::path::Path, how: &str, rounds: u64) -> Result<Vec<f64>> {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin/aurora/decode.py");
    let output = Command::new(python).arg(program).arg(idl).arg(file).arg(how).arg(rounds.to_string()).output()?;
    if !output.status.success() {
        return Err(format!("{}: {}", python.display(), String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn peak_kb() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

fn memory(how: &str, file: &std::path::Path) -> Result<f64> {
    let output = Command::new(std::env::current_exe()?).arg("once").arg(how).arg(file).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse::<f64>()? / 1024.0)
}

fn once(how: &str, file: &std::path::Path) -> Result<()> {
    let bytes = std::fs::read(file)?;
    match how {
        "json" => drop(ours(Encoding::Json, &bytes)?),
        "binary" => drop(ours(Encoding::Binary, &bytes)?),
        _ => drop(serde_json::from_slice::<serde_json::Value>(&bytes)?),
    }
    println!("{}", peak_kb()?);
    Ok(())
}

fn run(arguments: &Arguments) -> Result<()> {
    if let Some(Part::Once { how, file }) = &arguments.part {
        return once(how, file);
    }
    let folder = tempfile::tempdir()?;
    let idl = folder.path().join("aurora.thrift");
    std::fs::write(&idl, aurora_client::wire::idl())?;
    let [json, binary] = body::of(arguments.tasks);
    let files = [folder.path().join("json"), folder.path().join("binary")];
    std::fs::write(&files[0], &json)?;
    std::fs::write(&files[1], &binary)?;
    if ours(Encoding::Json, &json)? != ours(Encoding::Binary, &binary)? {
        return Err("the two encodings do not say the same".into());
    }
    let (mut by_json, mut by_binary, mut by_value) = (Vec::new(), Vec::new(), Vec::new());
    let (mut their_json, mut their_binary) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        by_json.push(timed(|| ours(Encoding::Json, &json))?);
        by_value.push(timed(|| Ok(serde_json::from_slice::<serde_json::Value>(&json)?))?);
        by_binary.push(timed(|| ours(Encoding::Binary, &binary))?);
        their_json.extend(theirs(&arguments.python, &idl, &files[0], "json", 1)?);
        their_binary.extend(theirs(&arguments.python, &idl, &files[1], "binary", 1)?);
    }
    let [by_json, by_binary, by_value] = [by_json, by_binary, by_value].map(|all| median(&seconds(&all)));
    let [their_json, their_binary] = [their_json, their_binary].map(|all| median(&all));
    let (ours_mb, value_mb) = (memory("json", &files[0])?, memory("value", &files[0])?);
    let binary_mb = memory("binary", &files[1])?;
    let per_second = |seconds: f64| thousands(1.0 / seconds * arguments.tasks as f64);
    let size = |bytes: &[u8]| format!("{:.1} MB", bytes.len() as f64 / 1e6);
    let times = |value: f64| Some((format!("{value:.2} ×"), value));
    let row = |what: String, per_second: String, ratio, wanted| Row { what, per_second, ratio, wanted };
    let rows = [
        row(format!("JSON ({}): this client, tasks", size(&json)), per_second(by_json), None, None),
        row(
            "… its time, to that of serde_json into a Value".into(),
            per_second(by_value),
            times(by_json / by_value),
            Some(("≤ 1.5 ×", Wanted::AtMost(1.5))),
        ),
        row(
            "… the independent runtime's time, to its".into(),
            per_second(their_json),
            times(their_json / by_json),
            Some(("≥ 20 ×", Wanted::AtLeast(20.0))),
        ),
        row(format!("binary ({}): this client, tasks", size(&binary)), per_second(by_binary), None, None),
        row(
            "… the independent runtime's time, to its".into(),
            per_second(their_binary),
            times(their_binary / by_binary),
            Some(("≥ 20 ×", Wanted::AtLeast(20.0))),
        ),
        row(
            format!(
                "peak memory of a process: {ours_mb:.0} MB (JSON), {binary_mb:.0} MB (binary), {value_mb:.0} MB (Value)"
            ),
            String::new(),
            times(ours_mb / value_mb),
            None,
        ),
    ];
    println!("{}", markdown(&rows));
    println!("{} tasks; medians of {} rounds in alternating order.\n", arguments.tasks, arguments.rounds);
    println!("Machine: {}.", machine::line(folder.path()));
    Ok(())
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
