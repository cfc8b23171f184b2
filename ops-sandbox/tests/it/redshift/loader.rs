//! The loader: how it loads, hangs, goes on, fails and starts again.

use std::time::Duration;

use ops_sandbox::redshift::LoaderSpec;
use ops_sandbox::scenario::{self, HungLoad, LoadTrouble};
use ops_sandbox::{Fault, Operation, World};
use redshift_ops::{
    ClusterWrite, Effect, ErrorKind, LoadFilter, LoadsRead, LockGraph, LockMode, WarehouseRead, WarehouseWrite,
};

use super::world;

fn staged(trouble: LoadTrouble) -> (World, HungLoad) {
    let world = world();
    let load = scenario::hung_load_with(&world, trouble, None).unwrap();
    (world, load)
}

const MINUTE: Duration = Duration::from_secs(60);

/// How many tables are loaded for the transaction.
async fn loaded(world: &World, load: &HungLoad) -> usize {
    let filter = LoadFilter::newest().of_transaction(load.transaction.to_string());
    world.warehouse_as("sao_pedro").loads(&filter).await.unwrap().len()
}

#[tokio::test]
async fn a_healthy_load_ends_by_itself() {
    let (world, load) = staged(LoadTrouble::Healthy);
    assert_eq!((load.reader, loaded(&world, &load).await), (None, 0));
    let log = world.loader_log();
    let report = log.lines().rfind(|line| line.contains(":progress-reporter")).unwrap();
    assert!(report.contains(":wip {\"ratings\" :copying}, :done-count 11, :wip-count 1, "), "{report}");
    let held = world.locks().into_iter().filter(|lock| lock.user == "loader");
    let tables: Vec<_> = held.filter_map(|lock| lock.relation.name).collect();
    assert_eq!(tables, ["temporary_fact.renegotiations"], "nobody who reads is in its way");
    world.advance(3 * MINUTE);
    assert!(world.is_loaded(load.loader));
    assert_eq!((loaded(&world, &load).await, world.loader_session(load.loader)), (24, None));
    let warehouse = world.warehouse_as("metabase");
    assert_eq!(warehouse.schemas().await.unwrap(), ["dimension", "fact", "meta"]);
    let newest = warehouse.loads(&LoadFilter::newest().of_table("fraud_report_policy")).await.unwrap();
    let transactions: Vec<_> = newest.into_iter().map(|load| load.transaction).collect();
    assert_eq!(transactions, [load.transaction, load.yesterday].map(|id| id.to_string()));
    let log = world.loader_log();
    assert!(
        log.lines().last().unwrap().ends_with(":statement [\"ALTER SCHEMA temporary_dimension RENAME TO dimension\"]}")
    );
    world.advance(60 * MINUTE);
    assert_eq!(world.loader_log(), log, "it has ended");
    // The next one finds the tables there.
    let next = world.put_loader(LoaderSpec::new("another", load.target_date));
    world.advance(6 * MINUTE);
    assert!(world.is_loaded(next) && world.loads().len() == 3 * 24);
}

#[tokio::test]
async fn a_reader_in_between_makes_it_hang_for_ever() {
    let (world, load) = staged(LoadTrouble::Reader);
    let (reader, loader) = (load.reader.unwrap(), load.loader_session);
    world.advance(600 * MINUTE);
    let warehouse = world.warehouse_as("monitor");
    let graph = LockGraph::of(&warehouse.contended_locks().await.unwrap());
    assert_eq!((graph.roots(), graph.roots_of(loader.pid)), (vec![reader.pid], vec![reader.pid]));
    assert_eq!((loaded(&world, &load).await, world.loader_starts(load.loader)), (0, 1));

    // It looks as capivara's log did that night.
    let log = world.loader_log();
    let lines: Vec<&str> = log.lines().collect();
    let kill = lines.iter().position(|line| line.contains(":killing-schema-query")).unwrap();
    assert!(lines[kill].ends_with(":username \"sandrews\"}"), "{}", lines[kill]);
    assert!(lines[kill + 1].ends_with(
        "{:line 91, :cid \"DEFAULT\", :log :execute-statement, :statement [\"DROP SCHEMA IF EXISTS fact CASCADE\"]}"
    ));
    let rest = &lines[kill + 2..];
    assert!(rest.len() > 1200 && rest.iter().all(|line| line.contains(":wip {}, :done-count 24, :wip-count 0, ")));
    let transaction =
        format!(":total-count 24, :transaction-id \"{}\", :target-date \"2018-01-18\"}}}}", load.transaction);
    assert!(rest[0].ends_with(&transaction), "{}", rest[0]);
}

