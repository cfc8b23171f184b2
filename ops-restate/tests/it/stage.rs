//! A night with many committed datasets, behind ports in memory or behind sockets, and a person who approves everything.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use metapod_client::{DatasetFormat, DatasetId, MetapodClient, TransactionId};
use ops_client::Environment;
use ops_client::http::Endpoint;
use ops_plan::{Approval, Expect, Host, Plan, Registry, Target};
use ops_recipes::datasets::{Job, JobState, Jobs, MetapodWrites, RetractDatasets, RetractReads, Selection};
use ops_restate::{Archive, Engine, Handlers, Serving, Stage, Status};
use ops_sandbox::World;
use sonar_client::{Dataset, DatasetDetail, SonarClient, Transaction};

/// A server, handlers in this process over a world in memory, and a client.
pub(crate) struct Stand {
    pub(crate) world: World,
    pub(crate) engine: Engine,
    folder: tempfile::TempDir,
    _serving: Serving,
    server: restate_peer::Engine,
}

impl Stand {
    /// Nothing where there is no server; in CI that fails.
    pub(crate) async fn new() -> Option<Self> {
        let server = restate_peer::Engine::single(&restate_peer::binary()?).await.unwrap();
        let (world, folder) = (World::seeded(1), tempfile::tempdir().unwrap());
        let serving = handlers(folder.path(), in_memory(&world)).await;
        server.register(&serving.address()).await.unwrap();
        let engine = engine(&server.ingress());
        Some(Self { world, engine, folder, _serving: serving, server })
    }

    pub(crate) fn host(&self) -> Registry {
        in_memory(&self.world)
    }

    pub(crate) fn archive(&self) -> &Path {
        self.folder.path()
    }

    /// How many datasets of a night were changed.
    pub(crate) fn effects(&self, night: u32, datasets: u32) -> usize {
        (0..datasets).filter(|&number| self.world.effects(dataset(night, number)) > 0).count()
    }

    /// Waits until so many datasets of a night were changed.
    pub(crate) async fn changed(&self, night: u32, datasets: u32, many: usize) {
        eventually(async || self.effects(night, datasets) >= many).await;
    }

    /// Waits until a run stands so.
    pub(crate) async fn until(&self, run: &str, so: impl Fn(&Status) -> bool) {
        eventually(async || self.engine.status(run).await.unwrap().is_some_and(|status| so(&status))).await;
    }

    /// Waits until the engine has begun a run that was submitted.
    pub(crate) async fn begun(&self, run: &str) {
        let begun = format!("select count(*) as n from state where service_key = '{run}' and key = 'stage'");
        eventually(async || self.server.query(&begun).await.unwrap()[0]["n"] == 1).await;
    }

    /// Ends one of the parts that walk, with the engine's own tools.
    pub(crate) async fn end_a_part(&self, how: &str) {
        let walking = "select id from sys_invocation where target_service_name = 'OpsPart' and status = 'running'";
        let id = self.server.query(walking).await.unwrap()[0]["id"].as_str().unwrap().to_owned();
        let admin = Endpoint::builder(Environment::new("test"), &self.server.admin()).build().unwrap();
        admin.patch("test.end").segments(&["invocations", &id, how]).send().await.unwrap();
    }

    /// Waits until nobody holds a subject.
    pub(crate) async fn free(&self, kind: &str, id: &str) {
        eventually(async || self.engine.holder("staging", kind, id).await.unwrap().is_none()).await;
    }
}

