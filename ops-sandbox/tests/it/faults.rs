//! Each fault, over sockets and in memory: what happened, and what the caller is told. Both ways must agree.

use std::time::Duration;

use metapod_client::{
    CommitDataset, CommitFormat, DatasetId, Effect, ErrorKind, MetapodRead, MetapodWrite, TransactionId,
};
use ops_client::Error;
use ops_sandbox::scenario::{Bulk, bulk};
use ops_sandbox::{Fault, Operation, Server, System, Target, World};
use sonar_client::{DatasetFilter, SonarRead};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::{metapod, sonar};

const FAULTS: &[(Fault, ErrorKind, Effect)] = &[
    (Fault::Status(500), ErrorKind::Unavailable, Effect::Possible),
    (Fault::Status(503), ErrorKind::Unavailable, Effect::Possible),
    (Fault::StatusAfterEffect(504), ErrorKind::Unavailable, Effect::Possible),
    (Fault::Status(409), ErrorKind::Conflict, Effect::None),
    (Fault::Status(403), ErrorKind::Forbidden, Effect::None),
    (Fault::Status(408), ErrorKind::Timeout, Effect::Possible),
    (Fault::Throttle { retry_after: Duration::from_secs(2) }, ErrorKind::RateLimited, Effect::None),
    (Fault::DropBeforeEffect, ErrorKind::Unavailable, Effect::Possible),
    (Fault::DropAfterEffect, ErrorKind::Unavailable, Effect::Possible),
    (Fault::HalfBody, ErrorKind::Unavailable, Effect::Possible),
    (Fault::ExpiredToken, ErrorKind::Unauthenticated, Effect::None),
    (Fault::Html, ErrorKind::Decode, Effect::Possible),
];

struct Both {
    server: Server,
    transaction: TransactionId,
}

impl Both {
    async fn new(datasets: usize) -> Self {
        let world = World::seeded(11);
        let transaction = bulk(&world, Bulk::new(datasets)).unwrap();
        Self { server: Server::start(world).await.unwrap(), transaction }
    }

    fn world(&self) -> &World {
        self.server.world()
    }

    fn dataset(&self, at: usize) -> DatasetId {
        self.world().dataset_ids(self.transaction)[at]
    }
}

fn facts(error: &Error) -> (&'static str, ErrorKind, Effect, Option<u16>, Option<Duration>) {
    (error.op(), error.kind(), error.effect(), error.status(), error.retry_after())
}

#[tokio::test]
async fn a_retract_goes_wrong_in_memory_as_over_sockets() {
    let both = Both::new(1).await;
    let (world, id) = (both.world(), both.dataset(0));
    let (far, near) = (metapod(&both.server), world.metapod());
    for &(fault, kind, effect) in FAULTS {
        let mut told = Vec::new();
        for port in [&far as &dyn MetapodWrite, &near] {
            world.recommit(id).unwrap();
            world.clear_log();
            world.faults().next(1, Operation::RetractCommittedDataset, fault);
            let error = port.retract_committed_dataset(id).await.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (kind, effect), "{fault:?}");
            assert_eq!((world.calls(id), world.effects(id)), (1, u64::from(fault.takes_effect())), "{fault:?}");
            let refused = world.count(Operation::RetractCommittedDataset, id.uuid()).refused;
            assert_eq!(refused == 1, effect == Effect::None, "{fault:?}");
            told.push(facts(&error));
        }
        assert_eq!(told[0], told[1], "{fault:?}");
    }
}

#[tokio::test]
async fn a_commit_goes_wrong_in_memory_as_over_sockets() {
    let both = Both::new(1).await;
    let (world, id) = (both.world(), both.dataset(0));
    let commit =
        CommitDataset::new(both.transaction, id, CommitFormat::Parquet, "s3://example/empty.parquet".parse().unwrap());
    let (far, near) = (metapod(&both.server), world.metapod());
    for &(fault, kind, effect) in FAULTS {
        let mut told = Vec::new();
        for port in [&far as &dyn MetapodWrite, &near] {
            world.retract(id).unwrap();
            world.clear_log();
            world.faults().next(1, Operation::CommitDataset, fault);
            let error = port.commit_dataset(&commit).await.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (kind, effect), "{fault:?}");
            let count = world.count(Operation::CommitDataset, id.uuid());
            assert_eq!((count.calls, count.effects), (1, u64::from(fault.takes_effect())), "{fault:?}");
            assert_eq!(world.dataset(id).unwrap().dataset.committed, fault.takes_effect());
            told.push(facts(&error));
        }
        assert_eq!(told[0], told[1], "{fault:?}");
    }
}

