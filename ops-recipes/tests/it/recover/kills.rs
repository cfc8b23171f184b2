//! A process is killed (SIGKILL) between any two rungs, and at every record inside of one; whoever takes the ladder up comes to the
//! same end, and everything was done once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_client::{AuroraClient, Environment, MesosClient, TaskStatus};
use fleet_ops::{FleetRead, FleetWrite, Group, GroupFilter, InstanceId, Refresh, RefreshRequest, Size};
use futures_util::StreamExt;
use ops_client::http::{Credential, Endpoint};
use ops_client::{Effect, Error, ErrorKind, Probe, Result};
use ops_recipes::recover::{Rung, Step};
use ops_sandbox::scenario::{Recovery, TroubledNight};
use ops_sandbox::{Operation, Server, World};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{Person, Plot, Systems, night};
use crate::death::{Records, Said, errand, killed, say};

/// So many nights at once.
const AT_ONCE: usize = 6;
/// A moment of played time.
const TICK: Duration = Duration::from_millis(100);

/// What a child does: it climbs until the record of this number is about to be written, or until so many rungs are climbed.
#[derive(Serialize, Deserialize)]
struct Errand {
    plot: Plot,
    folder: PathBuf,
    aurora: Vec<String>,
    mesos: String,
    fleet: String,
    record: Option<usize>,
    rungs: Option<usize>,
}

/// Machines of another process: one line each way.
struct Remote(String);

impl Remote {
    async fn ask<T: DeserializeOwned>(&self, what: Value) -> Result<T> {
        let lost = |error: String| Error::new("remote", ErrorKind::Unavailable, Effect::Possible).with_message(error);
        let mut stream = TcpStream::connect(&self.0).await.map_err(|error| lost(error.to_string()))?;
        stream.write_all(format!("{what}\n").as_bytes()).await.map_err(|error| lost(error.to_string()))?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await.map_err(|error| lost(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| lost(format!("{error}: {text}")))
    }
}

/// The ladder asks for one group, and changes its size by a job.
fn never() -> Error {
    Error::invalid("remote", "this is not served")
}

#[async_trait]
impl FleetRead for Remote {
    async fn probe(&self) -> Result<Probe> {
        Ok(Probe::new("the parent", Duration::ZERO))
    }

    async fn groups(&self, _: &GroupFilter) -> Result<Vec<Group>> {
        Err(never())
    }

    async fn group(&self, name: &str) -> Result<Group> {
        self.ask(json!({ "group": name })).await
    }

    async fn refreshes(&self, group: &str) -> Result<Vec<Refresh>> {
        self.ask(json!({ "refreshes": group })).await
    }
}

#[async_trait]
impl FleetWrite for Remote {
    async fn replace(&self, machine: &InstanceId) -> Result<()> {
        self.ask(json!({ "replace": machine })).await
    }

    async fn set_size(&self, _: &str, _: Size) -> Result<()> {
        Err(never())
    }

    async fn start_refresh(&self, _: &str, _: &RefreshRequest) -> Result<String> {
        Err(never())
    }

    async fn cancel_refresh(&self, _: &str) -> Result<()> {
        Err(never())
    }
}

/// Serves the machines of a world to children.
async fn serve(world: World) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let world = world.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                // A child that was killed may have sent nothing, or hear nothing.
                if stream.read_line(&mut line).await.is_err() || line.is_empty() {
                    return;
                }
                let asked: Value = serde_json::from_str(&line).unwrap();
                let (fleet, text) = (world.fleet(), |name: &str| asked[name].as_str().map(str::to_owned));
                let answer = if let Some(group) = text("group") {
                    serde_json::to_value(fleet.group(&group).await.unwrap())
                } else if let Some(group) = text("refreshes") {
                    serde_json::to_value(fleet.refreshes(&group).await.unwrap())
                } else {
                    fleet.replace(&InstanceId::new(text("replace").unwrap())).await.unwrap();
                    Ok(Value::Null)
                };
                let _ = stream.get_mut().write_all(answer.unwrap().to_string().as_bytes()).await;
            });
        }
    });
    address
}

impl Errand {
    fn systems(&self) -> Systems {
        let credential = || Credential::basic("admin", "admin".to_owned().into());
        let endpoint =
            |url: &str| Endpoint::builder(Environment::new("test"), url).credential(credential()).build().unwrap();
        let aurora = self.aurora.iter().map(|url| endpoint(url)).collect();
        let aurora = Arc::new(AuroraClient::of(aurora).unwrap());
        let fleet = Arc::new(Remote(self.fleet.clone()));
        Systems {
            aurora: aurora.clone(),
            aurora_writes: aurora,
            mesos: Arc::new(MesosClient::of(vec![endpoint(&self.mesos)]).unwrap()),
            fleet: fleet.clone(),
            fleet_writes: fleet,
            more: |reads, _| reads,
            world: None,
        }
    }
}

/// A night that other processes can reach.
struct Scene {
    world: World,
    night: Recovery,
    server: Server,
    fleet: String,
    folder: tempfile::TempDir,
    first: Vec<InstanceId>,
}

impl Scene {
    async fn new(kind: TroubledNight) -> Self {
        let (world, night) = night(kind);
        let machines = world.group(&night.stack.on_demand).unwrap().machines;
        Self {
            server: Server::start(world.clone()).await.unwrap(),
            fleet: serve(world.clone()).await,
            folder: tempfile::tempdir().unwrap(),
            first: machines.into_iter().map(|machine| machine.id).collect(),
            world,
            night,
        }
    }

