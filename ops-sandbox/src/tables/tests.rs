use std::time::Duration;

use dynamodb_ops::{
    AccountLimits, Bounds, Capacity, CapacityChange, Cause, Effect, ErrorKind, HeadRoom, Place, Remedy, ScalingChange,
    TableName, TableStatus, TablesRead, TablesWrite, Unit, Usage, Window, diagnose,
};
use jiff::{SignedDuration, Timestamp};

use super::{About, Demand, TableSpec};
use crate::scenario::throttled_tables;
use crate::{Fault, Operation, World};

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
    let [.., old, minute] = after.points(Unit::Write) else { panic!("there are minutes") };
    assert_eq!((old.at.to_string().as_str(), old.throttled.all()), ("2026-11-26T10:00:00Z", 240.0), "as it began");
    assert_eq!((minute.consumed, minute.throttled.all()), (Some(24.0), 0.0), "from the next minute on");
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
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(3_580)));
    world.advance(Duration::from_secs(3_600));
    world.tables().set_capacity(&name(), &fifth).await.unwrap();

    let stale = world.tables().set_capacity(&name(), &change(Capacity::new(50, 99))).await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::Conflict, "not as it was seen");
}

#[tokio::test]
async fn a_colleague_is_bound_by_the_same_rules() {
    let world = world();
    let sets = |place: &Place, to| world.colleague_sets_capacity(&name(), place, to).map_err(|error| error.kind());
    assert_eq!(sets(&Place::Index("by-date".to_owned()), Capacity::new(9, 9)), Err(ErrorKind::NotFound));
    sets(&Place::Table, Capacity::new(80, 20)).unwrap();
    assert_eq!(sets(&Place::Table, Capacity::new(90, 20)), Err(ErrorKind::Conflict), "one change at a time");
    let ours = world.tables().set_capacity(&name(), &change(Capacity::new(50, 30))).await.unwrap_err();
    assert_eq!(ours.kind(), ErrorKind::Conflict);
    world.advance(Duration::from_secs(10));
    let table = world.table_of_dynamodb(&name()).unwrap();
    assert_eq!((table.is_active(), table.places[0].capacity), (true, Capacity::new(80, 20)), "theirs is not lost");
    let ours = world.tables().set_capacity(&name(), &change(Capacity::new(50, 30))).await.unwrap_err();
    assert_eq!(ours.kind(), ErrorKind::Conflict, "it would have lost it");
}

#[tokio::test]
async fn an_index_is_changed_with_its_table() {
    let world = World::seeded(1).at("2026-11-26T10:00:00Z".parse::<Timestamp>().unwrap());
    world.put_table_of_dynamodb(TableSpec::new(name()).units(50, 20).index("by-date", 10, 10));
    let index = Place::Index("by-date".to_owned());
    let change = CapacityChange::new(index.clone(), Capacity::new(10, 10), Capacity::new(10, 15));
    world.tables().set_capacity(&name(), &change).await.unwrap();
    let statuses = || {
        let table = world.table_of_dynamodb(&name()).unwrap();
        [table.status, table.places[0].status.clone(), table.places[1].status.clone()]
    };
    assert_eq!(statuses(), [TableStatus::Updating, TableStatus::Updating, TableStatus::Updating]);
    world.advance(Duration::from_secs(10));
    assert_eq!(statuses(), [TableStatus::Active, TableStatus::Active, TableStatus::Active]);
    let table = world.table_of_dynamodb(&name()).unwrap();
    assert_eq!(table.place(&Place::Table).unwrap().capacity, Capacity::new(50, 20));
    assert_eq!(table.place(&index).unwrap().capacity, Capacity::new(10, 15));
}

#[tokio::test]
async fn demand_has_a_past_and_a_limit_of_its_own_where_it_is_paid_by_request() {
    let world = World::seeded(1).at("2026-11-26T10:00:00Z".parse::<Timestamp>().unwrap());
    let spec = TableSpec::new(name()).on_demand(None, Some(20));
    let spec = spec.asked_since(Place::Table, Unit::Write, 5, Demand::wanted(24.0));
    world.put_table_of_dynamodb(spec.asked_since(Place::Table, Unit::Write, 90, Demand::wanted(12.0)));
    let window = Window::before(world.now(), SignedDuration::from_hours(2));
    let usage = world.tables().usage(&name(), &Place::Table, &window).await.unwrap();
    let told: Vec<_> = usage.points(Unit::Write).iter().map(|minute| minute.consumed.unwrap()).collect();
    assert_eq!(told, [vec![12.0; 85], vec![20.0; 4]].concat(), "a minute is not known yet");
    assert_eq!(usage.throttled(Unit::Write).of(Cause::OnDemandLimit), 4.0 * 240.0);
    assert_eq!(usage.throttling(Unit::Write).unwrap().0, "2026-11-26T09:55:00Z".parse().unwrap());
}

#[tokio::test]
async fn an_account_has_no_more_than_it_may_have() {
    let world = world();
    world.put_table_of_dynamodb(TableSpec::new("prod-metapod-datomic".parse().unwrap()).units(10, 70));
    world.set_account_limits(AccountLimits::new(Capacity::new(100, 100), Capacity::new(100, 90)));
    let sets = async |write| world.tables().set_capacity(&name(), &change(Capacity::new(50, write))).await;
    assert_eq!(sets(91).await.unwrap_err().kind(), ErrorKind::Invalid, "more than a table may have");
    assert_eq!(sets(31).await.unwrap_err().kind(), ErrorKind::Rejected, "more than all tables may have");
    sets(30).await.unwrap();
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_seen_in_the_table() {
    let world = world();
    world.faults().next(1, Operation::SetCapacity, Fault::DropAfterEffect);
    let lost = world.tables().set_capacity(&name(), &change(Capacity::new(50, 30))).await.unwrap_err();
    assert_eq!((lost.kind(), lost.effect()), (ErrorKind::Unavailable, Effect::Possible));
    world.advance(Duration::from_secs(10));
    assert_eq!(world.table_of_dynamodb(&name()).unwrap().places[0].capacity, Capacity::new(50, 30));
    assert_eq!(world.count(Operation::SetCapacity, About::Table(&name()).subject()).effects, 1);
}

#[tokio::test]
async fn a_night_has_a_table_for_each_answer() {
    let world = World::seeded(1).at("2026-11-26T10:00:00Z".parse::<Timestamp>().unwrap());
    throttled_tables(&world, "prod").unwrap();
    let tables = world.tables();
    let window = Window::before(world.now(), SignedDuration::from_hours(1));
    let mut told = Vec::new();
    for name in tables.tables("prod-").await.unwrap() {
        let table = tables.table(&name).await.unwrap();
        let usage = tables.usage(&name, &Place::Table, &window).await.unwrap();
        let (scaling, limits) = (tables.scaling(&name).await.unwrap(), tables.limits().await.unwrap());
        for found in diagnose(&table, &[usage], &scaling, &limits, HeadRoom::default()) {
            told.push((name.as_str().to_owned(), found.unit, found.remedy));
        }
    }
    let bounds = Bounds::new(20, 40);
    let wanted = [
        ("prod-correnteza-datomic", Unit::Read, Remedy::SpreadKeys),
        ("prod-s1-ledger-datomic", Unit::Write, Remedy::RaiseMaximum { bounds, max: 69, from: 40 }),
        ("prod-s3-analytics-datomic", Unit::Write, Remedy::Raise { from: 20, to: 30 }),
    ];
    assert_eq!(told, wanted.map(|(name, unit, remedy)| (name.to_owned(), unit, remedy)));
    assert!(throttled_tables(&world, "no/name").is_err());
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
