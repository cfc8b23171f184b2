//! What cases share: the scenario's clusters, what happened to one, and waiting.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ops_client::conformance::{Outcome, told};

use crate::conformance::cluster::{Play, Scene};
use crate::conformance::support::Steps;
use crate::{Cluster, ClusterEvent, ClusterId};

const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// No account has this cluster.
pub(super) fn unknown_id() -> ClusterId {
    ClusterId::new("no-such-cluster")
}

/// A cluster that works, and nothing is done to it.
pub(super) fn plain(scene: Scene<'_>) -> Outcome<&Play> {
    play(scene, "that is plain", Play::is_plain)
}

/// A cluster that is paused.
pub(super) fn paused(scene: Scene<'_>) -> Outcome<&Play> {
    play(scene, "that is paused", Play::is_paused)
}

fn play<'a>(scene: Scene<'a>, what: &str, wanted: fn(&Play) -> bool) -> Outcome<&'a Play> {
    let found = scene.scenario.plays.iter().find(|play| wanted(play));
    found.ok_or_else(|| format!("the scenario has no cluster {what}"))
}

/// An hour before now: before anything that a case does, and not long ago.
pub(super) fn lately(scene: Scene<'_>) -> Timestamp {
    let hour = SignedDuration::from_hours(1);
    scene.stage.now().saturating_sub(hour).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The restarts that are told of lately.
pub(super) async fn restarts(scene: Scene<'_>, id: &ClusterId) -> Outcome<Vec<ClusterEvent>> {
    let events = scene.stage.reads().events(id, lately(scene)).await.map_err(told)?;
    Ok(events.into_iter().filter(ClusterEvent::is_restart).collect())
}

/// Looks at a cluster behind the ports' back until it is as wanted.
pub(super) async fn until(
    scene: Scene<'_>,
    id: &ClusterId,
    what: &str,
    wanted: impl Fn(&Cluster) -> bool + Send,
) -> Outcome<Cluster> {
    let mut steps = Steps::within(LONGEST_WAIT);
    loop {
        let found = scene.stage.look(id).await.map_err(told)?;
        if wanted(&found) {
            return Ok(found);
        }
        let Some(step) = steps.next() else { return Err(format!("{id} is never {what}: {found:?}")) };
        scene.stage.pass(step).await;
    }
}
