//! The runbook's stories on real Airflows, `peers/airflow`, whose addresses are in `AIRFLOW2_URL` and `AIRFLOW3_URL`.
//!
//! Each story has runs of its own, told what to do by a variable of its own, so that all of them go side by side.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use airflow_client::{
    AirflowClient, AirflowRead, AirflowTrigger, AirflowTriggerClient, AirflowWrite, Clear, DagId, Environment,
    LogRequest, NewRunState, RunFilter, RunKey, RunState, TaskFilter, TaskId, TaskKey, TaskState, Trigger, Variable,
};
use futures_util::StreamExt;
use jiff::Timestamp;
use ops_client::http::Limits;
use ops_plan::{Outcome, Recipe, Registry, Target, Verdict};
use ops_recipes::airflow::{
    AirflowReads, AirflowWrites, ClearAndRerun, HoldMachines, ReleaseMachines, StopRun, UnblockDownstream,
};
use serde_json::json;

use super::{Desk, approved, task};
use crate::stage::{texts, verdict, word};

/// A run is over within this, also where many go side by side on a slow machine.
const PATIENCE: Duration = Duration::from_secs(400);
/// How often it is looked.
const PAUSE: Duration = Duration::from_millis(1500);
/// What follows both models of a night.
const BEHIND: [&str; 4] = ["databricks_load-models", "downscale-rest", "itaipu-rest", "scale-ec2-rest"];

/// A real Airflow.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) client: AirflowClient,
    trigger: AirflowTriggerClient,
}

/// `None`, said aloud, where no peer runs. In CI that is a failure.
#[expect(clippy::disallowed_methods, reason = "where the peer listens is known to the script that started it")]
#[expect(clippy::explicit_write, reason = "what a passing test prints is not shown, unless it goes straight out")]
pub(crate) fn peer(major: u32) -> Option<Peer> {
    let name = format!("AIRFLOW{major}_URL");
    let Ok(address) = std::env::var(&name) else {
        assert!(std::env::var_os("CI").is_none(), "in CI the peer must run: {name} is not set");
        writeln!(std::io::stderr(), "skipped: start it with scripts/airflow {major} and set {name}").unwrap();
        return None;
    };
    // A small machine on which everything goes on at once answers late.
    let limits = Limits::default().with_total(Duration::from_secs(120));
    let client = AirflowClient::builder(Environment::new("test"), &address).limits(limits).build().unwrap();
    let client = client.with_login("admin", "admin".into());
    Some(Peer { trigger: client.clone().into_trigger(), client })
}

impl Peer {
    pub(crate) fn registry(&self) -> Registry {
        let client = || Arc::new(self.client.clone());
        let reads = AirflowReads::new(client()).with_writer(client());
        let writes = || AirflowWrites::new(client());
        Registry::new()
            .with::<UnblockDownstream>(reads.clone(), writes())
            .with::<HoldMachines>(reads.clone(), writes())
            .with::<ReleaseMachines>(reads.clone(), writes())
            .with::<StopRun>(reads.clone(), writes())
            .with::<ClearAndRerun>(reads, writes())
    }

    pub(crate) async fn plan<R: Recipe>(&self, recipe: &R) -> ops_plan::Plan {
        self.registry().propose(recipe, Target::new("test")).await.unwrap()
    }

    /// Begins a run whose jobs do as they are told.
    pub(crate) async fn run(&self, dag: &str, story: &str, fail: &[&str], sleep: &[(&str, u32)]) -> RunKey {
        let dag: DagId = dag.parse().unwrap();
        let id = format!("{story}-{}", Timestamp::now().as_microsecond());
        let key = RunKey::new(dag.clone(), id.parse().unwrap());
        self.order(&key, fail, sleep).await;
        self.trigger.trigger(&Trigger::new(dag, key.run.clone())).await.unwrap();
        key
    }