#[tokio::test]
async fn without_the_reader_it_goes_on() {
    let (world, load) = staged(LoadTrouble::Reader);
    let reader = load.reader.unwrap();
    world.warehouse_as("sao_pedro").terminate(&reader).await.unwrap();
    assert_eq!(world.terminations(&reader), 1);
    world.advance(Duration::from_secs(1));
    assert!(world.sessions().iter().all(|session| session.key != reader));
    assert!(!world.is_loaded(load.loader), "a drop takes its time");
    world.advance(MINUTE);
    assert!(world.is_loaded(load.loader));
    assert_eq!((loaded(&world, &load).await, world.loader_starts(load.loader)), (24, 1));
}

#[tokio::test]
async fn the_second_reader_is_seen_when_the_first_is_gone() {
    let (world, load) = staged(LoadTrouble::SecondBlocker);
    let warehouse = world.warehouse_as("sao_pedro");
    let roots = async || LockGraph::of(&warehouse.contended_locks().await.unwrap()).roots();
    let (first, second) = (load.reader.unwrap(), load.second.unwrap());
    assert_eq!(roots().await, [first.pid]);
    warehouse.terminate(&first).await.unwrap();
    world.advance(Duration::from_secs(5));
    assert!(roots().await.is_empty(), "the first schema is being dropped");
    world.advance(MINUTE);
    assert_eq!(roots().await, [second.pid]);
    warehouse.terminate(&second).await.unwrap();
    world.advance(MINUTE);
    assert_eq!((loaded(&world, &load).await, world.all_terminations()), (24, 2));
}

#[tokio::test]
async fn a_reader_may_be_protected_or_another_load() {
    let (world, load) = staged(LoadTrouble::ProtectedReader);
    let warehouse = world.warehouse_as("sao_pedro").protecting([&load.protected]);
    let error = warehouse.terminate(&load.reader.unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::None));

    let (world, load) = staged(LoadTrouble::OtherLoader);
    let locks = world.locks();
    let held = locks.iter().find(|lock| lock.pid == load.reader.unwrap().pid).unwrap();
    assert_eq!((held.user.as_str(), &held.mode), ("loader", &LockMode::ShareRowExclusive));
    assert_eq!(held.relation.name, Some(load.table));
}

#[tokio::test]
async fn where_nobody_blocks_only_a_reboot_helps() {
    let (world, load) = staged(LoadTrouble::NobodyBlocks);
    world.advance(60 * MINUTE);
    let warehouse = world.warehouse_as("sao_pedro");
    assert!(warehouse.contended_locks().await.unwrap().is_empty());
    assert!(!warehouse.locks_of(load.loader_session.pid).await.unwrap().is_empty());
    world.redshift_cluster().reboot(&load.cluster).await.unwrap();
    world.advance(10 * MINUTE);
    assert_eq!((loaded(&world, &load).await, world.loader_starts(load.loader)), (24, 2));
}

#[tokio::test]
async fn a_reboot_ends_all_sessions_and_the_load_starts_again() {
    let (world, load) = staged(LoadTrouble::Reader);
    let warehouse = world.warehouse_as("sao_pedro");
    let before = warehouse.me().await.unwrap().pid;
    world.redshift_cluster().reboot(&load.cluster).await.unwrap();
    assert!(world.sessions().is_empty() && world.locks().is_empty());
    let error = warehouse.sessions().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::None));
    let log = world.loader_log();
    assert!(log.lines().last().unwrap().contains("ERROR") && log.contains("terminating connection"), "{log}");

    world.advance(Duration::from_secs(10));
    assert_ne!(warehouse.me().await.unwrap().pid, before, "it has another session");
    assert_eq!((world.loader_session(load.loader), world.loader_starts(load.loader)), (None, 1));
    world.advance(MINUTE);
    assert!(world.loader_session(load.loader).is_some_and(|session| session != load.loader_session));
    assert_eq!(world.loader_starts(load.loader), 2);
    assert!(world.loader_log().lines().last().unwrap().contains("COPY temporary_"));
    world.advance(6 * MINUTE);
    assert_eq!((loaded(&world, &load).await, world.reboots(&load.cluster)), (24, 1));
}

