//! A process is killed (SIGKILL) at every record of its journal while it unblocks a run of a real Airflow 3, and the run is
//! taken up again. Every task runs exactly once more: its own log is counted, since a try's number can rise by two.

use std::path::PathBuf;

use airflow_client::{RunKey, RunState, TaskState};
use futures_util::future::join_all;
use ops_plan::{Outcome, RunState as Stage, Runner, Runs};
use serde::{Deserialize, Serialize};

use super::approved;
use super::real::{Peer, peer, unblock};
use crate::death::{Records, Said, errand, killed, say};

/// So many runs are unblocked side by side: one more than there are records.
const RUNS: usize = 14;

/// What a child does: it unblocks the run, and stands still when the record of this number is about to be written.
#[derive(Serialize, Deserialize)]
struct Errand {
    run: RunKey,
    folder: PathBuf,
    record: usize,
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
            let children: Vec<_> =
                errands.iter().map(|errand| scope.spawn(|| killed(errand, "airflow::kills::child"))).collect();
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

#[test]
fn child() {
    let Some(Errand { run, folder, record }) = errand() else { return };
    // One thread: where it stands still, all of it does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(async {
        let peer = peer(3).unwrap();
        let plan = peer.plan(&unblock(&run, "model-x")).await;
        let runner = Runner::new(Runs::at(folder), "ana").watched_by(Records::new(record));
        runner.start(&peer.registry(), approved(plan)).await.unwrap()
    });
    say(&Said::Ended(report.outcome));
}
