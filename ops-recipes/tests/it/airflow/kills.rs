//! A process is killed (SIGKILL) at every record of its journal while it unblocks a run of a real Airflow 3, and the run is
//! taken up again. Every task runs exactly once more: its own log is counted, since a try's number can rise by two.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use airflow_client::{RunKey, RunState, TaskState};
use futures_util::future::join_all;
use ops_plan::{Event, Outcome, Progress, RunState as Stage, Runner, Runs, Watcher};
use serde::{Deserialize, Serialize};

use super::approved;
use super::real::{Peer, peer, unblock};

const ERRAND: &str = "AIRFLOW_KILL_ERRAND";
const MARK: &str = "kill: ";
/// So many runs are unblocked side by side: one more than there are records.
const RUNS: usize = 14;

/// What a child does: it unblocks the run, and stands still when the record of this number is about to be written.
#[derive(Serialize, Deserialize)]
struct Errand {
    run: RunKey,
    folder: PathBuf,
    record: usize,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Said {
    Halted,
    Ended(Outcome),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_record() {
    let Some(peer) = peer(3) else { return };
    let folder = tempfile::tempdir().unwrap();
    let nights = join_all((1..=RUNS).map(|record| failed_night(&peer, record))).await;
    let errands: Vec<Errand> = (1..)
        .zip(nights)
        .map(|(record, run)| Errand { run, folder: folder.path().join(record.to_string()), record })
        .collect();
    let said = tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let children: Vec<_> = errands.iter().map(|errand| scope.spawn(|| killed(errand))).collect();
            children.into_iter().map(|child| child.join().unwrap()).collect::<Vec<_>>()
        })
    });
    let kills = said.iter().take_while(|said| **said == Said::Halted).count();
    assert!(kills > 6 && kills < RUNS, "every record is met, and one run is left alone: {said:?}");
    assert!(said[kills..].iter().all(|said| *said == Said::Ended(Outcome::Done)), "{said:?}");
    join_all(errands.iter().zip(&said).map(|(errand, said)| taken_up(&peer, errand, said))).await;
}

async fn failed_night(peer: &Peer, record: usize) -> RunKey {
    let run = peer.run("short", &format!("killed-{record}"), &["model-x"], &[]).await;
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    peer.forget(&run).await;
    run
}

/// Takes up what a dead process left, and looks at what became of it.
async fn taken_up(peer: &Peer, errand: &Errand, said: &Said) {
    let Errand { run, folder, record } = errand;
    let (runs, registry) = (Runs::at(folder), peer.registry());
    if *said == Said::Halted {
        let runner = Runner::new(runs, "bo");
        let mut all = runner.runs().list().unwrap();
        assert_eq!(all.len(), 1);
        let left = all.remove(0).unwrap();
        let report = match left.state {
            Stage::Planned => runner.run(&registry, &left.dir, approved(left.dir.plan(&registry).unwrap())).await,
            Stage::Interrupted => runner.resume(&registry, &left.dir, false).await,
            state => panic!("killed at {record}, and it left a run that is {state}"),
        };
        let report = report.unwrap_or_else(|error| panic!("killed at {record}: {error}"));
        assert_eq!(report.outcome, Outcome::Done, "killed at {record}: {}", report.text());
    }
    assert_eq!(peer.ends(run).await, RunState::Success, "killed at {record}");
    for (id, begun) in
        [("dataset-x", 1), ("model-x", 1), ("model-y", 1), ("downscale-x", 1), ("load", 1), ("report", 1)]
    {
        let found = (peer.state(run, id).await, peer.attempts(run, id).await);
        assert_eq!(found, (TaskState::Success, begun), "killed at {record}: {id}");
    }
}

/// A child with this errand, killed where it stands still.
fn killed(errand: &Errand) -> Said {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "airflow::kills::child", "--nocapture"])
        .env(ERRAND, serde_json::to_string(errand).unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = heard(child.stdout.take().unwrap());
    end(child);
    said.unwrap_or_else(|| panic!("the child of record {} ended without a word", errand.record))
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

/// The child's side. Without an errand there is nothing to do: then this is one of the test program's many tests.
#[test]
fn child() {
    let Some(errand) = std::env::var_os(ERRAND) else { return };
    // A child that hangs must not hang the test.
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(300));
        std::process::abort();
    });
    let Errand { run, folder, record } = serde_json::from_str(errand.to_str().unwrap()).unwrap();
    // One thread: where it stands still, all of it does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(async {
        let peer = peer(3).unwrap();
        let plan = peer.plan(&unblock(&run, "model-x")).await;
        let records = Arc::new(Records { at: record, seen: AtomicUsize::new(0) });
        let runner = Runner::new(Runs::at(folder), "ana").watched_by(records);
        runner.start(&peer.registry(), approved(plan)).await.unwrap()
    });
    say(&Said::Ended(report.outcome));
}

struct Records {
    at: usize,
    seen: AtomicUsize,
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

fn say(what: &Said) {
    // The test harness may have begun a line.
    let mut out = std::io::stdout();
    writeln!(out, "\n{MARK}{}", serde_json::to_string(what).unwrap()).unwrap();
    out.flush().unwrap();
}
