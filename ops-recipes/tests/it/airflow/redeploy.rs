//! `redeploy-dag`: the order of things, and that no second writer runs beside what is taken back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use airflow_client::{DagRun, RunKey, TaskState};
use async_trait::async_trait;
use jiff::Timestamp;
use metapod_client::{DatasetId, TransactionId};
use ops_client::Result;
use ops_plan::{Host, Observed, Outcome, Plan, Registry, Target, Verdict};
use ops_recipes::airflow::{
    AirflowWrites, Build, Deploys, KillJobs, LiveJob, RedeployDag, RedeployReads, RedeployWrites, RunJobs,
};
use ops_recipes::datasets::{DatasetReads, MetapodWrites};
use ops_sandbox::airflow::{DagSpec, RunSpec, TaskSpec};
use ops_sandbox::{Fault, Operation, World};

use super::{Desk, another, approved, failed, night, pass, reads, starts, state, states, task};
use crate::stage;

/// A cluster whose processes are begun by the tries of the run's tasks, at the version that is deployed then. They do not end
/// because Airflow says that their task failed: they work until they are done, or killed.
struct Cluster {
    world: World,
    run: RunKey,
    /// From which try on the new version runs.
    new_from: u32,
    begun: Mutex<BTreeMap<String, LiveJob>>,
    killed: Mutex<Vec<String>>,
}

impl Cluster {
    fn alive(&self) -> Vec<LiveJob> {
        let mut begun = self.begun.lock().unwrap();
        for one in self.world.task_instances(&self.run) {
            let id = format!("{}-{}", one.key.task, one.try_number);
            match one.state {
                TaskState::Running => {
                    let version = if one.try_number >= self.new_from { "newer-4945885" } else { "older-1234567" };
                    let job = LiveJob::new(id.clone(), one.key.task.as_str(), Some(true)).running(version);
                    begun.entry(id).or_insert(job);
                }
                TaskState::Success => drop(begun.remove(&id)),
                _ => {}
            }
        }
        let killed = self.killed.lock().unwrap();
        begun.values().filter(|job| !killed.contains(&job.id)).cloned().collect()
    }
}

#[async_trait]
impl RunJobs for Cluster {
    async fn live(&self, _: &DagRun, tasks: &[String]) -> Result<Vec<LiveJob>> {
        Ok(self.alive().into_iter().filter(|job| tasks.contains(&job.job)).collect())
    }
}

#[async_trait]
impl KillJobs for Cluster {
    async fn kill(&self, ids: &[String]) -> Result<()> {
        self.killed.lock().unwrap().extend(ids.iter().cloned());
        Ok(())
    }
}

