//! The DAG runs beside the transactions of [`nightly`](super::nightly()).

use std::time::Duration;

use airflow_client::{DagId, DagRunId, RunKey, TargetDate, TaskId, TriggerRule};
use jiff::Timestamp;
use jiff::civil::Date;
use metapod_client::{DatasetName, TransactionId};
use ops_client::{Error, Result};

use super::Nightly;
use crate::World;
use crate::airflow::{DagSpec, RunSpec, TaskSpec};

/// How long a job takes that runs again: nobody waits for hours before a demonstration.
const AGAIN: Duration = Duration::from_secs(2);

/// How long a job waits until it tries again by itself.
const RETRY: Duration = Duration::from_secs(5);

/// How long the job goes on that runs at this moment.
const GOES_ON: f64 = 20.0 * 60.0;

/// Each task with what follows it, and the share of the night that it took.
const TASKS: [(&str, &[&str], f64); 27] = [
    (
        "itaipu-contracts",
        &[
            "itaipu-core",
            "scale-ec2-churn-risk",
            "scale-ec2-credit-limit-history",
            "scale-ec2-income-estimates",
            "scale-ec2-reports",
        ],
        0.05,
    ),
    ("itaipu-core", &["core-checks"], 0.2),
    ("core-checks", &[], 0.02),
    ("scale-ec2-income-estimates", &["itaipu-income-estimates"], 0.01),
    ("itaipu-income-estimates", &["income-estimates"], 0.2),
    ("income-estimates", &["databricks_load-models", "downscale-income-estimates", "scale-ec2-rest"], 0.1),
    ("downscale-income-estimates", &[], 0.01),
    ("scale-ec2-credit-limit-history", &["itaipu-credit-limit-history"], 0.01),
    ("itaipu-credit-limit-history", &["credit-limit-history"], 0.15),
    (
        "credit-limit-history",
        &["credit-line-policy", "databricks_load-models", "downscale-credit-limit-history", "scale-ec2-rest"],
        0.1,
    ),
    ("downscale-credit-limit-history", &[], 0.01),
    ("credit-line-policy", &["serving-credit-line"], 0.1),
    ("serving-credit-line", &[], 0.01),
    ("scale-ec2-churn-risk", &["itaipu-churn-risk"], 0.01),
    ("itaipu-churn-risk", &["churn-risk"], 0.15),
    ("churn-risk", &["downscale-churn-risk", "retention-policy"], 0.1),
    ("downscale-churn-risk", &[], 0.01),
    ("retention-policy", &["load-retention"], 0.05),
    ("load-retention", &[], 0.01),
    ("databricks_load-models", &[], 0.02),
    ("scale-ec2-rest", &["itaipu-rest"], 0.01),
    ("itaipu-rest", &["archive-all"], 0.1),
    ("archive-all", &["downscale-rest"], 0.05),
    ("downscale-rest", &[], 0.01),
    ("scale-ec2-reports", &["itaipu-reports"], 0.01),
    ("itaipu-reports", &["downscale-reports"], 0.1),
    ("downscale-reports", &[], 0.01),
];

/// What failed tonight by itself.
const FAILED: [&str; 2] = ["itaipu-credit-limit-history", "churn-risk"];
/// What still runs.
const RUNNING: &str = "itaipu-reports";

/// What a task commits when it succeeds, of all that is not committed yet.
fn commits(task: &str, name: &DatasetName) -> bool {
    let (family, rest) = name.as_str().split_once('/').unwrap_or_default();
    let subject = rest.trim_end_matches("-avro").trim_end_matches("-csv-gz");
    match task {
        "archive-all" => family == "archive",
        "itaipu-credit-limit-history" => family == "dataset" && subject == "credit-limit-history",
        "credit-limit-history" | "churn-risk" => family == "model" && subject == task,
        "credit-line-policy" | "retention-policy" => family == "policy" && subject == task,
        _ => false,
    }
}

