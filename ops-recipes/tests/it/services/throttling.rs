//! A table that refuses requests, in the sandbox: what its clock, a lost answer and a picture do.

use std::sync::Arc;

use dynamodb_ops::{Capacity, Place, TableName, Unit};
use jiff::{SignedDuration, Timestamp};
use ops_plan::{Ask, Host, Outcome, Plan, Registry, Target, Verdict};
use ops_recipes::services::picture::{Role, text};
use ops_recipes::services::{RelieveThrottling, TableReads, TableStep, TableWrites};
use ops_sandbox::tables::{About, Demand, TableSpec};
use ops_sandbox::{Fault, Operation, World};

use crate::desk::{Desk, blocks};
use crate::stage::{texts, word};

fn name() -> TableName {
    "prod-s3-analytics-datomic".parse().unwrap()
}

/// Writes want 24 a second, and there are 20.
fn world() -> World {
    world_at(Timestamp::now())
}

fn world_at(now: Timestamp) -> World {
    let world = World::seeded(1).at(now);
    let spec = TableSpec::new(name()).units(50, 20);
    world.put_table_of_dynamodb(spec.asked(Place::Table, Unit::Write, Demand::wanted(24.0)));
    world
}

fn reads(world: &World) -> TableReads {
    TableReads::new(Arc::new(world.tables()))
}

fn registry(world: &World) -> Registry {
    Registry::new().with::<RelieveThrottling>(reads(world), TableWrites::new(Arc::new(world.tables())))
}

fn question() -> RelieveThrottling {
    RelieveThrottling::new("analytics").in_shard("s3")
}

async fn plan_at(world: &World, now: Timestamp) -> Plan {
    registry(world).plan(Ask::new(&question(), Target::new("prod"), now).unwrap()).await.unwrap()
}

fn units(world: &World) -> Capacity {
    world.table_of_dynamodb(&name()).unwrap().places[0].capacity
}

#[tokio::test]
async fn it_is_raised_and_proved() {
    let world = world();
    let plan = plan_at(&world, world.now()).await;
    assert!(blocks(&plan).is_empty());
    assert_eq!(
        texts(&plan),
        [
            "prod-s3-analytics-datomic: 50 read, 20 write → 50 read, 30 write",
            "prod-s3-analytics-datomic: wait for data of the time after",
        ]
    );
    let report = Desk::new().apply_while_time_passes(&world, &registry(&world), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(units(&world), Capacity::new(50, 30));
}

/// The time of the change is told by the service: by ours, the proof would lie far ahead.
#[tokio::test]
async fn a_clock_that_is_ahead_hides_no_proof() {
    let ours = Timestamp::now();
    let world = world_at(ours - SignedDuration::from_mins(50));
    let report = Desk::new().apply_while_time_passes(&world, &registry(&world), plan_at(&world, ours).await).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(report.text().contains("none refused any more"), "{}", report.text());
    assert!(world.now() < ours, "it waited for our own clock's time");
}

/// The service tells when it was asked for more, and serves more some seconds later, maybe in another minute: what was refused until then is no
/// failure. What is refused for minutes is.
#[tokio::test]
async fn what_is_refused_while_the_change_takes_effect_is_no_failure_of_it() {
    for (wanted, outcome) in [(24.0, Outcome::Done), (70.0, Outcome::VerificationFailed)] {
        let now = Timestamp::now();
        let world = world_at(Timestamp::from_second(now.as_second() / 60 * 60 - 5).unwrap());
        let plan = plan_at(&world, now).await;
        world.set_demand(&name(), &Place::Table, Unit::Write, Demand::wanted(wanted)).unwrap();
        let report = Desk::new().apply_while_time_passes(&world, &registry(&world), plan).await;
        assert_eq!(report.outcome, outcome, "{}", report.text());
    }
}

#[tokio::test]
async fn what_a_hot_partition_goes_on_refusing_is_no_failure_of_the_raise() {
    let world = World::seeded(1).at(Timestamp::now());
    let spec = TableSpec::new(name()).units(50, 1_000).scales(Place::Table, Unit::Write, 5, 1_000);
    world.put_table_of_dynamodb(spec.asked(Place::Table, Unit::Write, Demand::hot(1_224.0, 1_200.0)));
    let plan = plan_at(&world, world.now()).await;
    assert_eq!(word(&plan.head().findings, "hot-partition").unwrap().verdict, Verdict::Warn);
    let registry = registry(&world);
    let desk = Desk::new();
    let report = desk.apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!((report.outcome, units(&world)), (Outcome::Done, Capacity::new(50, 1_300)), "{}", report.text());
    // The way back begins with the bounds: otherwise what is lowered would be scaled up again.
    let done = desk.runner.runs().list().unwrap().remove(0).unwrap();
    let undo = texts(&desk.runner.plan_undo(&registry, &done.dir).await.unwrap());
    assert!(undo.len() == 2 && undo[0].contains("scale between 5 to 1000, not 5 to 1300"), "{undo:?}");
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_looking() {
    for fault in [Fault::DropAfterEffect, Fault::StatusAfterEffect(504), Fault::DropBeforeEffect] {
        let world = world();
        let plan = plan_at(&world, world.now()).await;
        world.faults().next(1, Operation::SetCapacity, fault);
        let report = Desk::new().apply_while_time_passes(&world, &registry(&world), plan).await;
        assert_eq!(report.outcome, Outcome::Done, "{fault:?}: {}", report.text());
        let count = world.count(Operation::SetCapacity, About::Table(&name()).subject());
        assert_eq!((count.effects, units(&world)), (1, Capacity::new(50, 30)), "{fault:?}");
    }
}

#[tokio::test]
async fn a_picture_has_what_was_wanted_what_there_is_and_what_is_planned() {
    let world = world();
    let plan = plan_at(&world, world.now()).await;
    let mut written = Vec::new();
    plan.write(&mut written).unwrap();
    let lines = written.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty());
    let steps: Vec<TableStep> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
    let panels = question().panels(&reads(&world), "prod", world.now(), &steps).await.unwrap();
    assert_eq!(panels.len(), 2, "reads and writes");
    let names: Vec<&str> = panels[1].lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names, ["consumed", "provisioned", "throttled", "planned"]);
    let refused = panels[1].lines.iter().find(|line| line.role == Role::Trouble).unwrap();
    assert!(refused.points.iter().all(|(_, value)| *value == 4.0) && refused.points.len() > 50);
    assert!(text(&panels, 60).lines().all(|line| line.chars().count() <= 60));
}
