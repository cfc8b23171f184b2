//! What a user of the stacks in memory relies on.

use std::time::Duration;

use cloudformation_ops::{
    Change, ChangeSetName, ChangeSetStatus, ClientToken, ErrorKind, Execution, ParameterValue, Replacement, StackEvent,
    StackName, StackStatus, StacksRead, StacksWrite, first_failure,
};
use version_probe::{VersionsRead, VersionsReadExt};

use super::{About, StackSpec};
use crate::{Fault, Operation, System, World};

const QUICK: Duration = Duration::from_secs(1);
const SLOW: Duration = Duration::from_secs(20);

fn metapod() -> StackName {
    "prod-global-k-metapod".parse().unwrap()
}

fn world() -> World {
    let world = World::seeded(1).at("2018-01-17T03:00:00Z".parse().unwrap());
    world.put_stack(StackSpec::new(metapod()).blue(2, "b4dc0de").green(0, "6c957ed"));
    world
}

fn named(name: &str) -> (ChangeSetName, ClientToken) {
    (name.parse().unwrap(), format!("token-{name}").parse().unwrap())
}

async fn previewed(world: &World, name: &str, values: &[(&str, &str)]) -> (ChangeSetName, ClientToken) {
    let (set, token) = named(name);
    let stack = world.stacks().stack(&metapod()).await.unwrap();
    let change = values.iter().try_fold(Change::of(&stack), |change, (key, value)| change.with(key, *value)).unwrap();
    world.stacks().create_change_set(&change, &set).await.unwrap();
    (set, token)
}

async fn executed(world: &World, name: &str, values: &[(&str, &str)]) -> ClientToken {
    let (set, token) = previewed(world, name, values).await;
    world.stacks().execute_change_set(&metapod(), &set, &token).await.unwrap();
    token
}

async fn asked(world: &World) -> String {
    let address = "https://prod-global-k-metapod.example.com".parse().unwrap();
    world.versions().sample(&address, 4).await.unwrap().to_string()
}

fn status(world: &World) -> StackStatus {
    world.stack(&metapod()).unwrap().status
}

#[tokio::test]
async fn sides_are_exchanged_and_somebody_always_answers() {
    let world = world();
    assert_eq!(asked(&world).await, "4 of 4 answer b4dc0de; all healthy");
    let token = executed(&world, "up", &[("GreenSize", "2"), ("GreenVersion", "9e3c0de")]).await;
    assert_eq!(status(&world), StackStatus::UpdateInProgress);
    world.advance(SLOW - QUICK);
    assert_eq!(asked(&world).await, "4 of 4 answer b4dc0de; all healthy", "those that come are not healthy yet");
    world.advance(QUICK);
    assert_eq!(status(&world), StackStatus::UpdateComplete);
    assert_eq!(asked(&world).await, "2 of 4 answer 9e3c0de, 2 b4dc0de; all healthy");
    let events = world.stacks().events(&metapod(), None).await.unwrap();
    let ours: Vec<&str> =
        events.iter().filter(|event| event.is_of(&token)).map(|event| event.logical_id.as_str()).collect();
    for name in ["GreenLaunch", "GreenGroup", "prod-global-k-metapod"] {
        assert!(ours.contains(&name), "{ours:?}");
    }
    assert!(!ours.contains(&"BlueGroup"), "{ours:?}");

    executed(&world, "down", &[("BlueSize", "0")]).await;
    assert_eq!(asked(&world).await, "4 of 4 answer 9e3c0de; all healthy", "who goes is asked no longer, at once");
    world.advance(QUICK);
    assert_eq!(status(&world), StackStatus::UpdateComplete);
}

#[tokio::test]
async fn a_change_in_place_leaves_nobody_for_a_while() {
    let world = world();
    executed(&world, "in-place", &[("BlueVersion", "9e3c0de")]).await;
    assert_eq!(
        asked(&world).await,
        "none of 4 answers a version; 4 unhealthy: 503 Unavailable: no instance is healthy"
    );
    world.advance(SLOW);
    assert_eq!(asked(&world).await, "4 of 4 answer 9e3c0de; all healthy");
}

