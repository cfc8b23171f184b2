//! What cases say often.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use ops_client::conformance::{Outcome, parsed, told};

use super::super::night;
use super::super::{DagPlan, Night, Scene, TaskPlan, Whose};
use crate::{
    AirflowRead, AirflowWrite, DagId, DagRun, Effect, ErrorKind, LogRequest, RunKey, TaskFilter, TaskId, TaskInstance,
    TaskKey, TaskRef, TaskState,
};

/// Each task, and its state.
pub(super) type States = BTreeMap<String, TaskState>;

pub(super) fn reads<'a>(scene: Scene<'a>) -> &'a dyn AirflowRead {
    scene.stage.admin().reads
}

pub(super) fn writes<'a>(scene: Scene<'a>) -> &'a dyn AirflowWrite {
    scene.stage.admin().writes
}

pub(super) async fn shared(scene: Scene<'_>, night: Night) -> Outcome<RunKey> {
    scene.stage.night(night, Whose::Shared).await.map_err(told)
}

pub(super) async fn own(scene: Scene<'_>, night: Night) -> Outcome<RunKey> {
    scene.stage.night(night, Whose::Own).await.map_err(told)
}

pub(super) async fn ended(scene: Scene<'_>, run: &RunKey) -> Outcome<DagRun> {
    night::until_ended(scene.stage, run).await.map_err(told)
}

pub(super) async fn until(
    scene: Scene<'_>,
    run: &RunKey,
    what: &str,
    so: impl Fn(&[TaskInstance]) -> bool + Send,
) -> Outcome<Vec<TaskInstance>> {
    night::until(scene.stage, run, what, so).await.map_err(told)
}

pub(super) async fn tasks(scene: Scene<'_>, run: &RunKey, filter: &TaskFilter) -> Outcome<Vec<TaskInstance>> {
    reads(scene).task_instances(run, filter).await.map_err(told)
}

pub(super) async fn all_tasks(scene: Scene<'_>, run: &RunKey) -> Outcome<Vec<TaskInstance>> {
    tasks(scene, run, &TaskFilter::all()).await
}

pub(super) async fn task(scene: Scene<'_>, run: &RunKey, name: &str) -> Outcome<TaskInstance> {
    reads(scene).task_instance(run, &TaskKey::new(id(name)?)).await.map_err(told)
}

pub(super) fn plan<'a>(scene: Scene<'a>, dag: &str) -> Outcome<&'a DagPlan> {
    scene.scenario.dag(dag).ok_or_else(|| format!("the scenario has no DAG {dag}"))
}

pub(super) fn id(name: &str) -> Outcome<TaskId> {
    parsed(name)
}

pub(super) fn ids(names: &[&str]) -> Outcome<Vec<TaskId>> {
    names.iter().map(|name| id(name)).collect()
}

pub(super) fn refs(run: &RunKey, names: &[&str]) -> Outcome<Vec<TaskRef>> {
    let mut refs = Vec::new();
    for name in names {
        refs.push(TaskRef::new(run.run.clone(), id(name)?));
    }
    refs.sort_unstable();
    Ok(refs)
}

pub(super) fn unknown_dag_id() -> Outcome<DagId> {
    parsed("nobody-has-this-dag")
}

pub(super) fn unknown_run_of(dag: &str) -> Outcome<RunKey> {
    Ok(RunKey::new(parsed(dag)?, parsed("nobody-has-this-run")?))
}

pub(super) fn states(tasks: &[TaskInstance]) -> States {
    tasks.iter().map(|task| (task.key.to_string(), task.state.clone())).collect()
}

pub(super) fn wanted<'a>(pairs: impl IntoIterator<Item = (&'a str, TaskState)>) -> States {
    pairs.into_iter().map(|(name, state)| (name.to_owned(), state)).collect()
}

pub(super) fn is(tasks: &[TaskInstance], name: &str, state: &TaskState) -> bool {
    tasks.iter().any(|task| task.key.task.as_str() == name && task.state == *state)
}

pub(super) fn names(tasks: &[TaskInstance]) -> BTreeSet<String> {
    tasks.iter().map(|task| task.key.to_string()).collect()
}

/// All lines of the log of a try.
pub(super) async fn lines(scene: Scene<'_>, run: &RunKey, key: &TaskKey, number: u32) -> Outcome<Vec<String>> {
    let request = LogRequest::new(run.clone(), key.clone(), number);
    let mut stream = reads(scene).log(&request).await.map_err(told)?;
    let mut lines = Vec::new();
    while let Some(line) = stream.next().await {
        lines.push(line.map_err(told)?.text);
    }
    Ok(lines)
}

/// Fails unless the call was refused in this way, and certainly did nothing.
pub(super) fn refused<T>(kind: ErrorKind, result: crate::Result<T>) -> Outcome {
    let error = ops_client::conformance::refused(result)?;
    if error.kind() == kind && error.effect() == Effect::None {
        return Ok(());
    }
    Err(format!("wanted {kind} without effect, found {:?} with {error}", error.effect()))
}

/// The tasks that have a larger try than before. (Never «one more»: a clear can raise it by two.)
pub(super) fn ran_again<'a>(before: &[TaskInstance], after: &'a [TaskInstance]) -> Vec<&'a str> {
    let larger = |task: &&TaskInstance| {
        before.iter().any(|before| before.key == task.key && before.try_number < task.try_number)
    };
    after.iter().filter(larger).map(|task| task.key.task.as_str()).collect()
}

/// How often a task really began, by its logs.
pub(super) async fn begun(scene: Scene<'_>, run: &RunKey, name: &str) -> Outcome<usize> {
    begun_of(scene, run, &TaskKey::new(id(name)?)).await
}

pub(super) async fn begun_of(scene: Scene<'_>, run: &RunKey, key: &TaskKey) -> Outcome<usize> {
    let last = reads(scene).task_instance(run, key).await.map_err(told)?.try_number;
    let line = TaskPlan::line(&TaskPlan::name(&key.task, key.map_index));
    let mut begun = 0;
    for number in 1..=last {
        match reads(scene).log(&LogRequest::new(run.clone(), key.clone(), number)).await {
            Ok(_) => begun += lines(scene, run, key, number).await?.iter().filter(|text| text.contains(&line)).count(),
            // It was marked, or a clear skipped a number: there never was such a try.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(told(error)),
        }
    }
    Ok(begun)
}