#[tokio::test]
async fn it_tries_again_until_the_cluster_is_back() {
    let (world, load) = staged(LoadTrouble::Reader);
    let clusters = world.redshift_cluster();
    clusters.pause(&load.cluster).await.unwrap();
    world.advance(10 * MINUTE);
    let refused = world.loader_log().matches("Connection refused").count();
    assert_eq!((refused, world.loader_starts(load.loader)), (10, 1));
    clusters.resume(&load.cluster).await.unwrap();
    world.advance(10 * MINUTE);
    assert_eq!(loaded(&world, &load).await, 24);
}

#[tokio::test]
async fn whoever_ends_the_loader_ends_the_load() {
    for cancels in [false, true] {
        let (world, load) = staged(LoadTrouble::Reader);
        let warehouse = world.warehouse_as("sao_pedro");
        let loader = load.loader_session;
        if cancels {
            warehouse.cancel(&loader).await.unwrap()
        } else {
            warehouse.terminate(&loader).await.unwrap()
        }
        world.advance(Duration::from_secs(1));
        assert_eq!((loaded(&world, &load).await, world.loader_session(load.loader)), (0, None));
        // The reader still sits there: the next time it is killed.
        world.advance(6 * MINUTE);
        assert_eq!((loaded(&world, &load).await, world.loader_starts(load.loader)), (24, 2));
    }
}

#[tokio::test]
async fn readers_queue_behind_the_drop() {
    let (world, load) = staged(LoadTrouble::Reader);
    let late = world.hold_table("metabase", &load.table).unwrap();
    let warehouse = world.warehouse_as("sao_pedro");
    let graph = LockGraph::of(&warehouse.contended_locks().await.unwrap());
    assert_eq!(graph.chain(late.pid).len(), 2, "{graph}");
    assert_eq!(graph.blocked_by(load.reader.unwrap().pid), [load.loader_session.pid, late.pid]);
    assert!(warehouse.running().await.unwrap().iter().any(|query| query.pid == late.pid));
    world.close_session(&load.reader.unwrap());
    world.advance(MINUTE);
    // The table that it wanted is gone, another bears its name.
    assert!(world.is_loaded(load.loader));
    assert!(world.locks().iter().all(|lock| lock.granted));
    assert!(warehouse.last_query(&late).await.unwrap().unwrap().ended.is_some());
}

#[tokio::test]
async fn a_lost_answer_may_have_ended_the_reader() {
    let (world, load) = staged(LoadTrouble::Reader);
    let (warehouse, reader) = (world.warehouse_as("operator"), load.reader.unwrap());
    world.faults().next(1, Operation::TerminateSession, Fault::DropAfterEffect);
    let error = warehouse.terminate(&reader).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::Possible));
    // It has not gone yet: asked for again, nothing changes.
    warehouse.terminate(&reader).await.unwrap();
    assert_eq!(world.terminations(&reader), 1);
    world.advance(MINUTE);
    assert_eq!(warehouse.terminate(&reader).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(loaded(&world, &load).await, 24);
}

#[tokio::test]
async fn the_load_is_that_of_the_night() {
    let (world, night) = World::nightly(1);
    let load = scenario::hung_load_with(&world, LoadTrouble::Reader, Some(&night)).unwrap();
    assert_eq!((load.transaction, load.target_date), (night.transaction, night.target_date));
    assert!(world.loader_log().contains(&night.transaction.to_string()));
    assert!(world.loads().iter().all(|row| row.metapod_transaction_id == night.yesterday.to_string()));
}
