use dynamodb_ops::{
    Bounds, Capacity, CapacityChange, Cause, ErrorKind, Place, ScalingChange, TableName, TablesRead, TablesWrite, Unit,
    Usage, Window,
};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

use super::{Demand, TableSpec};
use crate::World;

fn name() -> TableName {
    "prod-s3-analytics-datomic".parse().unwrap()
}

/// Writes want 24 a second, and there are 20.
fn world() -> World {
    let world = World::seeded(1).at("2026-11-26T10:00:00Z".parse::<Timestamp>().unwrap());
    let spec = TableSpec::new(name()).units(50, 20).scales(Place::Table, Unit::Write, 5, 20);
    world.put_table_of_dynamodb(spec.asked(Place::Table, Unit::Write, Demand::wanted(24.0)));
    world
}

async fn usage(world: &World) -> Usage {
    let window = Window::before(world.now(), SignedDuration::from_mins(15));
    world.tables().usage(&name(), &Place::Table, &window).await.unwrap()
}

fn change(to: Capacity) -> CapacityChange {
    CapacityChange::new(Place::Table, Capacity::new(50, 20), to)
}

#[tokio::test]
async fn what_the_units_do_not_cover_is_refused_and_a_raise_ends_that() {
    let world = world();
    let before = usage(&world).await;
    let minute = before.points(Unit::Write).last().unwrap();
    assert_eq!((minute.consumed, minute.throttled.of(Cause::Provisioned)), (Some(20.0), 240.0));
    assert_eq!(before.newest(), Some("2026-11-26T09:58:00Z".parse().unwrap()), "known a minute after its end");
    assert!(before.points(Unit::Read).is_empty(), "nobody asks");

    world.tables().set_capacity(&name(), &change(Capacity::new(50, 30))).await.unwrap();
    let table = world.table_of_dynamodb(&name()).unwrap();
    assert!(!table.is_active() && table.places[0].capacity == Capacity::new(50, 20), "the old units until it is done");
    let again = world.tables().set_capacity(&name(), &change(Capacity::new(50, 40))).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Conflict, "one change at a time");
    world.advance(Duration::from_secs(180));
    assert_eq!(world.table_of_dynamodb(&name()).unwrap().places[0].capacity, Capacity::new(50, 30));
    let after = usage(&world).await;
    let minute = after.points(Unit::Write).last().unwrap();
    assert_eq!((minute.consumed, minute.throttled.all()), (Some(24.0), 0.0));
}

#[tokio::test]
async fn a_hot_partition_is_not_helped_by_units() {
    let world = world();
    world.set_demand(&name(), &Place::Table, Unit::Write, Demand::hot(1_300.0, 1_200.0)).unwrap();
    world.tables().set_capacity(&name(), &change(Capacity::new(50, 9_000))).await.unwrap();
    world.advance(Duration::from_secs(240));
    let minute = *usage(&world).await.points(Unit::Write).last().unwrap();
    assert_eq!((minute.consumed, minute.throttled.of(Cause::KeyRange)), (Some(1_100.0), 12_000.0));
    assert_eq!(minute.throttled.of(Cause::Provisioned), 0.0);
}

#[tokio::test]
async fn decreases_are_counted_and_who_is_late_is_refused() {
    let world = world();
    let mut units = Capacity::new(50, 20);
    for lower in [19, 18, 17, 16] {
        let to = Capacity::new(50, lower);
        world.tables().set_capacity(&name(), &CapacityChange::new(Place::Table, units, to)).await.unwrap();
        units = to;
        world.advance(Duration::from_secs(20));
    }
    let fifth = CapacityChange::new(Place::Table, units, Capacity::new(60, 15));
    let refused = world.tables().set_capacity(&name(), &fifth).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::RateLimited);
    assert!(refused.to_string().contains("from 2026-11-26T11:01:00Z on"), "{refused}");
    world.advance(Duration::from_secs(3_600));
    world.tables().set_capacity(&name(), &fifth).await.unwrap();

    let stale = world.tables().set_capacity(&name(), &change(Capacity::new(50, 99))).await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::Conflict, "not as it was seen");
}

#[tokio::test]
async fn bounds_are_set_as_they_were_seen_and_by_who_may() {
    let world = world();
    let bounds = |seen: Bounds, to: Bounds| ScalingChange::new(Place::Table, Unit::Write, seen, to);
    let (old, new) = (Bounds::new(5, 20), Bounds::new(5, 40));
    let viewer = world.tables().as_viewer().set_scaling(&name(), &bounds(old, new)).await.unwrap_err();
    assert_eq!(viewer.kind(), ErrorKind::Forbidden);
    world.tables().set_scaling(&name(), &bounds(old, new)).await.unwrap();
    let late = world.tables().set_scaling(&name(), &bounds(old, new)).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Conflict);
    let none = world.tables().set_scaling(&name(), &bounds(new, Bounds::new(50, 40))).await.unwrap_err();
    assert_eq!(none.kind(), ErrorKind::Invalid);
}
