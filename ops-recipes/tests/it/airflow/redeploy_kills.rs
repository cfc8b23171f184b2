//! A process is killed (SIGKILL) at every record of its journal while it redeploys a job, on a real Airflow 3 whose task is a
//! job of a scheduler by another hand (`peers/thrift`), and the run is taken up again. The old process is killed, one new one
//! begins, and never are there two.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use airflow_client::{RunKey, RunState, TaskState};
use aurora_client::{AuroraClient, AuroraRead, Environment, JobKey, Task, TaskFilter, TaskStatus};
use futures_util::StreamExt;
use ops_client::http::{Credential, Endpoint};
use ops_plan::{Outcome, Registry, RunState as Stage, Runner, Runs, Target};
use ops_recipes::airflow::{AirflowReads, AirflowWrites, RedeployDag, RedeployReads, RedeployWrites};
use ops_recipes::aurora::{AuroraKillJobs, AuroraRunJobs, JobPlace};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::real::{Peer, peer};
use super::{approved, task};
use crate::death::{Records, Said, errand, killed, say};

/// So many jobs are redeployed: one more than there are records.
const RUNS: usize = 26;
const NEWER: &str = "newer-4945885";

/// What a child does: it redeploys the job of the run, and stands still when the record of this number is about to be written.
#[derive(Serialize, Deserialize)]
struct Errand {
    run: RunKey,
    role: String,
    folder: PathBuf,
    record: usize,
}

#[expect(clippy::disallowed_methods, reason = "where the peer listens is known to the script that started it")]
fn address() -> Option<String> {
    let address = std::env::var("THRIFT_PEER_URL").ok();
    assert!(
        address.is_some() || std::env::var_os("CI").is_none(),
        "in CI the peer must run: THRIFT_PEER_URL is not set"
    );
    address
}

fn aurora() -> AuroraClient {
    let credential = Credential::basic("admin", "admin".to_owned().into());
    let address = address().unwrap();
    let scheduler = Endpoint::builder(Environment::new("test"), &address).credential(credential).build().unwrap();
    AuroraClient::of(vec![scheduler]).unwrap()
}

fn registry(peer: &Peer, errand: &Errand) -> Registry {
    let (airflow, aurora) = (Arc::new(peer.client.clone()), Arc::new(aurora()));
    let place = JobPlace::new(&errand.role, "prod").of_transaction(errand.run.run.as_str());
    let reads = AirflowReads::new(airflow.clone())
        .with_writer(airflow.clone())
        .with_jobs(Arc::new(AuroraRunJobs::new(aurora.clone(), place)));
    let kills = Arc::new(AuroraKillJobs::new(aurora.clone(), aurora));
    let writes = AirflowWrites::new(airflow).with_jobs(kills);
    Registry::new().with::<RedeployDag>(RedeployReads::new(reads), RedeployWrites::new(writes))
}

fn ask(run: &RunKey) -> RedeployDag {
    RedeployDag::new(run.clone(), vec![task("writer")]).wanting(NEWER)
}

async fn jobs(errand: &Errand) -> Vec<Task> {
    let key = JobKey::new(&errand.role, "prod", "writer").unwrap();
    aurora().tasks(&TaskFilter::of_job(&key)).await.unwrap()
}

fn orders(role: &str, line: &str, version: &str) -> String {
    json!({"address": address(), "role": role, "line": line, "version": version}).to_string()
}

/// So many jobs are redeployed side by side: each holds one of Airflow's workers, and other tests need some.
const AT_ONCE: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_record() {
    let (Some(peer), Some(_)) = (peer(3), address()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let tries = (1..=RUNS).map(|record| once(peer.clone(), folder.path().join(record.to_string()), record));
    let said: Vec<Said> = futures_util::stream::iter(tries).buffered(AT_ONCE).collect().await;
    let kills = said.iter().take_while(|said| **said == Said::Halted).count();
    assert!(kills > 8 && kills < RUNS, "every record is met, and one run is left alone: {said:?}");
    assert!(said[kills..].iter().all(|said| *said == Said::Ended(Outcome::Done)), "{said:?}");
}

/// A job at work, a process that is killed while it redeploys it, and another one that goes on.
async fn once(peer: Peer, folder: PathBuf, record: usize) -> Said {
    let errand = Arc::new(at_work(&peer, folder, record).await);
    let theirs = errand.clone();
    let said = tokio::task::spawn_blocking(move || killed(&*theirs, "airflow::redeploy_kills::child")).await.unwrap();
    taken_up(&peer, &errand, &said).await;
    said
}

/// A run whose job works for long, and whose next one would not.
async fn at_work(peer: &Peer, folder: PathBuf, record: usize) -> Errand {
    let role = format!("killed-{record}-{}", jiff::Timestamp::now().as_microsecond());
    let run = peer.run_on("on_aurora", &role, "aurora", &orders(&role, "sleep 300", "older-1234567")).await;
    let errand = Errand { run, role, folder, record };
    loop {
        let tasks = jobs(&errand).await;
        if tasks.iter().any(|one| one.status == TaskStatus::Running) {
            break;
        }
        assert!(!peer.is_over(&errand.run).await, "the job never began: {tasks:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    peer.tell_run(&errand.run, "aurora", &orders(&errand.role, "sleep 1", NEWER)).await;
    errand
}

/// Takes up what a dead process left, and looks at what became of it.
async fn taken_up(peer: &Peer, errand: &Errand, said: &Said) {
    let Errand { run, folder, record, .. } = errand;
    let (runs, registry) = (Runs::at(folder), registry(peer, errand));
    if *said == Said::Halted {
        let runner = Runner::new(runs, "bo");
        let left = runner.runs().list().unwrap().remove(0).unwrap();
        let report = match left.state {
            Stage::Planned => runner.run(&registry, &left.dir, approved(left.dir.plan(&registry).unwrap())).await,
            Stage::Interrupted => runner.resume(&registry, &left.dir, false).await,
            state => panic!("killed at {record}, and it left a run that is {state}"),
        };
        let report = report.unwrap_or_else(|error| panic!("killed at {record}: {error}"));
        assert_eq!(report.outcome, Outcome::Done, "killed at {record}: {}", report.text());
    }
    assert_eq!(peer.ends(run).await, RunState::Success, "killed at {record}");
    let tasks = jobs(errand).await;
    let seen: Vec<_> = tasks.iter().map(|one| (one.status, one.config.label("version").unwrap())).collect();
    let wants = [(TaskStatus::Killed, "older-1234567"), (TaskStatus::Finished, NEWER)];
    assert_eq!(seen, wants, "killed at {record}");
    assert!(tasks[1].began() >= tasks[0].ended(), "killed at {record}: two at once");
    assert_eq!(peer.attempts(run, "writer").await, 2, "killed at {record}");
    assert_eq!(peer.state(run, "checks").await, TaskState::Success, "killed at {record}");
}

#[test]
fn child() {
    let Some(errand) = errand::<Errand>() else { return };
    // One thread: where it stands still, all of it does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(async {
        let peer = peer(3).unwrap();
        let registry = registry(&peer, &errand);
        let plan = registry.propose(&ask(&errand.run), Target::new("test")).await.unwrap();
        let runner = Runner::new(Runs::at(&errand.folder), "ana").watched_by(Records::new(errand.record));
        runner.start(&registry, approved(plan)).await.unwrap()
    });
    say(&Said::Ended(report.outcome));
}
