//! A child of this test program that is killed (SIGKILL) when a record of its journal is about to be written.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ops_plan::{Event, Outcome, Progress, Watcher};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const ERRAND: &str = "KILL_ERRAND";
const MARK: &str = "kill: ";

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Said {
    Halted,
    Ended(Outcome),
}

/// The test program again, with this errand for the test of this name, killed where it stands still.
pub(crate) fn killed(errand: &impl Serialize, test: &str) -> Said {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(ERRAND, serde_json::to_string(errand).unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = heard(child.stdout.take().unwrap());
    end(child);
    said.unwrap_or_else(|| panic!("a child of {test} ended without a word"))
}

/// What the child is to do. Without an errand there is nothing: then this is one of the test program's many tests.
pub(crate) fn errand<E: DeserializeOwned>() -> Option<E> {
    let errand = std::env::var_os(ERRAND)?;
    // A child that hangs must not hang the test.
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(300));
        std::process::abort();
    });
    Some(serde_json::from_str(errand.to_str().unwrap()).unwrap())
}

fn heard(from: ChildStdout) -> Option<Said> {
    let mut lines = BufReader::new(from).lines().map_while(Result::ok);
    lines.find_map(|line| serde_json::from_str(line.strip_prefix(MARK)?).ok())
}

/// SIGKILL.
fn end(mut child: Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// Stands still when the record of this number is about to be written.
pub(crate) struct Records {
    at: usize,
    seen: AtomicUsize,
}

impl Records {
    pub(crate) fn new(at: usize) -> Arc<Self> {
        Arc::new(Self { at, seen: AtomicUsize::new(0) })
    }
}

impl Watcher for Records {
    fn saw(&self, _: &Event, _: &Progress) {
        if self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.at {
            say(&Said::Halted);
            // Until it is killed, or the test is gone.
            let _ = std::io::stdin().read_line(&mut String::new());
            std::process::abort();
        }
    }
}

pub(crate) fn say(what: &Said) {
    // The test harness may have begun a line.
    let mut out = std::io::stdout();
    writeln!(out, "\n{MARK}{}", serde_json::to_string(what).unwrap()).unwrap();
    out.flush().unwrap();
}
