//! The DAG runs of the embedded sandbox: what the night left, and what a second run does beside it.

use airflow_client::{DagRunId, ExecutionDate, NewTaskState, RunKey, TaskKey};
use jiff::{SignedDuration, Timestamp};
use ops_sandbox::airflow::{DagSpec, RunSpec};
use ops_sandbox::scenario::Nightly;
use ops_sandbox::{World, scenario};

use crate::exit::Failure;

/// How long ago the night's run began, and the second one.
const NIGHT: SignedDuration = SignedDuration::from_hours(6);
const SECOND: SignedDuration = SignedDuration::from_mins(20);
/// So long a job works that is to be found at work.
const LONG: f64 = 7_200.0;

/// The night's run has ended with a model that failed; a second run goes on, and the machines of its policies are held.
pub(super) fn prepare(world: &World, nightly: &Nightly) -> Result<(), Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::refused(format!("the sandbox cannot be made: {error}"));
    let dag = scenario::dagao_with(world, on_cluster).ok_or_else(|| wrong(&"no DAG"))?;
    let now = world.now();
    let run = |id: String| -> Result<DagRunId, Failure> { id.parse().map_err(|error| wrong(&error)) };
    let day = midnight(now - SignedDuration::from_hours(24));

    let night = RunKey::new(dag.clone(), run(format!("scheduled__{}", day.strftime("%Y-%m-%dT%H:%M:%S+00:00")))?);
    world.order(&night, ["fx-model"], []);
    let spec = RunSpec::new(night.run.clone()).scheduled().about(ExecutionDate::new(day));
    world.add_run(&dag, spec.made_at(now - NIGHT).transaction(nightly.transaction))?;
    // The model works from now on.
    world.forget_orders(&night);

    let second =
        RunKey::new(dag.clone(), run(format!("manual__{}", (now - SECOND).strftime("%Y-%m-%dT%H:%M:%S+00:00")))?);
    world.order(&second, [], [("itaipu-policy-model", LONG)]);
    world.add_run(&dag, RunSpec::new(second.run.clone()).made_at(now - SECOND).transaction(nightly.custom))?;
    let held: TaskKey = TaskKey::new("downscale-policy-model".parse().map_err(|error| wrong(&error))?);
    world.mark_task(&second, &held, NewTaskState::Success)?;
    #[cfg(feature = "aurora")]
    services(world)?;
    Ok(())
}

/// Every task is a job on Aurora, where there is one.
fn on_cluster(dag: DagSpec) -> DagSpec {
    #[cfg(feature = "aurora")]
    return dag.on_aurora(ops_sandbox::aurora::OnAurora::new().version("e4b90d2").slave_type("on-demand"));
    #[cfg(not(feature = "aurora"))]
    return dag;
}

/// Jobs beside those of the runs: a service of four instances, and one that waits for machines that there are not.
#[cfg(feature = "aurora")]
fn services(world: &World) -> Result<(), Failure> {
    use ops_sandbox::aurora::JobSpec;
    let key = |name: &str| {
        let key = aurora_client::JobKey::new("jobs", "prod", name);
        key.map_err(|error| Failure::refused(format!("the sandbox cannot be made: {error}")))
    };
    world.add_job(JobSpec::new(key("serving-credit-line")?).service().instances(4).slave_type("on-demand"))?;
    Ok(world.add_job(JobSpec::new(key("train-churn-risk")?).slave_type("gpu"))?)
}

fn midnight(at: Timestamp) -> Timestamp {
    let seconds = at.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(86_400)).unwrap_or(at)
}