#[tokio::test]
async fn a_version_that_does_not_start_goes_back_and_the_live_side_stays() {
    for version in ["broken1", "dead123"] {
        let world = world();
        let before = world.stack(&metapod()).unwrap();
        executed(&world, "up", &[("GreenSize", "2"), ("GreenVersion", version)]).await;
        world.advance(SLOW);
        assert_eq!(status(&world), StackStatus::UpdateRollbackInProgress);
        assert_eq!(asked(&world).await, "4 of 4 answer b4dc0de; all healthy");
        world.advance(QUICK);
        let after = world.stack(&metapod()).unwrap();
        assert_eq!((&after.status, &after.parameters), (&StackStatus::UpdateRollbackComplete, &before.parameters));
        let events = world.stacks().events(&metapod(), None).await.unwrap();
        let first = first_failure(&events).unwrap();
        assert_eq!((first.logical_id.as_str(), first.status.as_str()), ("GreenGroup", "UPDATE_FAILED"));
        assert!(first.reason.as_ref().unwrap().contains("out of 2"), "{first:?}");
    }
}

#[tokio::test]
async fn a_broken_change_in_place_brings_the_old_ones_back() {
    let world = world();
    executed(&world, "in-place", &[("BlueVersion", "broken1")]).await;
    world.advance(SLOW + QUICK);
    assert_eq!(status(&world), StackStatus::UpdateRollbackInProgress, "the old ones must come anew");
    world.advance(SLOW);
    assert_eq!(status(&world), StackStatus::UpdateRollbackComplete);
    assert_eq!(asked(&world).await, "4 of 4 answer b4dc0de; all healthy");
}

#[tokio::test]
async fn what_is_stuck_is_skipped_by_a_person() {
    let world = world();
    executed(&world, "up", &[("GreenSize", "1"), ("GreenVersion", "stuck12")]).await;
    world.advance(SLOW + QUICK);
    assert_eq!(status(&world), StackStatus::UpdateRollbackFailed);
    let (stacks, token) = (world.stacks(), named("again").1);
    stacks.continue_rollback(&metapod(), &[], &token).await.unwrap();
    world.advance(SLOW);
    assert_eq!(status(&world), StackStatus::UpdateRollbackFailed, "the same one cannot be brought back again");
    let skip = ["GreenGroup".to_owned()];
    let error = stacks.continue_rollback(&metapod(), &skip, &token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "a token marks one order: {error}");
    stacks.continue_rollback(&metapod(), &skip, &named("skip").1).await.unwrap();
    world.advance(SLOW);
    assert_eq!(status(&world), StackStatus::UpdateRollbackComplete);
}

