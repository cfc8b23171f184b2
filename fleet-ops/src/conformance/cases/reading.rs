//! What is listed and found.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{UNKNOWN_GROUP, failed, several, working};
use crate::conformance::Scene;
use crate::{Effect, ErrorKind, GroupFilter};

pub(super) async fn probe(scene: Scene<'_>) -> Outcome {
    let probe = scene.stage.reads().probe().await.map_err(told)?;
    check(!probe.address.is_empty(), "the probe names an address")
}

pub(super) async fn listed(scene: Scene<'_>) -> Outcome {
    let groups = scene.stage.reads().groups(&GroupFilter::all()).await.map_err(told)?;
    check(groups.is_sorted_by(|a, b| a.name < b.name), "they are sorted by name, and none comes twice")?;
    let sorted = groups.iter().all(|group| group.machines.is_sorted_by(|a, b| a.id < b.id));
    check(sorted, "machines are sorted by id, and none comes twice")
}

pub(super) async fn found(scene: Scene<'_>) -> Outcome {
    let groups = scene.stage.reads().groups(&GroupFilter::all()).await.map_err(told)?;
    let Some(first) = groups.first() else { return Ok(()) };
    let again = scene.stage.reads().group(&first.name).await.map_err(told)?;
    same("its name", &first.name, &again.name)
}

pub(super) async fn unknown(scene: Scene<'_>) -> Outcome {
    let reads = scene.stage.reads();
    let group = refused(reads.group(UNKNOWN_GROUP).await)?;
    failed("an unknown group", ErrorKind::NotFound, Effect::None, &group)?;
    let refreshes = refused(reads.refreshes(UNKNOWN_GROUP).await)?;
    failed("its refreshes", ErrorKind::NotFound, Effect::None, &refreshes)
}

pub(super) async fn facts(scene: Scene<'_>) -> Outcome {
    let groups = scene.stage.reads().groups(&GroupFilter::all()).await.map_err(told)?;
    let wanted: Vec<&str> = scene.scenario.plays.iter().map(|play| play.name.as_str()).collect();
    let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    same("the groups", &wanted, &names)?;
    for (play, group) in scene.scenario.plays.iter().zip(&groups) {
        same("its tags", &play.tags, &group.tags)?;
        same("its size", &play.size, &group.size)?;
        same("what is suspended", &play.suspended, &group.suspended)?;
        same("the machines in service", &play.size.desired, &working(group))?;
        same("all machines", &group.in_service().count(), &group.machines.len())?;
        check(group.machines.iter().all(|machine| !machine.protected), "no machine is protected")?;
        check(group.machines.iter().all(|machine| !machine.zone.is_empty()), "each machine is in a zone")?;
        same("the group alone", group, &scene.stage.reads().group(&play.name).await.map_err(told)?)?;
    }
    Ok(())
}

pub(super) async fn by_tags(scene: Scene<'_>) -> Outcome {
    let tagged =
        |tags: &[(&str, &str)]| tags.iter().fold(GroupFilter::all(), |filter, (name, value)| filter.tag(*name, *value));
    let filters = [
        tagged(&[("service", "mesos-master")]),
        tagged(&[("service", "mesos-master"), ("environment", "prod")]),
        tagged(&[("environment", "prod")]),
        // A value is not a pattern, a name is not a value, and case matters.
        tagged(&[("environment", "pro")]),
        tagged(&[("environment", "service")]),
        tagged(&[("environment", "Prod")]),
        tagged(&[("environment", "prod"), ("suffix", "none")]),
    ];
    for filter in filters {
        let groups = scene.stage.reads().groups(&filter).await.map_err(told)?;
        let found: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        let meant = scene.scenario.plays.iter().filter(|play| play.is_meant(&filter));
        let wanted: Vec<&str> = meant.map(|play| play.name.as_str()).collect();
        same(&format!("the groups with {:?}", filter.tags), &wanted, &found)?;
    }
    Ok(())
}

pub(super) async fn never_refreshed(scene: Scene<'_>) -> Outcome {
    let refreshes = scene.stage.reads().refreshes(&several(scene)?.name).await.map_err(told)?;
    check(refreshes.is_empty(), "there is none")
}
