//! The DAG runs of the embedded sandbox: what the night left, and what a second run does beside it.

use airflow_client::{DagRunId, ExecutionDate, NewTaskState, RunKey, TaskKey};
use jiff::{SignedDuration, Timestamp};
use metapod_client::TransactionId;
use ops_sandbox::airflow::RunSpec;
use ops_sandbox::{World, scenario};

use crate::exit::Failure;

/// How long ago the night's run began, and the second one.
const NIGHT: SignedDuration = SignedDuration::from_hours(6);
const SECOND: SignedDuration = SignedDuration::from_mins(20);
/// So long a job works that is to be found at work.
const LONG: f64 = 7_200.0;

/// The night's run has ended with a model that failed; a second run goes on, and the machines of its policies are held.
pub(super) fn prepare(world: &World, transaction: TransactionId) -> Result<(), Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::refused(format!("the sandbox cannot be made: {error}"));
    let dag = scenario::dagao(world).ok_or_else(|| wrong(&"no DAG"))?;
    let now = world.now();
    let run = |id: String| -> Result<DagRunId, Failure> { id.parse().map_err(|error| wrong(&error)) };
    let day = midnight(now - SignedDuration::from_hours(24));

    let night = RunKey::new(dag.clone(), run(format!("scheduled__{}", day.strftime("%Y-%m-%dT%H:%M:%S+00:00")))?);
    world.order(&night, ["fx-model"], []);
    let spec = RunSpec::new(night.run.clone()).scheduled().about(ExecutionDate::new(day));
    world.add_run(&dag, spec.made_at(now - NIGHT).transaction(transaction))?;
    // The model works from now on.
    world.forget_orders(&night);

    let second =
        RunKey::new(dag.clone(), run(format!("manual__{}", (now - SECOND).strftime("%Y-%m-%dT%H:%M:%S+00:00")))?);
    world.order(&second, [], [("itaipu-policy-model", LONG)]);
    world.add_run(&dag, RunSpec::new(second.run.clone()).made_at(now - SECOND))?;
    let held: TaskKey = TaskKey::new("downscale-policy-model".parse().map_err(|error| wrong(&error))?);
    Ok(world.mark_task(&second, &held, NewTaskState::Success)?)
}

fn midnight(at: Timestamp) -> Timestamp {
    let seconds = at.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(86_400)).unwrap_or(at)
}