#[tokio::test]
async fn the_same_order_twice_is_one() {
    let world = world();
    let (set, token) = previewed(&world, "up", &[("GreenSize", "2")]).await;
    for _ in 0..2 {
        world.stacks().execute_change_set(&metapod(), &set, &token).await.unwrap();
    }
    world.advance(SLOW);
    world.stacks().execute_change_set(&metapod(), &set, &token).await.unwrap();
    assert_eq!(status(&world), StackStatus::UpdateComplete);
    let count = world.count(Operation::ExecuteChangeSet, About::Stack(&metapod()).subject());
    assert_eq!((count.calls, count.effects), (3, 1));
    let error = world.stacks().execute_change_set(&metapod(), &set, &named("other").1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_colleague_makes_a_set_obsolete() {
    let world = world();
    let (set, token) = previewed(&world, "up", &[("GreenSize", "2")]).await;
    world.advance(QUICK);
    world.colleague_updates(&metapod(), "Alarm", "off").unwrap();
    let stack = world.stack(&metapod()).unwrap();
    assert_eq!((&stack.status, stack.parameter("Alarm")), (&StackStatus::UpdateComplete, Some("off")));
    assert_eq!(stack.updated, Some(world.now()));
    let error = world.stacks().execute_change_set(&metapod(), &set, &token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("OBSOLETE"), "{error}");
    assert_eq!(world.stack(&metapod()).unwrap(), stack);
    assert_eq!(world.colleague_updates(&metapod(), "Alarms", "off").unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn what_the_stack_does_not_know_is_refused_and_what_is_left_out_falls_back() {
    let world = world();
    let name: StackName = "prod-s0-k-correnteza".parse().unwrap();
    let spec = StackSpec::new(name.clone()).blue(1, "b4dc0de").parameter("Alarm", "off").parameter("Heap", "4");
    world.put_stack(spec.without_parameter("GreenVersion").tag("service", "correnteza"));
    let stacks = world.stacks();
    let stack = stacks.stack(&name).await.unwrap();
    assert_eq!(stack.parameters["ApiToken"], ParameterValue::Hidden);
    assert_eq!((stack.parameter("GreenVersion"), stack.parameter("Service")), (None, Some("correnteza")));

    let mut other = stack.clone();
    other.parameters.insert("Stack".to_owned(), "4".into());
    let wish = Change::of(&other).with("Stack", "8").unwrap();
    let error = stacks.create_change_set(&wish, &named("unknown").0).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("[Stack] do not exist"), "{error}");

    let mut forgetful = stack.clone();
    forgetful.parameters.remove("Alarm");
    let (set, wish) = (named("forgotten").0, Change::of(&forgetful).with("BlueSize", "2").unwrap());
    stacks.create_change_set(&wish, &set).await.unwrap();
    assert_eq!(stacks.change_set(&name, &set).await.unwrap().parameter("Alarm"), Some("on"));
    forgetful.parameters.remove("Service");
    let wish = Change::of(&forgetful).with("BlueSize", "2").unwrap();
    let error = stacks.create_change_set(&wish, &named("more").0).await.unwrap_err();
    assert!(error.to_string().contains("[Service] must have values"), "{error}");
}

#[tokio::test]
async fn a_stack_in_another_state_waits_for_a_person() {
    let world = world();
    world.put_stack(StackSpec::new(metapod()).blue(1, "b4dc0de").status(StackStatus::UpdateInProgress));
    world.advance(Duration::from_secs(3600));
    assert_eq!(status(&world), StackStatus::UpdateInProgress);
    world.release_updates(&metapod()).unwrap();
    assert_eq!(status(&world), StackStatus::UpdateComplete);

    world.put_stack(StackSpec::new(metapod()).blue(1, "b4dc0de").status(StackStatus::UpdateFailed));
    world.stacks().roll_back(&metapod(), &named("back").1).await.unwrap();
    world.advance(QUICK);
    assert_eq!(status(&world), StackStatus::UpdateRollbackComplete);
    assert_eq!(asked(&world).await, "4 of 4 answer b4dc0de; all healthy");
}

#[tokio::test]
async fn faults_hit_stacks_as_errors_and_services_as_answers() {
    let world = world();
    world.faults().sometimes(1.0, System::CloudFormation, Fault::Status(503));
    assert_eq!(world.stacks().stack(&metapod()).await.unwrap_err().kind(), ErrorKind::Unavailable);
    world.faults().next(1, Operation::Version, Fault::Status(502));
    let address = "https://example.com/services/prod/global/k/metapod".parse().unwrap();
    let answer = world.versions().ask(&address).await.unwrap();
    assert_eq!((answer.healthy, answer.status), (false, Some(502)));
    assert!(world.versions().ask(&address).await.unwrap().healthy);
    world.set_ill(&metapod(), "b4dc0de", true).unwrap();
    let answer = world.versions().ask(&address).await.unwrap();
    assert_eq!((answer.healthy, answer.version.as_deref()), (false, Some("b4dc0de")));
    let nobody = "https://prod-s9-k-metapod.example.com".parse().unwrap();
    assert_eq!(world.versions().ask(&nobody).await.unwrap().status, None);
}

/// What is told of a resource: its own name, and where it is.
fn told(events: &[StackEvent], name: &str) -> Vec<(String, String)> {
    let of_resource = events.iter().filter(|event| event.logical_id == name);
    of_resource.map(|event| (event.physical_id.clone().unwrap(), event.status.to_string())).collect()
}

#[tokio::test]
async fn a_change_set_is_pending_until_it_is_computed() {
    let world = world();
    world.stacks_take(QUICK, Duration::ZERO);
    let stacks = world.stacks();
    let (up, token) = previewed(&world, "up", &[("GreenSize", "2")]).await;
    let (same, _) = previewed(&world, "same", &[("GreenSize", "0")]).await;
    for name in [&up, &same] {
        let set = stacks.change_set(&metapod(), name).await.unwrap();
        assert_eq!((set.status, set.execution), (ChangeSetStatus::CreatePending, Execution::Unavailable));
        assert!(set.changes.is_empty() && set.reason.is_none());
    }
    let error = stacks.execute_change_set(&metapod(), &up, &token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("CREATE_PENDING"), "{error}");
    let (gone, _) = previewed(&world, "gone", &[("GreenSize", "1")]).await;
    stacks.delete_change_set(&metapod(), &gone).await.unwrap();
    world.advance(QUICK);
    assert!(stacks.change_set(&metapod(), &up).await.unwrap().is_available());
    assert!(stacks.change_set(&metapod(), &same).await.unwrap().is_empty_change());
    assert_eq!(stacks.change_set(&metapod(), &gone).await.unwrap_err().kind(), ErrorKind::NotFound);

    let (late, _) = previewed(&world, "late", &[("GreenSize", "1")]).await;
    stacks.execute_change_set(&metapod(), &up, &token).await.unwrap();
    world.advance(SLOW);
    let set = stacks.change_set(&metapod(), &late).await.unwrap();
    assert_eq!(set.execution, Execution::Obsolete, "the stack changed while it was computed");
}

#[tokio::test]
async fn a_version_replaces_what_is_launched_and_the_former_one_is_cleared_away() {
    let world = world();
    world.stacks_take(Duration::ZERO, QUICK);
    let stacks = world.stacks();
    let (set, token) = previewed(&world, "up", &[("GreenSize", "2"), ("GreenVersion", "9e3c0de")]).await;
    let changes = stacks.change_set(&metapod(), &set).await.unwrap().changes;
    let replaced: Vec<_> =
        changes.iter().map(|change| (change.logical_id.as_str(), change.replacement.clone())).collect();
    assert_eq!(replaced, [("GreenLaunch", Replacement::Always), ("GreenGroup", Replacement::Never)]);
    stacks.execute_change_set(&metapod(), &set, &token).await.unwrap();
    world.advance(SLOW);
    assert_eq!(status(&world), StackStatus::UpdateCompleteCleanupInProgress);
    assert_eq!(asked(&world).await, "2 of 4 answer 9e3c0de, 2 b4dc0de; all healthy");
    let error = world.colleague_begins(&metapod(), "BlueSize", "0").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "it takes no update yet");
    assert_eq!(stacks.cancel_update(&metapod(), &named("no").1).await.unwrap_err().kind(), ErrorKind::Conflict);
    world.advance(QUICK);
    assert_eq!(status(&world), StackStatus::UpdateComplete);
    let launch = told(&stacks.events(&metapod(), None).await.unwrap(), "GreenLaunch");
    let [.., (former, _), (new, done), (goes, going), (gone, end)] = &launch[..] else { panic!("{launch:?}") };
    assert_eq!([done, going, end], ["UPDATE_COMPLETE", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"]);
    assert!(former == new && goes == gone && new != gone, "{launch:?}");
    assert_eq!(goes, &launch[0].0, "the one that was created with the stack");
}

#[tokio::test]
async fn what_would_have_replaced_it_goes_with_the_rollback() {
    let world = world();
    world.stacks_take(Duration::ZERO, QUICK);
    executed(&world, "up", &[("GreenSize", "2"), ("GreenVersion", "broken1")]).await;
    world.advance(SLOW + QUICK);
    assert_eq!(status(&world), StackStatus::UpdateRollbackCompleteCleanupInProgress);
    world.advance(QUICK);
    assert_eq!(status(&world), StackStatus::UpdateRollbackComplete);
    let launch = told(&world.stacks().events(&metapod(), None).await.unwrap(), "GreenLaunch");
    let (first, (last, end)) = (&launch[0].0, launch.last().unwrap());
    assert!(first != last && end == "DELETE_COMPLETE", "{launch:?}");
}

#[tokio::test]
async fn what_still_waits_is_cancelled_when_another_fails() {
    let world = world();
    executed(&world, "both", &[("GreenSize", "2"), ("GreenVersion", "broken1"), ("BlueSize", "4")]).await;
    world.advance(SLOW);
    let events = world.stacks().events(&metapod(), None).await.unwrap();
    let failed: Vec<_> = events.iter().filter(|event| event.status.is_failed()).collect();
    let names: Vec<_> = failed.iter().map(|event| event.logical_id.as_str()).collect();
    assert_eq!(names, ["GreenGroup", "BlueGroup"]);
    assert_eq!(failed[1].reason.as_deref(), Some("Resource update cancelled"));
    assert_eq!(first_failure(&events).unwrap().logical_id, "GreenGroup");
    world.advance(SLOW);
    assert_eq!(status(&world), StackStatus::UpdateRollbackComplete);
    assert_eq!(asked(&world).await, "4 of 4 answer b4dc0de; all healthy");
}

#[tokio::test]
async fn a_colleagues_update_is_over_when_it_is_told() {
    let world = world();
    world.stacks_take(QUICK, SLOW);
    world.colleague_updates(&metapod(), "GreenVersion", "9e3c0de").unwrap();
    assert_eq!(status(&world), StackStatus::UpdateComplete);
    world.colleague_updates(&metapod(), "BlueVersion", "broken1").unwrap();
    assert_eq!(status(&world), StackStatus::UpdateRollbackComplete);
    assert_eq!(asked(&world).await, "4 of 4 answer b4dc0de; all healthy");
    let count = || world.state().stacks.held(&metapod()).unwrap().events.len();
    let events = count();
    world.advance(SLOW * 10);
    assert_eq!(count(), events, "nothing of it is left to happen");

    world.colleague_updates(&metapod(), "BlueVersion", "stuck12").unwrap();
    let events = count();
    world.advance(SLOW * 10);
    assert_eq!((status(&world), count()), (StackStatus::UpdateRollbackFailed, events));
}

#[tokio::test]
async fn a_stack_that_clears_away_ends_when_it_is_released() {
    let world = world();
    for (from, to) in [
        (StackStatus::UpdateCompleteCleanupInProgress, StackStatus::UpdateComplete),
        (StackStatus::UpdateRollbackCompleteCleanupInProgress, StackStatus::UpdateRollbackComplete),
    ] {
        world.put_stack(StackSpec::new(metapod()).blue(1, "b4dc0de").status(from.clone()));
        world.advance(SLOW);
        assert_eq!(status(&world), from);
        world.release_updates(&metapod()).unwrap();
        assert_eq!(status(&world), to);
    }
}

#[tokio::test]
async fn a_stack_that_was_made_anew_is_another_one() {
    let world = world();
    let first = world.stack(&metapod()).unwrap().id;
    world.put_stack(StackSpec::new(metapod()).blue(2, "b4dc0de"));
    assert_ne!(world.stack(&metapod()).unwrap().id, first);
}
