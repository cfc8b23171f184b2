//! Groups of machines: how they come and go, and what is refused.

use std::time::Duration;

use fleet_ops::{
    Effect, ErrorKind, FleetRead, FleetWrite, GroupFilter, InstanceId, Life, RefreshRequest, RefreshState, Size,
};
use ops_sandbox::fleet::{About, GroupSpec};
use ops_sandbox::{Fault, Operation, World};

const GROUP: &str = "cantareira-stable-web";

fn world(machines: u32) -> World {
    let world = World::seeded(1).at("2026-11-25T03:00:00Z".parse().unwrap());
    world.put_group(GroupSpec::new(GROUP, machines).tag("service", "web").size(Size::new(1, machines, 5)));
    world.put_group(GroupSpec::new("other", 1).tag("service", "other"));
    world
}

fn lives(world: &World) -> Vec<Life> {
    let mut lives: Vec<_> = world.group(GROUP).unwrap().machines.into_iter().map(|one| one.life).collect();
    lives.sort_by_key(ToString::to_string);
    lives
}

fn ids(world: &World) -> Vec<InstanceId> {
    world.group(GROUP).unwrap().machines.into_iter().map(|one| one.id).collect()
}

#[tokio::test]
async fn another_takes_the_place_of_a_replaced_machine() {
    let world = world(2);
    let fleet = world.fleet();
    let old = ids(&world);
    fleet.replace(&old[0]).await.unwrap();
    assert_eq!(lives(&world), [Life::InService, Life::Terminating]);
    fleet.replace(&old[0]).await.unwrap();
    world.advance(Duration::from_millis(200));
    assert_eq!(lives(&world), [Life::InService, Life::Pending, Life::Terminating]);
    world.advance(Duration::from_secs(1));
    assert_eq!(lives(&world), [Life::InService, Life::InService]);
    assert!(!ids(&world).contains(&old[0]) && ids(&world).contains(&old[1]));
    let count = world.count(Operation::ReplaceMachine, About::Machine(&old[0]).subject());
    assert_eq!((count.calls, count.effects), (2, 1));
}

#[tokio::test]
async fn a_group_grows_and_shrinks_within_its_bounds() {
    let world = world(2);
    let fleet = world.fleet();
    fleet.set_size(GROUP, Size::new(1, 4, 5)).await.unwrap();
    world.advance(Duration::from_secs(2));
    assert_eq!(lives(&world), vec![Life::InService; 4]);
    fleet.set_size(GROUP, Size::new(1, 1, 5)).await.unwrap();
    world.advance(Duration::from_secs(2));
    assert_eq!(lives(&world), [Life::InService]);
    let error = fleet.set_size(GROUP, Size::new(1, 9, 5)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
}

#[tokio::test]
async fn a_group_that_is_scaled_is_left_alone() {
    let world = world(2);
    world.keep_group_busy(GROUP, Duration::from_secs(10)).unwrap();
    let error = world.fleet().replace(&ids(&world)[0]).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::None));
    assert!(error.to_string().contains("ScalingActivityInProgress"), "{error}");
    world.advance(Duration::from_secs(10));
    world.fleet().replace(&ids(&world)[0]).await.unwrap();
}

#[tokio::test]
async fn a_refresh_replaces_one_after_another() {
    let world = world(3);
    let fleet = world.fleet();
    let old = ids(&world);
    let id = fleet.start_refresh(GROUP, &RefreshRequest::new(90, 2)).await.unwrap();
    let error = fleet.start_refresh(GROUP, &RefreshRequest::new(90, 2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let mut percents = Vec::new();
    for _ in 0..200 {
        let refresh = fleet.refreshes(GROUP).await.unwrap().remove(0);
        percents.push(refresh.percent);
        assert!(world.group(GROUP).unwrap().in_service().count() >= 2, "one at a time");
        if refresh.state == RefreshState::Successful {
            break;
        }
        world.advance(Duration::from_millis(100));
    }
    percents.dedup();
    assert_eq!(percents, [0, 33, 66, 100]);
    assert!(ids(&world).iter().all(|id| !old.contains(id)));
    assert_eq!(fleet.refreshes(GROUP).await.unwrap()[0].id, id);
}

#[tokio::test]
async fn a_cancelled_refresh_keeps_what_it_did() {
    let world = world(3);
    let fleet = world.fleet();
    let old = ids(&world);
    assert_eq!(fleet.cancel_refresh(GROUP).await.unwrap_err().kind(), ErrorKind::NotFound);
    fleet.start_refresh(GROUP, &RefreshRequest::new(90, 0)).await.unwrap();
    world.advance(Duration::from_millis(500));
    fleet.cancel_refresh(GROUP).await.unwrap();
    assert_eq!(fleet.refreshes(GROUP).await.unwrap()[0].state, RefreshState::Cancelling);
    world.advance(Duration::from_secs(30));
    assert_eq!(fleet.refreshes(GROUP).await.unwrap()[0].state, RefreshState::Cancelled);
    assert_eq!(ids(&world).iter().filter(|id| old.contains(id)).count(), 2);
    fleet.start_refresh(GROUP, &RefreshRequest::new(50, 0)).await.unwrap();
    world.advance(Duration::from_secs(30));
    let states: Vec<_> = fleet.refreshes(GROUP).await.unwrap().into_iter().map(|one| one.state).collect();
    assert_eq!(states, [RefreshState::Successful, RefreshState::Cancelled]);
}

#[tokio::test]
async fn what_is_kept_aside_is_replaced_and_stays() {
    let world = world(2);
    let aside = ids(&world).remove(0);
    world.detach_machine(&aside).unwrap();
    world.advance(Duration::from_secs(2));
    assert_eq!(lives(&world), [Life::Detached, Life::InService, Life::InService]);
    world.suspend(GROUP, ["Launch"]).unwrap();
    world.lose_machine(&ids(&world).into_iter().find(|id| *id != aside).unwrap()).unwrap();
    world.advance(Duration::from_secs(20));
    assert_eq!(lives(&world), [Life::Detached, Life::InService]);
    world.suspend::<String>(GROUP, []).unwrap();
    world.advance(Duration::from_secs(2));
    assert_eq!(world.group(GROUP).unwrap().in_service().count(), 2);
}

#[tokio::test]
async fn groups_are_found_by_tags_and_not_by_who_may_not() {
    let world = world(2);
    let fleet = world.fleet();
    assert_eq!(fleet.groups(&GroupFilter::all()).await.unwrap().len(), 2);
    let web = fleet.groups(&GroupFilter::all().tag("service", "web")).await.unwrap();
    assert_eq!(web.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), [GROUP]);
    assert_eq!(fleet.group("nobody").await.unwrap_err().kind(), ErrorKind::NotFound);
    let stray = InstanceId::new("i-00000000000000000");
    assert_eq!(fleet.replace(&stray).await.unwrap_err().kind(), ErrorKind::NotFound);
    let viewer = world.fleet().as_viewer();
    assert_eq!(viewer.group(GROUP).await.unwrap().machines.len(), 2);
    assert_eq!(viewer.replace(&ids(&world)[0]).await.unwrap_err().kind(), ErrorKind::Forbidden);
    world.faults().next(1, Operation::ReplaceMachine, Fault::DropAfterEffect);
    let error = fleet.replace(&ids(&world)[0]).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::Possible));
    assert!(lives(&world).contains(&Life::Terminating));
}