    fn person(&self) -> Person {
        Person::new(Systems::of(&self.world), Plot::of(&self.night), self.folder.path())
    }

    async fn child(&self, record: Option<usize>, rungs: Option<usize>) -> Said {
        let mut plot = Plot::of(&self.night);
        // A child looks at Aurora and the machines alone: who takes over sees the run in Airflow, too.
        plot.ladder.run = None;
        let errand = Errand {
            plot,
            folder: self.folder.path().to_owned(),
            aurora: self.server.aurora_urls(),
            mesos: self.server.mesos_url(),
            fleet: self.fleet.clone(),
            record,
            rungs,
        };
        tokio::task::spawn_blocking(move || killed(&errand, "recover::kills::child")).await.unwrap()
    }

    /// Somebody else takes the ladder up; it comes to the end of the night, with every effect once.
    ///
    /// A machine whose replacement may have been asked for is given the whole time that this takes, so time is played here.
    fn taken_up(&self, rungs: &[Rung], jobs: &[TaskStatus], when: &str) {
        let person = self.person();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        self.world.set_time(self.world.now());
        let ticking = self.world.clone();
        let step = runtime.block_on(async {
            let ticks = tokio::spawn(async move {
                loop {
                    tokio::time::sleep(TICK).await;
                    ticking.advance(TICK);
                }
            });
            let (_, step) = person.climbs().await;
            ticks.abort();
            step
        });
        assert!(matches!(step, Step::Done(_)), "{when}: {step:?}");
        assert_eq!(person.climbed(), rungs, "{when}");
        let transaction = self.night.transaction.to_string();
        let tasks = self.world.aurora_tasks(&self.night.job);
        let ours = tasks.iter().filter(|task| task.config.label("metapod_transaction") == Some(&transaction));
        assert_eq!(ours.map(|task| task.status).collect::<Vec<_>>(), jobs, "{when}");
        let replaced = self.world.log().into_iter().filter(|line| line.operation == Operation::ReplaceMachine);
        let replaced: u64 = replaced.map(|line| line.count.effects).sum();
        assert_eq!(replaced, self.first.len() as u64, "{when}: each machine once");
        let scaled = self.world.aurora_tasks(&self.night.scale_job).len() - 1;
        assert_eq!(scaled, usize::from(rungs.contains(&Rung::ScaleUp)), "{when}");
    }
}

const NETWORK: [Rung; 2] = [Rung::Cycle, Rung::Create];
const CROWDED: [Rung; 4] = [Rung::Cycle, Rung::Create, Rung::ScaleUp, Rung::CreateOnMore];

/// Kills at this record; whether there was one.
async fn at_record(kind: TroubledNight, rungs: &[Rung], jobs: &[TaskStatus], ahead: usize, record: usize) -> bool {
    let scene = Scene::new(kind).await;
    for _ in 0..ahead {
        scene.person().step().await;
    }
    let said = scene.child(Some(record), None).await;
    let (rungs, jobs) = (rungs.to_vec(), jobs.to_vec());
    let halted = said == Said::Halted;
    let when = format!("{kind}, killed at {record}: {said:?}");
    tokio::task::spawn_blocking(move || scene.taken_up(&rungs, &jobs, &when)).await.unwrap();
    halted
}

async fn at_every_record(kind: TroubledNight, rungs: &[Rung], jobs: &[TaskStatus], ahead: usize, fewest: usize) {
    let mut met = 0;
    for first in (1..).step_by(AT_ONCE) {
        let tries = (first..first + AT_ONCE).map(|record| at_record(kind, rungs, jobs, ahead, record));
        let halted: Vec<bool> = futures_util::stream::iter(tries).buffered(AT_ONCE).collect().await;
        met += halted.iter().filter(|halted| **halted).count();
        if halted.contains(&false) {
            break;
        }
    }
    assert!(met >= fewest, "{met} records were met");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_record_of_cycling_and_creating() {
    at_every_record(TroubledNight::Network, &NETWORK, &[TaskStatus::Finished], 0, 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_record_of_scaling_and_creating_again() {
    let jobs = [TaskStatus::Failed, TaskStatus::Finished];
    at_every_record(TroubledNight::Crowded, &CROWDED, &jobs, 2, 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_any_two_rungs() {
    let tries = (0..=CROWDED.len()).map(|rungs| async move {
        let scene = Scene::new(TroubledNight::Crowded).await;
        assert_eq!(scene.child(None, Some(rungs)).await, Said::Halted);
        let jobs = [TaskStatus::Failed, TaskStatus::Finished];
        let taken_up = move || scene.taken_up(&CROWDED, &jobs, &format!("killed after {rungs} rungs"));
        tokio::task::spawn_blocking(taken_up).await.unwrap();
    });
    futures_util::stream::iter(tries).buffered(AT_ONCE).collect::<Vec<_>>().await;
}

#[test]
fn child() {
    let Some(errand) = errand::<Errand>() else { return };
    // One thread: where it stands still, all of it does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut person = Person::new(errand.systems(), errand.plot.clone(), &errand.folder);
        if let Some(record) = errand.record {
            person.watcher = Some(Records::new(record));
        }
        let mut climbed = 0;
        loop {
            if errand.rungs == Some(climbed) {
                say(&Said::Halted);
                // Until it is killed.
                let _ = std::io::stdin().read_line(&mut String::new());
                std::process::abort();
            }
            match person.step().await.0 {
                Step::Rung(_) | Step::Resume(_) => climbed += 1,
                _ => break,
            }
        }
    });
    say(&Said::Ended(ops_plan::Outcome::Done));
}