async fn eventually(so: impl AsyncFn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !so().await {
        assert!(Instant::now() < until, "it did not come to pass");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The transaction of a night: each night its own, so that they do not lock each other out.
pub(crate) fn transaction(night: u32) -> TransactionId {
    format!("f7832a01-001b-56f7-a4fe-b3a4{night:08x}").parse().unwrap()
}

pub(crate) fn dataset(night: u32, number: u32) -> DatasetId {
    format!("6a191f80-{:04x}-4a30-ab34-{night:04x}{number:08x}", 0xe400 + night).parse().unwrap()
}

/// Puts a night of so many committed datasets into a world.
pub(crate) fn put_night(world: &World, night: u32, datasets: u32) {
    let details: Vec<DatasetDetail> = (0..datasets)
        .map(|number| {
            let path = format!("s3://example-metapod/{night:04x}/{number:08x}").parse().unwrap();
            let name = format!("dataset/d-{number}").parse().unwrap();
            let at = "2026-11-22T01:04:05.678Z".parse().unwrap();
            DatasetDetail::new(Dataset::new(dataset(night, number), name).committed_at(
                at,
                path,
                DatasetFormat::Parquet,
            ))
        })
        .collect();
    let mut whole = Transaction::new(transaction(night));
    whole.transaction_type = Some("DAILY".to_owned().into());
    whole.target_date = Some("2026-11-22".parse().unwrap());
    whole.started_at = Some("2026-11-22T00:01:04Z".parse().unwrap());
    world.put(&whole, &details).unwrap();
}

/// How often each dataset of a night was changed: the numbers of those that were not changed exactly once.
pub(crate) fn not_once(world: &World, night: u32, datasets: u32) -> Vec<(u32, u64)> {
    let effects = (0..datasets).map(|number| (number, world.effects(dataset(night, number))));
    effects.filter(|(_, effects)| *effects != 1).collect()
}

struct Idle;

#[async_trait::async_trait]
impl Jobs for Idle {
    async fn jobs(&self, _: TransactionId) -> ops_client::Result<Vec<Job>> {
        Ok(vec![Job::new("spark-contracts", JobState::Succeeded)])
    }
}

/// The recipe over the world in memory.
pub(crate) fn in_memory(world: &World) -> Registry {
    let reads = RetractReads::new(Arc::new(world.sonar()), Arc::new(world.metapod())).with_jobs(Arc::new(Idle));
    Registry::new().with::<RetractDatasets>(reads, MetapodWrites::new(Arc::new(world.metapod())))
}

/// The recipe over sockets.
pub(crate) fn over_sockets(metapod: &str, sonar: &str) -> Registry {
    let environment = || Environment::new("staging");
    let metapod = Arc::new(MetapodClient::builder(environment(), metapod).build().unwrap());
    let sonar = Arc::new(SonarClient::builder(environment(), sonar).build().unwrap());
    let reads = RetractReads::new(sonar, Arc::clone(&metapod) as _).with_jobs(Arc::new(Idle));
    Registry::new().with::<RetractDatasets>(reads, MetapodWrites::new(metapod))
}

pub(crate) fn target() -> Target {
    Target::new("staging")
}

pub(crate) fn recipe(night: u32) -> RetractDatasets {
    RetractDatasets::new(transaction(night), Selection::AllCommitted)
}

/// Plans to retract a whole night.
pub(crate) async fn plan(host: &dyn Host, night: u32) -> Plan {
    host.plan(ops_plan::Ask::new(&recipe(night), target(), Timestamp::now()).unwrap()).await.unwrap()
}

/// The word of somebody who has read everything.
pub(crate) fn yes(plan: &Plan) -> Approval {
    let head = plan.head();
    let mut word = Approval::new(plan.digest(), "ada", Timestamp::now())
        .expecting(Expect::exactly(head.changes() as u64))
        .accepting("share", "a test");
    for finding in head.findings.iter().filter(|finding| finding.verdict == ops_plan::Verdict::Ask) {
        word = word.accepting(finding.guard.clone(), "a test");
    }
    word
}

pub(crate) async fn handlers(archive: &Path, host: Registry) -> Serving {
    handlers_at(archive, host, "127.0.0.1:0".parse().unwrap()).await
}

pub(crate) async fn handlers_at(archive: &Path, host: Registry, address: SocketAddr) -> Serving {
    let archive = Archive::folder(archive).unwrap();
    Handlers::new(archive).with(target(), Arc::new(host)).listen(address).await.unwrap()
}

pub(crate) fn engine(ingress: &str) -> Engine {
    Engine::builder(Environment::new("staging"), ingress).build().unwrap()
}

/// The run's last status; fails where it does not end in time.
pub(crate) async fn ended(engine: &Engine, run: &str, within: Duration) -> Status {
    let until = Instant::now() + within;
    let mut last = String::new();
    while Instant::now() < until {
        // A node that was just killed does not answer.
        match engine.status(run).await {
            Ok(Some(status)) if matches!(status.stage, Stage::Ended { .. }) => return status,
            other => last = format!("{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{run} has not ended after {within:?}: {last}");
}
