//! Who reads, each in a process of its own, looked at from outside.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redshift_ops::loader::{HangDetector, Scanner, Verdict};

use crate::Result;

/// The lines that matter.
const PATTERN: &str = ":log :(progress-reporter|execute-statement|killing-schema-query)[ ,}]";
/// So often is looked at a process's memory. The kernel keeps the peak; what comes after the last look is not seen.
const LOOK: Duration = Duration::from_millis(1);
/// The kernel counts processor time in hundredths of a second.
const TICKS: f64 = 100.0;

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Scanner,
    Ripgrep,
    RipgrepPieces,
}

pub(crate) const WAYS: [Way; 3] = [Way::Scanner, Way::Ripgrep, Way::RipgrepPieces];

/// What a reading took: of the whole process, from its start to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    pub(crate) seconds: f64,
    /// Seconds on a processor.
    pub(crate) processor: f64,
    /// The most memory, in bytes.
    pub(crate) peak: u64,
    /// How many lines matter, as it counted them.
    pub(crate) marks: u64,
}

/// What they read, and by whom.
pub(crate) struct Tools {
    pub(crate) ripgrep: PathBuf,
    pub(crate) log: PathBuf,
}

impl Tools {
    pub(crate) fn read(&self, way: Way) -> Result<Took> {
        let mut command = match way {
            Way::Scanner => Command::new(std::env::current_exe()?),
            Way::Ripgrep | Way::RipgrepPieces => Command::new(&self.ripgrep),
        };
        match way {
            Way::Scanner => command.arg("read"),
            Way::Ripgrep => command.args(["--no-config", "-c", PATTERN]),
            Way::RipgrepPieces => command.args(["--no-config", "--no-mmap", "-c", PATTERN]),
        };
        measured(command.arg(&self.log)).map_err(|error| format!("{way:?}: {error}").into())
    }

    /// What ripgrep says of itself.
    pub(crate) fn version(&self) -> Result<String> {
        let output = Command::new(&self.ripgrep).arg("--version").output();
        let output = output.map_err(|error| format!("{} does not start: {error}", self.ripgrep.display()))?;
        Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
    }
}

/// The reading of ours: tells how many lines matter.
pub(crate) fn read(log: &Path) -> Result<()> {
    let mut detector = HangDetector::new();
    let report = Scanner::new().scan(File::open(log)?, |event| detector.see(&event))?;
    if detector.verdict() != Verdict::Hung {
        return Err(format!("the loader hangs, and this was seen: {}", detector.seen(&report)).into());
    }
    Ok(writeln!(std::io::stdout(), "{}", report.events)?)
}

fn measured(command: &mut Command) -> Result<Took> {
    let before = processor()?;
    let begun = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let ended = AtomicBool::new(false);
    let (output, seconds, peak) = std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let mut most = 0;
            while !ended.load(Ordering::Relaxed) {
                most = most.max(peak(&status).unwrap_or(0));
                std::thread::sleep(LOOK);
            }
            most
        });
        let output = child.wait_with_output();
        let seconds = begun.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        (output, seconds, looking.join().unwrap_or(0))
    });
    let output = output?;
    if !output.status.success() {
        return Err(format!("it ended with {}", output.status).into());
    }
    let marks = String::from_utf8_lossy(&output.stdout).trim().parse()?;
    Ok(Took { seconds, processor: processor()? - before, peak, marks })
}

/// The most memory that a process had so far, in bytes.
fn peak(status: &str) -> Option<u64> {
    let status = std::fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// The seconds that all processes that were waited for were on a processor.
fn processor() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The program's name, in brackets, may have blanks. Its children's times stand as 14th and 15th word behind it.
    let words = stat.rsplit_once(')').map_or("", |(_, words)| words).split_whitespace();
    let times: Vec<f64> = words.skip(13).take(2).filter_map(|word| word.parse().ok()).collect();
    match times.as_slice() {
        [user, system] => Ok((user + system) / TICKS),
        _ => Err("/proc/self/stat says nothing of processor time".into()),
    }
}
