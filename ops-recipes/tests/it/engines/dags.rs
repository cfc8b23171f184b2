//! A night on real Airflows.

use airflow_client::{RunState, TaskState};
use ops_plan::Outcome;

use super::cases::over;
use super::end;
use crate::airflow::real::{Peer, peer, unblock};

const BEHIND: [&str; 4] = ["databricks_load-models", "downscale-rest", "itaipu-rest", "scale-ec2-rest"];

/// What a run of the runbook's story looks like in the end, without its name.
async fn story(peer: &Peer, distributed: bool) -> Option<(String, Vec<(TaskState, usize)>)> {
    let run = peer.run("dagao", if distributed { "engine" } else { "machine" }, &["fx-model"], &[]).await;
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    peer.forget(&run).await;
    let plan = peer.plan(&unblock(&run, "fx-model")).await;
    let over = over(distributed, "test", peer.registry()).await?;
    let report = over.run(plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!((report.changed, report.already), (1, 1), "the server clears by itself: {}", report.text());
    assert_eq!(over.owed().await.len(), 1);
    assert_eq!(peer.ends(&run).await, RunState::Success);
    let mut tasks = Vec::new();
    for id in BEHIND {
        tasks.push((peer.state(&run, id).await, peer.attempts(&run, id).await));
    }
    let numbers = end(&report).lines().take(2).map(str::to_owned).collect::<Vec<_>>().join(", ");
    Some((numbers, tasks))
}

async fn both(peer: Peer) {
    let (machine, restate) = futures_util::join!(story(&peer, false), story(&peer, true));
    if let Some(restate) = restate {
        assert_eq!(machine.unwrap(), restate);
        assert!(restate.1.iter().all(|task| *task == (TaskState::Success, 1)), "{restate:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_unblock_a_real_airflow_2() {
    if let Some(peer) = peer(2) {
        both(peer).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_unblock_a_real_airflow_3() {
    if let Some(peer) = peer(3) {
        both(peer).await;
    }
}