/// What is deployed: one version.
struct Deployed(&'static str);

#[async_trait]
impl Deploys for Deployed {
    async fn deployed(&self, _: &str) -> Result<Option<String>> {
        Ok(Some(self.0.to_owned()))
    }

    async fn between(&self, _: &str, _: &str) -> Result<Vec<Build>> {
        Ok(vec![Build::new("newer-4945885", "Count every limit once", "ana")])
    }
}

fn registry(world: &World, run: &RunKey, deployed: &'static str) -> (Registry, Arc<Cluster>) {
    let (world, run) = (world.clone(), run.clone());
    let cluster =
        Arc::new(Cluster { world: world.clone(), run, new_from: 2, begun: Mutex::default(), killed: Mutex::default() });
    let datasets = DatasetReads::new(Arc::new(world.sonar()), Arc::new(world.metapod()));
    let reads = RedeployReads::new(reads(&world).with_jobs(cluster.clone()))
        .with_datasets(datasets)
        .with_deploys(Arc::new(Deployed(deployed)));
    let airflow = AirflowWrites::new(Arc::new(world.airflow())).with_jobs(cluster.clone());
    let writes = RedeployWrites::new(airflow).with_metapod(MetapodWrites::new(Arc::new(world.metapod())));
    (Registry::new().with::<RedeployDag>(reads, writes), cluster)
}

async fn propose(registry: &Registry, ask: &RedeployDag) -> Plan {
    registry.propose(ask, Target::new("staging")).await.unwrap()
}

/// A run of which `itaipu-contracts` works for long.
fn at_work() -> (World, RunKey) {
    let (world, run) = night(&[]);
    world.order(&run, [], [("itaipu-contracts", 6000.0)]);
    pass(&world, 5);
    assert_eq!(state(&world, &run, "itaipu-contracts"), TaskState::Running);
    (world, run)
}

#[tokio::test]
async fn a_job_is_killed_and_begins_anew() {
    let (world, run) = at_work();
    let (registry, cluster) = registry(&world, &run, "newer-4945885");
    let ask = RedeployDag::new(run.clone(), vec![task("itaipu-contracts")]).wanting("newer-4945885");
    let plan = propose(&registry, &ask).await;
    assert_eq!(
        stage::texts(&plan),
        [
            "mark itaipu-contracts: running (try 1) → failed",
            "kill 1 process of job itaipu-contracts",
            "wait until no job of itaipu-contracts is alive, before the clear",
            "clear to run anew: core-checks and 14 more",
        ]
    );
    assert_eq!(stage::verdict(&plan, "version"), Some(Verdict::Pass));
    assert_eq!(stage::verdict(&plan, "changes"), Some(Verdict::Pass));
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(*cluster.killed.lock().unwrap(), ["itaipu-contracts-1"]);
    pass(&world, 5);
    assert_eq!(starts(&world, &run, "itaipu-contracts"), 2);
    pass(&world, 60);
    world.forget_orders(&run);
    pass(&world, 7000);
    assert!(states(&world, &run).values().all(|state| *state == TaskState::Success), "{:?}", states(&world, &run));
}

#[tokio::test]
async fn what_ended_is_begun_anew_without_a_kill_and_its_machines_are_made_again() {
    let (world, run) = failed(&["fx-model"]);
    let (registry, cluster) = registry(&world, &run, "newer-4945885");
    let ask = RedeployDag::new(run.clone(), vec![task("fx-model")]).wanting("newer-4945885");
    let report = Desk::new().apply_while_time_passes(&world, &registry, propose(&registry, &ask).await).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(cluster.killed.lock().unwrap().is_empty());
    pass(&world, 60);
    for again in ["scale-ec2-fx-model", "fx-model", "downscale-fx-model"] {
        assert_eq!(starts(&world, &run, again), 2, "{again}");
    }
    assert_eq!(starts(&world, &run, "itaipu-fx-model"), 1, "it was well");
}

#[tokio::test]
async fn the_version_is_asked_about_where_it_is_not_the_deployed_one() {
    let (world, run) = at_work();
    let contracts = || RedeployDag::new(run.clone(), vec![task("itaipu-contracts")]);
    for (deployed, ask, says) in [
        ("older-1234567", contracts().wanting("newer-4945885"), "older-1234567 is deployed"),
        ("older-1234567", contracts().wanting("older-1234567"), "is what runs already"),
        ("newer-4945885", contracts(), "no version was named"),
    ] {
        let plan = propose(&registry(&world, &run, deployed).0, &ask).await;
        let finding = stage::word(&plan.head().findings, "version").unwrap();
        assert_eq!(finding.verdict, Verdict::Ask);
        assert!(finding.text.contains(says), "{}", finding.text);
    }
}

#[tokio::test]
async fn what_has_not_begun_needs_nothing() {
    let (world, run) = at_work();
    let ask = RedeployDag::new(run.clone(), vec![task("fx-model")]).wanting("newer-4945885");
    let plan = propose(&registry(&world, &run, "newer-4945885").0, &ask).await;
    assert!(plan.is_empty());
    assert_eq!(stage::verdict(&plan, "task"), Some(Verdict::Pass));
}

/// A night whose writer commits when it ends well, and tries twice again, at once, when it does not.
fn with_a_stubborn_writer() -> (World, RunKey, TransactionId, DatasetId) {
    let world = stage::night();
    world.set_time(Timestamp::now());
    let writer = TaskSpec::new(task("writer"))
        .takes(Duration::from_secs(600))
        .retries(2, Duration::from_secs(1))
        .commits(["dataset/bill-cycles".parse().unwrap()]);
    let dag = "stubborn".parse().unwrap();
    world.deploy(DagSpec::new(dag, [writer]));
    let id = "scheduled__2026-11-21T00:00:00+00:00".parse().unwrap();
    let run = world.add_run(&"stubborn".parse().unwrap(), RunSpec::new(id).transaction(stage::tonight())).unwrap();
    pass(&world, 5);
    assert_eq!(state(&world, &run, "writer"), TaskState::Running);
    (world, run, stage::tonight(), stage::id_of("dataset/bill-cycles"))
}

#[tokio::test]
async fn no_second_writer_runs_beside_what_is_taken_back() {
    let (world, run, transaction, _) = with_a_stubborn_writer();
    let (registry, cluster) = registry(&world, &run, "newer-4945885");
    let mut ask = RedeployDag::new(run.clone(), vec![task("writer")]).wanting("newer-4945885").retracting(transaction);
    ask.concurrency = 1;
    let plan = propose(&registry, &ask).await;
    let texts = stage::texts(&plan);
    assert_eq!(texts[0], "mark writer: running (try 1) → failed", "{texts:?}");
    assert_eq!(texts.iter().filter(|text| text.starts_with("retract ")).count(), 5, "{texts:?}");
    // While anything is taken back, nobody may write.
    let slow = Fault::Delay(Duration::from_millis(30));
    world.faults().sometimes(1.0, Operation::RetractCommittedDataset, slow);
    let watched = Arc::new(Mutex::new(Vec::new()));
    let watching = {
        let (cluster, world, watched) = (cluster.clone(), world.clone(), watched.clone());
        tokio::spawn(async move {
            loop {
                let committed = world.sonar();
                let left = sonar_client::SonarRead::committed_count(&committed, stage::tonight()).await.unwrap();
                let works = !cluster.alive().is_empty();
                watched.lock().unwrap().push((left, works));
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
    };
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    watching.abort();
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(*cluster.killed.lock().unwrap(), ["writer-1"]);
    let watched = watched.lock().unwrap();
    assert!(watched.iter().any(|(left, _)| (1..5).contains(left)), "it was seen in between: {watched:?}");
    assert!(watched.iter().all(|(left, works)| !(1..5).contains(left) || !works), "a second writer: {watched:?}");
    pass(&world, 5);
    assert_eq!(starts(&world, &run, "writer"), 2);
}

#[tokio::test]
async fn what_was_committed_since_the_plan_stops_the_retraction() {
    let (world, run, transaction, _) = with_a_stubborn_writer();
    let (registry, _) = registry(&world, &run, "newer-4945885");
    let ask = RedeployDag::new(run.clone(), vec![task("writer")]).wanting("newer-4945885").retracting(transaction);
    let plan = propose(&registry, &ask).await;
    let late = metapod_client::CommitDataset::new(
        transaction,
        stage::id_of("model/fx-model"),
        metapod_client::CommitFormat::Parquet,
        "s3://example-metapod/late".parse().unwrap(),
    );
    metapod_client::MetapodWrite::commit_dataset(&world.metapod(), &late).await.unwrap();
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_ne!(report.outcome, Outcome::Done);
    assert!(report.text().contains("1 dataset committed since the plan: model/fx-model"), "{}", report.text());
    let left = sonar_client::SonarRead::committed_count(&world.sonar(), transaction).await.unwrap();
    assert_eq!(left, 6, "nothing was taken back");
    // The new plan shows it, and goes on from where the first one stopped.
    let plan = propose(&registry, &ask).await;
    let texts = stage::texts(&plan);
    assert!(texts[0].starts_with("wait until no job of writer is alive"), "{texts:?}");
    assert_eq!(texts.iter().filter(|text| text.starts_with("retract ")).count(), 6, "{texts:?}");
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
}

#[tokio::test]
async fn a_newer_process_stops_it() {
    let (world, run) = at_work();
    let other = another(&world, "manual__2026-11-25T09:00:00+00:00");
    let (registry, cluster) = registry(&world, &run, "newer-4945885");
    let ask = RedeployDag::new(run.clone(), vec![task("itaipu-contracts")]).wanting("newer-4945885");
    let plan = propose(&registry, &ask).await;
    let mut step = plan.cards().position(|card| card.text.starts_with("wait until no job")).unwrap();
    assert_eq!(step, 2);
    let job = registry.open(&approved(plan)).unwrap();
    assert_eq!(job.observe(&[step]).await.unwrap(), [Observed::InProgress]);
    super::mark(&world, &run, "itaipu-contracts", airflow_client::NewTaskState::Failed).await;
    pass(&world, 5);
    assert_eq!(job.observe(&[step]).await.unwrap(), [Observed::InProgress], "its process goes on");
    cluster.kill(&["itaipu-contracts-1".to_owned()]).await.unwrap();
    assert_eq!(job.observe(&[step]).await.unwrap(), [Observed::InProgress], "Airflow's process may not know yet");
    pass(&world, 15);
    assert_eq!(job.observe(&[step]).await.unwrap(), [Observed::Done]);
    super::clear(&world, &run, &["itaipu-contracts"]).await;
    pass(&world, 10);
    assert_eq!(state(&world, &run, "itaipu-contracts"), TaskState::Running);
    let seen = job.observe(&[step]).await.unwrap();
    assert!(matches!(&seen[0], Observed::Drifted(why) if why.contains("a newer process writes")), "{seen:?}");
    step += 1;
    assert!(matches!(&job.observe(&[step]).await.unwrap()[0], Observed::Done | Observed::Drifted(_)));
    drop(other);
}