fn tasks(names: &[DatasetName], retries: u32) -> Vec<TaskSpec> {
    let id = |name: &str| name.parse::<TaskId>().ok();
    let spec = |(name, below, _): (&str, &[&str], f64)| {
        let spec = TaskSpec::new(id(name)?).takes(AGAIN).followed_by(below.iter().filter_map(|name| id(name)));
        let spec = spec.commits(names.iter().filter(|dataset| commits(name, dataset)).cloned());
        // What is to have failed by now does not try again.
        let spec = if FAILED.contains(&name) { spec } else { spec.retries(retries, RETRY) };
        // Machines go away whether or not the job worked.
        let goes_anyway = name.starts_with("downscale-") && name != "downscale-rest";
        Some(if goes_anyway { spec.trigger_rule(TriggerRule::AllDone) } else { spec })
    };
    TASKS.into_iter().filter_map(spec).collect()
}

/// What is in the world after [`tonight`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tonight {
    /// Tonight's run. It goes on: `itaipu-reports` still runs, and its downscale has no state. `itaipu-credit-limit-history`
    /// failed, so that the model `credit-limit-history` and what follows it are `upstream_failed`; the model `churn-risk` failed
    /// by itself; the downscales of both are green.
    pub run: RunKey,
    /// Yesterday's run, which ended well.
    pub yesterday: RunKey,
}

/// The DAG `dagao` with yesterday's run and tonight's, beside the transactions of [`nightly`](super::nightly()): what happened
/// since the night began is what the catalogue tells too. What runs again takes seconds, and commits what is not committed yet.
///
/// # Errors
/// `NotFound` where the world is not the night's, `Conflict` where it has these runs already.
pub fn tonight(world: &World, night: &Nightly) -> Result<Tonight> {
    made(world, night, 0, &[RUNNING], |dag| dag)
}

/// As [`tonight`], with other retries, with other jobs that still run, and with more said of the DAG.
pub(super) fn made(
    world: &World,
    night: &Nightly,
    retries: u32,
    running: &[&str],
    more: impl FnOnce(DagSpec) -> DagSpec,
) -> Result<Tonight> {
    let dag: DagId = parsed("dagao")?;
    let open: Vec<DatasetName> = night.failed.iter().chain(&night.waiting).cloned().collect();
    let spec = DagSpec::new(dag.clone(), tasks(&open, retries)).described("The nightly run.");
    world.deploy(more(spec.tags(["models", "nightly"]).schedule("0 0 * * *").max_active_runs(2)));
    let began = world.started_at(night.transaction)?;
    let before = night.target_date.yesterday().unwrap_or(night.target_date);
    let yesterday = run(world, &dag, (night.yesterday, before), began, &[], &[])?;
    let run = run(world, &dag, (night.transaction, night.target_date), world.now(), &FAILED, running)?;
    Ok(Tonight { run, yesterday })
}

fn parsed<T: std::str::FromStr<Err = airflow_client::ParseError>>(text: &str) -> Result<T> {
    text.parse().map_err(|error: airflow_client::ParseError| Error::invalid("sandbox.world", error.to_string()))
}

fn run(
    world: &World,
    dag: &DagId,
    (transaction, target): (TransactionId, Date),
    until: Timestamp,
    failed: &[&str],
    running: &[&str],
) -> Result<RunKey> {
    let began = world.started_at(transaction)?;
    let about = TargetDate::new(target).execution_date();
    let about = about.ok_or_else(|| Error::invalid("sandbox.world", "there is no day before the first one"))?;
    let id: DagRunId = parsed(&format!("scheduled__{}T00:00:00+00:00", about.date()))?;
    let key = RunKey::new(dag.clone(), id.clone());
    let whole = until.duration_since(began).as_secs_f64();
    // Jobs of hours for the time that is past, on top of the seconds that they take when they run again.
    let sleep = TASKS.iter().map(|&(name, _, share)| {
        (name, if running.contains(&name) { whole + GOES_ON } else { (whole - 60.0).max(0.0) * share })
    });
    world.order(&key, failed.iter().copied(), sleep);
    let spec = RunSpec::new(id).about(about).scheduled().made_at(began).transaction(transaction);
    let made = world.add_run(dag, spec);
    world.forget_orders(&key);
    made
}
