//! Sessions: whose they are, and who may end them.

use std::time::Duration;

use ops_sandbox::redshift::Rights;
use redshift_ops::{ErrorKind, LockMode, WarehouseRead, WarehouseWrite};

use super::world;

#[tokio::test]
async fn a_process_that_serves_another_session_is_left_alone() {
    let world = world();
    world.put_table("fact.bills", 10);
    let old = world.hold_table("sandrews", "fact.bills").unwrap();
    let new = world.reuse_pid(&old, "metabase");
    assert!(new.pid == old.pid && new.started > old.started);
    let warehouse = world.warehouse_as("sao_pedro");
    for error in [warehouse.terminate(&old).await, warehouse.cancel(&old).await].map(|done| done.unwrap_err()) {
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }
    world.advance(Duration::from_secs(60));
    assert_eq!(world.terminations(&old), 0);
    assert!(world.sessions().iter().any(|session| session.key == new && session.user == "metabase"));
    assert_eq!(warehouse.last_query(&old).await.unwrap(), None);
    assert!(world.locks().is_empty());
}

#[tokio::test]
async fn an_operator_ends_no_superuser() {
    let world = world();
    world.put_user("auditor", Rights::Superuser);
    let session = world.open_session("auditor");
    let error = world.warehouse_as("operator").terminate(&session).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    world.put_user("auditor", Rights::Plain);
    world.warehouse_as("operator").terminate(&session).await.unwrap();
}

#[tokio::test]
async fn a_port_has_a_session_as_long_as_it_lives() {
    let world = world();
    assert_eq!(world.warehouse_as("nobody").me().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    let port = world.warehouse_as("monitor");
    assert!(world.sessions().is_empty(), "it connects when it is asked");
    let me = port.me().await.unwrap();
    let clone = port.clone();
    drop(port);
    assert_eq!(clone.me().await.unwrap(), me);
    assert_eq!(world.sessions().len(), 1);
    // In a world that was emptied nobody takes another's session for their own.
    world.clear();
    let other = world.open_session("sandrews");
    assert_ne!(clone.me().await.unwrap().pid, other.pid);
    drop(clone);
    assert_eq!(world.sessions().into_iter().map(|session| session.key).collect::<Vec<_>>(), [other]);
}

#[tokio::test]
async fn writers_exclude_each_other_and_not_readers() {
    let world = world();
    world.put_table("fact.bills", 10);
    let [first, second] = ["loader", "sandrews"].map(|user| world.open_session(user));
    for session in [&first, &second] {
        world.lock_table(session, "fact.bills", LockMode::ShareRowExclusive, "insert into fact.bills").unwrap();
    }
    world.hold_table("metabase", "fact.bills").unwrap();
    let granted: Vec<_> = world.locks().into_iter().map(|lock| (lock.user, lock.granted)).collect();
    let wanted = [("loader", true), ("sandrews", false), ("metabase", true)];
    assert_eq!(granted, wanted.map(|(user, granted)| (user.to_owned(), granted)));
    world.end_transaction(&first);
    assert!(world.locks().iter().all(|lock| lock.granted && lock.user != "loader"));
    assert_eq!(
        world.lock_table(&first, "fact.none", LockMode::AccessShare, "x").unwrap_err().kind(),
        ErrorKind::NotFound
    );
}