    /// Begins a run that finds its orders in a variable of this kind.
    #[cfg(feature = "aurora")]
    pub(crate) async fn run_on(&self, dag: &str, id: &str, kind: &str, orders: &str) -> RunKey {
        let dag: DagId = dag.parse().unwrap();
        let key = RunKey::new(dag.clone(), id.parse().unwrap());
        self.tell_run(&key, kind, orders).await;
        self.trigger.trigger(&Trigger::new(dag, key.run.clone())).await.unwrap();
        key
    }

    #[cfg(feature = "aurora")]
    pub(crate) async fn tell_run(&self, run: &RunKey, kind: &str, orders: &str) {
        self.client.set_variable(&Variable::new(format!("{kind}.{}", run.run), orders)).await.unwrap();
    }

    #[cfg(feature = "aurora")]
    pub(crate) async fn is_over(&self, run: &RunKey) -> bool {
        self.client.dag_run(run).await.unwrap().state.is_final()
    }

    async fn order(&self, run: &RunKey, fail: &[&str], sleep: &[(&str, u32)]) {
        let sleep: BTreeMap<&str, u32> = sleep.iter().copied().collect();
        let text = json!({"fail": fail, "sleep": sleep}).to_string();
        self.client.set_variable(&Variable::new(format!("orders.{}", run.run), text)).await.unwrap();
    }

    pub(crate) async fn forget(&self, run: &RunKey) {
        self.client.delete_variable(&format!("orders.{}", run.run)).await.unwrap();
    }

    async fn try_states(&self, run: &RunKey) -> airflow_client::Result<BTreeMap<String, (TaskState, u32)>> {
        let tasks = self.client.task_instances(run, &TaskFilter::all()).await?;
        Ok(tasks.into_iter().map(|one| (one.key.to_string(), (one.state, one.try_number))).collect())
    }

    async fn states(&self, run: &RunKey) -> BTreeMap<String, (TaskState, u32)> {
        self.try_states(run).await.unwrap()
    }

    pub(crate) async fn state(&self, run: &RunKey, id: &str) -> TaskState {
        self.states(run).await.remove(id).unwrap().0
    }

