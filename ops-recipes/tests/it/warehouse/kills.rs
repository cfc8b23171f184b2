//! A process is killed (SIGKILL) at every record of its journal while it reboots a cluster of the stand-in for AWS, and the run is
//! taken up again: it reboots exactly once.

use std::path::PathBuf;

use jiff::Timestamp;
use ops_plan::{Outcome, RunState, Runner, Runs};
use serde::{Deserialize, Serialize};

use super::CLUSTER;
use super::reboot::Cluster;
use crate::death::{Records, Said, errand, killed, say};
use crate::desk::approved;

const REGION: &str = "us-west-2";
/// There are fewer records.
const MOST: usize = 40;

/// What a child does: it reboots, and stands still when the record of this number is about to be written.
#[derive(Serialize, Deserialize)]
struct Errand {
    folder: PathBuf,
    record: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_record() {
    let Some(cluster) = Cluster::there_is(REGION).await else { return };
    cluster.play().await;
    let folder = tempfile::tempdir().unwrap();
    for record in 1..MOST {
        let errand = Errand { folder: folder.path().join(record.to_string()), record };
        // Events are told in whole seconds.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        let from = Timestamp::now();
        let said = tokio::task::block_in_place(|| killed(&errand, "warehouse::kills::child"));
        if said == Said::Halted {
            taken_up(&cluster, &errand).await;
        }
        cluster.available().await;
        assert_eq!(cluster.restarts_since(from).await, 1, "killed at {record}");
        if said != Said::Halted {
            assert_eq!(said, Said::Ended(Outcome::Done));
            assert!(record > 6, "every record is met");
            return;
        }
    }
    panic!("it never ends by itself");
}

/// Takes up what a dead process left.
async fn taken_up(cluster: &Cluster, errand: &Errand) {
    let (registry, record) = (cluster.registry(), errand.record);
    let runner = Runner::new(Runs::at(&errand.folder), "bo");
    let mut all = runner.runs().list().unwrap();
    assert_eq!(all.len(), 1);
    let left = all.remove(0).unwrap();
    let report = match left.state {
        RunState::Planned => runner.run(&registry, &left.dir, approved(left.dir.plan(&registry).unwrap())).await,
        RunState::Interrupted => runner.resume(&registry, &left.dir, false).await,
        state => panic!("killed at {record}, and it left a run that is {state}"),
    };
    let report = report.unwrap_or_else(|error| panic!("killed at {record}: {error}"));
    assert_eq!(report.outcome, Outcome::Done, "killed at {record}: {}", report.text());
}

#[test]
fn child() {
    let Some(Errand { folder, record }) = errand() else { return };
    // One thread: where it stands still, all of it does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(async {
        let cluster = Cluster::there_is(REGION).await.unwrap();
        let plan = cluster.plan(CLUSTER).await;
        let runner = Runner::new(Runs::at(folder), "ana").watched_by(Records::new(record));
        runner.start(&cluster.registry(), approved(plan)).await.unwrap()
    });
    say(&Said::Ended(report.outcome));
}
