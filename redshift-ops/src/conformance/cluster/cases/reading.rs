//! What is listed and found.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{lately, plain, unknown_id};
use crate::conformance::cluster::Scene;
use crate::conformance::support::failed;
use crate::{ClusterStatus, Effect, ErrorKind, Resize};

pub(super) async fn probe(scene: Scene<'_>) -> Outcome {
    let probe = scene.stage.reads().probe().await.map_err(told)?;
    check(!probe.address.is_empty(), "the probe names an address")
}

pub(super) async fn listed(scene: Scene<'_>) -> Outcome {
    let clusters = scene.stage.reads().clusters().await.map_err(told)?;
    check(clusters.is_sorted_by(|a, b| a.id < b.id), "they are sorted by identifier, and none comes twice")
}

pub(super) async fn found(scene: Scene<'_>) -> Outcome {
    let clusters = scene.stage.reads().clusters().await.map_err(told)?;
    let Some(first) = clusters.first() else { return Ok(()) };
    let again = scene.stage.reads().cluster(&first.id).await.map_err(told)?;
    same("its identifier", &first.id, &again.id)
}

pub(super) async fn unknown(scene: Scene<'_>) -> Outcome {
    let (reads, id) = (scene.stage.reads(), unknown_id());
    let failures = [
        ("an unknown cluster", refused(reads.cluster(&id).await)?),
        ("its snapshots", refused(reads.snapshots_in_progress(&id).await)?),
        ("its change of size", refused(reads.resize(&id).await)?),
    ];
    failures.iter().try_for_each(|(what, error)| failed(what, ErrorKind::NotFound, Effect::None, error))
}

pub(super) async fn facts(scene: Scene<'_>) -> Outcome {
    let clusters = scene.stage.reads().clusters().await.map_err(told)?;
    let wanted: Vec<&str> = scene.scenario.plays.iter().map(|play| play.id.as_str()).collect();
    let ids: Vec<&str> = clusters.iter().map(|cluster| cluster.id.as_str()).collect();
    same("the clusters", &wanted, &ids)?;
    for (play, cluster) in scene.scenario.plays.iter().zip(&clusters) {
        let id = &play.id;
        let told_of = |what: &str| format!("{what} of {id}");
        same(&told_of("the nodes"), &play.nodes, &cluster.nodes)?;
        same(&told_of("their type"), &play.node_type, &cluster.node_type)?;
        same(&told_of("the database"), &Some(play.database.as_str()), &cluster.database.as_deref())?;
        same(&told_of("what waits for a reboot"), &play.pending, &cluster.pending)?;
        same(&told_of("that it is paused"), &play.is_paused(), &(cluster.status == ClusterStatus::Paused))?;
        if play.is_plain() {
            check(cluster.is_available(), "a plain cluster is available")?;
            let host = cluster.host.as_ref().ok_or("it has no address")?;
            check(!host.address.is_empty() && host.port > 0, "its address is whole")?;
        }
        same("the cluster alone", cluster, &scene.stage.reads().cluster(id).await.map_err(told)?)?;
    }
    Ok(())
}

pub(super) async fn snapshots(scene: Scene<'_>) -> Outcome {
    for play in &scene.scenario.plays {
        let found = scene.stage.reads().snapshots_in_progress(&play.id).await.map_err(told)?;
        let wanted: Vec<&str> = play.snapshot.as_deref().into_iter().filter(|status| *status == "creating").collect();
        let states: Vec<&str> = found.iter().map(|one| one.status.as_str()).collect();
        same(&format!("the snapshots of {}", play.id), &wanted, &states)?;
        check(found.iter().all(|one| !one.id.is_empty()), "each has an identifier")?;
    }
    Ok(())
}

pub(super) async fn resize(scene: Scene<'_>) -> Outcome {
    for play in &scene.scenario.plays {
        let found = scene.stage.reads().resize(&play.id).await.map_err(told)?;
        match &play.resize {
            Some(status) => {
                same("its status", &Some(status), &found.as_ref().map(|one| &one.status))?;
                same("whether it goes on", &Some(status == "IN_PROGRESS"), &found.map(|one| one.goes_on()))?;
            }
            // One that never was may be told as none, or as one that does not go on.
            None => check(!found.is_some_and(|one: Resize| one.goes_on()), "none goes on elsewhere")?,
        }
    }
    Ok(())
}

pub(super) async fn events(scene: Scene<'_>) -> Outcome {
    let from = lately(scene);
    let events = scene.stage.reads().events(&plain(scene)?.id, from).await.map_err(told)?;
    check(events.is_sorted_by(|a, b| a.at >= b.at), "the newest comes first")?;
    check(events.iter().all(|event| event.at >= from), "none is older than asked for")
}