#[tokio::test]
async fn a_read_goes_wrong_in_memory_as_over_sockets_and_never_has_an_effect() {
    let both = Both::new(3).await;
    let world = both.world();
    let (far, near) = (sonar(&both.server), world.sonar());
    for &(fault, kind, _) in FAULTS {
        let mut told = Vec::new();
        for port in [&far as &dyn SonarRead, &near] {
            world.faults().next(1, System::Sonar, fault);
            let error = port.datasets(both.transaction, &DatasetFilter::all()).await.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{fault:?}");
            told.push(facts(&error));
            assert_eq!(port.datasets(both.transaction, &DatasetFilter::all()).await.unwrap().len(), 3);
        }
        assert_eq!(told[0], told[1], "{fault:?}");
    }
}

#[tokio::test]
async fn refusals_are_told_alike() {
    let both = Both::new(1).await;
    let (far, near) = (metapod(&both.server), both.world().metapod());
    let stray = DatasetId::from_uuid(uuid::Uuid::nil());
    let commit =
        CommitDataset::new(both.transaction, both.dataset(0), CommitFormat::Avro, "s3://example/x".parse().unwrap());
    let unknown = TransactionId::from_uuid(uuid::Uuid::nil());
    let mut told = Vec::new();
    for (read, write) in [(&far as &dyn MetapodRead, &far as &dyn MetapodWrite), (&near, &near)] {
        told.push([
            facts(&write.retract_committed_dataset(stray).await.unwrap_err()),
            facts(&write.commit_dataset(&commit).await.unwrap_err()),
            facts(&write.copy_transaction(unknown, &[]).await.unwrap_err()),
            facts(&write.copy_transaction(both.transaction, &["dataset/nobody".parse().unwrap()]).await.unwrap_err()),
            facts(&read.transaction(unknown).await.unwrap_err()),
        ]);
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn a_late_answer_is_still_an_answer_until_patience_ends() {
    let both = Both::new(2).await;
    let world = both.world();
    world.faults().next(2, Target::All, Fault::Delay(Duration::from_millis(60)));
    for port in [&metapod(&both.server) as &dyn MetapodWrite, &world.metapod()] {
        let begun = std::time::Instant::now();
        port.retract_committed_dataset(both.dataset(0)).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(60));
    }
    assert_eq!((world.calls(both.dataset(0)), world.effects(both.dataset(0))), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_does_not_know() {
    let world = World::seeded(1);
    let transaction = bulk(&world, Bulk::new(1)).unwrap();
    let id = world.dataset_ids(transaction)[0];
    world.faults().next(1, Target::All, Fault::Delay(Duration::from_secs(3600)));
    let error = world.metapod().retract_committed_dataset(id).await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), world.effects(id)), (ErrorKind::Timeout, Effect::Possible, 1));
}

/// What really goes over the wire.
async fn raw(server: &Server, id: DatasetId) -> String {
    let address = server.url().replace("http://", "");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request =
        format!("POST /api/migrations/retract/committed-dataset/{id} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let _ = tokio::time::timeout(Duration::from_millis(500), stream.read_to_end(&mut bytes)).await;
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn faults_are_real_on_the_wire() {
    let both = Both::new(1).await;
    let (world, id) = (both.world(), both.dataset(0));
    let whole = raw(&both.server, id).await;
    assert!(whole.starts_with("HTTP/1.1 200") && whole.ends_with("\r\n\r\n{}"), "{whole}");

    world.faults().next(1, Target::All, Fault::HalfBody);
    let half = raw(&both.server, id).await;
    assert!(half.contains("content-length: 2\r\n") && half.ends_with("\r\n\r\n{"), "{half}");
    for fault in [Fault::DropBeforeEffect, Fault::DropAfterEffect] {
        world.faults().next(1, Target::All, fault);
        assert_eq!(raw(&both.server, id).await, "");
    }
    world.faults().next(1, Target::All, Fault::Throttle { retry_after: Duration::from_millis(1500) });
    assert!(raw(&both.server, id).await.contains("retry-after: 2\r\n"));
}

#[tokio::test]
async fn with_a_third_of_the_replies_failing_persistence_wins_and_nothing_happens_twice() {
    let both = Both::new(300).await;
    let world = both.world();
    world.faults().everything(0.3, 5);
    let (metapod, sonar) = (metapod(&both.server), sonar(&both.server));
    for id in world.dataset_ids(both.transaction) {
        while metapod.retract_committed_dataset(id).await.is_err() {}
    }
    let left = loop {
        if let Ok(left) = sonar.committed_count(both.transaction).await {
            break left;
        }
    };
    assert_eq!(left, 0);
    assert!(world.dataset_ids(both.transaction).into_iter().all(|id| world.effects(id) == 1));
    assert!(world.faults().fired() > 50, "{}", world.faults().fired());
}