    /// What a look saw; `None` where the server was too busy to say.
    fn seen<T>(look: airflow_client::Result<T>) -> Option<T> {
        match look {
            Ok(seen) => Some(seen),
            Err(error) if error.is_retryable() => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits until it is so.
    async fn until(&self, run: &RunKey, what: &str, holds: impl Fn(&BTreeMap<String, (TaskState, u32)>) -> bool) {
        let begun = Instant::now();
        loop {
            let states = Self::seen(self.try_states(run).await);
            if states.as_ref().is_some_and(&holds) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{run}: {what} did not come: {states:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(crate) async fn ends(&self, run: &RunKey) -> RunState {
        let begun = Instant::now();
        loop {
            let now = Self::seen(self.client.dag_run(run).await).map(|found| found.state);
            if let Some(end) = now.filter(RunState::is_final) {
                return end;
            }
            assert!(begun.elapsed() < PATIENCE, "{run} did not end: {:?}", self.states(run).await);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// How often a job began, by its own log: a line a try.
    pub(crate) async fn attempts(&self, run: &RunKey, id: &str) -> usize {
        let (key, line) = (TaskKey::new(task(id)), format!("a try of {id} begins"));
        let last = self.client.task_instance(run, &key).await.unwrap().try_number;
        let mut begun = 0;
        for number in 1..=last {
            let mut lines = match self.client.log(&LogRequest::new(run.clone(), key.clone(), number)).await {
                Ok(lines) => lines,
                // It was marked, or a clear skipped a number: there never was such a try.
                Err(error) if error.is_not_found() => continue,
                Err(error) => panic!("{error}"),
            };
            while let Some(read) = lines.next().await {
                begun += usize::from(read.unwrap().text.contains(&line));
            }
        }
        begun
    }
}

/// All stories of one Airflow, side by side.
async fn tell(peer: Peer) {
    let stories: Vec<Pin<Box<dyn Future<Output = ()> + Send + '_>>> = vec![
        Box::pin(the_runbooks_story(&peer)),
        Box::pin(a_second_failure(&peer)),
        Box::pin(an_unrelated_failure(&peer)),
        Box::pin(the_literal_case(&peer)),
        Box::pin(all_places_taken(&peer)),
        Box::pin(machines_are_held(&peer)),
        Box::pin(machines_are_made_again(&peer)),
        Box::pin(retried_between_plan_and_apply(&peer)),
        Box::pin(cleared_by_somebody_else(&peer)),
        Box::pin(a_run_is_stopped(&peer)),
        Box::pin(jobs_run_again(&peer)),
    ];
    futures_util::future::join_all(stories).await;
}

#[tokio::test]
async fn on_a_real_airflow_2() {
    if let Some(peer) = peer(2) {
        tell(peer).await;
    }
}

#[tokio::test]
async fn on_a_real_airflow_3() {
    if let Some(peer) = peer(3) {
        tell(peer).await;
    }
}

pub(crate) fn unblock(run: &RunKey, id: &str) -> UnblockDownstream {
    UnblockDownstream::new(run.clone(), task(id)).accepted_by("the fx team")
}

async fn the_runbooks_story(peer: &Peer) {
    let run = peer.run("dagao", "story", &["fx-model"], &[]).await;
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    peer.forget(&run).await;
    let plan = peer.plan(&unblock(&run, "fx-model")).await;
    let foretold = word(&plan.head().findings, "foretold").unwrap();
    assert_eq!(foretold.verdict, Verdict::Pass, "{}", foretold.text);
    assert!(BEHIND.iter().all(|id| foretold.text.contains(id)), "{}", foretold.text);
    assert_eq!(verdict(&plan, "right"), Some(Verdict::Pass));
    let desk = Desk::new();
    let registry = peer.registry();
    let report = desk.apply(&registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!((report.changed, report.already), (1, 1), "the server clears by itself: {}", report.text());
    assert_eq!(peer.ends(&run).await, RunState::Success);
    for id in BEHIND {
        assert_eq!((peer.state(&run, id).await, peer.attempts(&run, id).await), (TaskState::Success, 1), "{id}");
    }
    assert_eq!(peer.attempts(&run, "downscale-fx-model").await, 1);
    assert_eq!(desk.due(&registry).await.len(), 1, "the task is still in the DAG");
}

async fn a_second_failure(peer: &Peer) {
    let run = peer.run("dagao", "second", &["fx-model", "policy-model"], &[]).await;
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    let plan = peer.plan(&unblock(&run, "fx-model")).await;
    let reruns = word(&plan.head().findings, "reruns").unwrap();
    assert!(reruns.verdict == Verdict::Ask && reruns.text.contains("because of policy-model"), "{}", reruns.text);
    let report = Desk::new().apply(&peer.registry(), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    for id in BEHIND {
        assert_eq!((peer.state(&run, id).await, peer.attempts(&run, id).await), (TaskState::UpstreamFailed, 0), "{id}");
    }
    peer.forget(&run).await;
}

async fn an_unrelated_failure(peer: &Peer) {
    let run = peer.run("dagao", "unrelated", &["fx-model", "itaipu-core"], &[]).await;
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    let plan = peer.plan(&unblock(&run, "fx-model")).await;
    let report = Desk::new().apply(&peer.registry(), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    peer.until(&run, "the end of rest", |states| states["downscale-rest"].0 == TaskState::Success).await;
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    assert_eq!(peer.state(&run, "itaipu-core").await, TaskState::Failed);
    assert_eq!(peer.state(&run, "core-checks").await, TaskState::UpstreamFailed);
    peer.forget(&run).await;
}

async fn the_literal_case(peer: &Peer) {
    let run = peer.run("dagao", "literal", &["itaipu-fx-model"], &[]).await;
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    assert_eq!(peer.state(&run, "fx-model").await, TaskState::UpstreamFailed);
    assert_eq!(peer.state(&run, "downscale-fx-model").await, TaskState::Success);
    let report = Desk::new().apply(&peer.registry(), peer.plan(&unblock(&run, "fx-model")).await).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(peer.ends(&run).await, RunState::Success, "only the last tasks decide");
    assert_eq!(peer.state(&run, "itaipu-fx-model").await, TaskState::Failed);
    for id in BEHIND {
        assert_eq!(peer.state(&run, id).await, TaskState::Success, "{id}");
    }
    peer.forget(&run).await;
}

/// The DAG has one place, and tomorrow's run has it.
async fn all_places_taken(peer: &Peer) {
    let run = peer.run("one_at_a_time", "waits", &["model-x"], &[]).await;
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    peer.forget(&run).await;
    let tomorrow = peer.run("one_at_a_time", "holds", &[], &[("dataset-x", 600)]).await;
    peer.until(&tomorrow, "a job at work", |states| states.get("dataset-x").is_some_and(|one| one.0.is_running()))
        .await;
    let going = RunFilter::of(tomorrow.dag.clone()).in_state(RunState::Running);
    let going = peer.client.dag_runs(&going).await.unwrap();
    let plan = peer.plan(&unblock(&run, "model-x")).await;
    let slot = word(&plan.head().findings, "slot").unwrap();
    assert_eq!(slot.verdict, Verdict::Warn, "{} {going:?}", slot.text);
    let report = Desk::new().apply(&peer.registry(), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "waiting is no failure: {}", report.text());
    assert!(report.text().contains("waits in the queue"), "{}", report.text());
    assert_eq!(peer.client.dag_run(&run).await.unwrap().state, RunState::Queued);
    peer.client.set_run_state(&tomorrow, NewRunState::Failed).await.unwrap();
    assert_eq!(peer.ends(&run).await, RunState::Success, "it goes on when the place is free");
    peer.forget(&tomorrow).await;
}

async fn machines_are_held(peer: &Peer) {
    let run = peer.run("dagao", "held", &["fx-model"], &[("fx-model", 30)]).await;
    peer.until(&run, "the job at work", |states| states["fx-model"].0 == TaskState::Running).await;
    let (registry, desk) = (peer.registry(), Desk::new());
    let plan = peer.plan(&HoldMachines::new(run.clone(), task("fx-model"))).await;
    assert_eq!(texts(&plan).len(), 1, "{:?}", texts(&plan));
    let report = desk.apply(&registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    assert_eq!(peer.state(&run, "fx-model").await, TaskState::Failed);
    assert_eq!(peer.state(&run, "downscale-fx-model").await, TaskState::Success);
    assert_eq!(peer.attempts(&run, "downscale-fx-model").await, 0);
    assert_eq!(desk.due(&registry).await.len(), 1);

    let report = desk.apply(&registry, peer.plan(&ReleaseMachines::all_held(run.clone())).await).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(desk.due(&registry).await.is_empty());
    peer.until(&run, "the release", |states| states["downscale-fx-model"].0 == TaskState::Success).await;
    assert_eq!(peer.attempts(&run, "downscale-fx-model").await, 1);
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    peer.forget(&run).await;
}

async fn machines_are_made_again(peer: &Peer) {
    let run = peer.run("dagao", "again", &["fx-model"], &[]).await;
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    let (registry, desk) = (peer.registry(), Desk::new());
    let report = desk.apply(&registry, peer.plan(&HoldMachines::new(run.clone(), task("fx-model"))).await).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    assert_eq!(peer.attempts(&run, "scale-ec2-fx-model").await, 2);
    assert_eq!(peer.attempts(&run, "downscale-fx-model").await, 1, "left green: that is the hold");
    assert_eq!(desk.due(&registry).await.len(), 1);
    let clear = Clear::any(run.clone(), [task("downscale-fx-model")]);
    peer.client.clear(&clear).await.unwrap();
    let begun = Instant::now();
    while !desk.due(&registry).await.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "released by somebody else, and still owed");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    peer.forget(&run).await;
}

async fn retried_between_plan_and_apply(peer: &Peer) {
    let run = peer.run("short", "retried", &["model-x"], &[]).await;
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    let plan = approved(peer.plan(&unblock(&run, "model-x")).await);
    peer.client.clear(&Clear::any(run.clone(), [task("model-x")])).await.unwrap();
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    let report = Desk::new().runner.start(&peer.registry(), plan).await.unwrap();
    assert_ne!(report.outcome, Outcome::Done);
    assert!(report.text().contains("somebody else changed it"), "{}", report.text());
    assert_eq!((report.changed, peer.state(&run, "model-x").await), (0, TaskState::Failed));
    peer.forget(&run).await;
}

async fn cleared_by_somebody_else(peer: &Peer) {
    let run = peer.run("short", "cleared", &["model-x"], &[]).await;
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    peer.order(&run, &[], &[("model-x", 20)]).await;
    let plan = approved(peer.plan(&unblock(&run, "model-x")).await);
    let failed: Vec<TaskId> = ["model-x", "load", "report"].map(task).into();
    peer.client.clear(&Clear::failed(run.clone(), failed)).await.unwrap();
    let report = Desk::new().runner.start(&peer.registry(), plan).await.unwrap();
    assert_ne!(report.outcome, Outcome::Done);
    assert!(report.text().contains("model-x was failed"), "{}", report.text());
    assert_eq!(report.changed, 0);
    assert_eq!(peer.ends(&run).await, RunState::Success);
    assert_eq!(peer.attempts(&run, "load").await, 1);
    peer.forget(&run).await;
}

async fn a_run_is_stopped(peer: &Peer) {
    let run = peer.run("dagao", "stopped", &[], &[("fx-model", 600), ("policy-model", 600)]).await;
    peer.until(&run, "both models at work", |states| {
        ["fx-model", "policy-model"].iter().all(|id| states[*id].0 == TaskState::Running)
    })
    .await;
    let (registry, desk) = (peer.registry(), Desk::new());
    let plan = peer.plan(&StopRun::new(run.clone())).await;
    assert_eq!(verdict(&plan, "no-evidence"), Some(Verdict::Ask));
    assert_eq!(verdict(&plan, "machines"), Some(Verdict::Warn));
    let report = desk.apply(&registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    let states = peer.states(&run).await;
    assert!(states.values().all(|(state, _)| state.is_final()), "{states:?}");
    assert_eq!(states["downscale-fx-model"].0, TaskState::Skipped);
    assert_eq!(desk.due(&registry).await.len(), 1, "its machines are still there");

    let release = ReleaseMachines::all_held(run.clone());
    let report = desk.apply(&registry, peer.plan(&release).await).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    peer.until(&run, "the machines to go", |states| states["downscale-fx-model"].0 == TaskState::Success).await;
    peer.forget(&run).await;
}

async fn jobs_run_again(peer: &Peer) {
    let run = peer.run("short", "rerun", &["model-x"], &[]).await;
    assert_eq!(peer.ends(&run).await, RunState::Failed);
    peer.forget(&run).await;
    let plan = peer.plan(&ClearAndRerun::new(run.clone(), vec![task("model-x")])).await;
    let report = Desk::new().apply(&peer.registry(), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(peer.ends(&run).await, RunState::Success);
    let again: BTreeMap<&str, usize> = [("model-x", 2), ("downscale-x", 2), ("load", 1), ("dataset-x", 1)].into();
    for (id, tries) in again {
        assert_eq!(peer.attempts(&run, id).await, tries, "{id}");
    }
}
