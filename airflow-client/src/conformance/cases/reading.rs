//! Runs, and what their tasks did.

use ops_client::conformance::{Outcome, check, same, told};
use serde_json::Value;

use super::super::night::transaction;
use super::super::{Night, Scene, TaskPlan};
use super::support::*;
use crate::TaskState::{Failed, Success, UpForRetry, UpstreamFailed};
use crate::{ErrorKind, LogRequest, RunFilter, RunState, TaskFilter, TaskKey};

pub(super) async fn unknown_run(scene: Scene<'_>) -> Outcome {
    let (run, key) = (unknown_run_of("short")?, TaskKey::new(id("model-x")?));
    refused(ErrorKind::NotFound, reads(scene).dag_run(&run).await)?;
    refused(ErrorKind::NotFound, reads(scene).task_instances(&run, &TaskFilter::all()).await)?;
    refused(ErrorKind::NotFound, reads(scene).task_instance(&run, &key).await)?;
    refused(ErrorKind::NotFound, reads(scene).tries(&run, &key).await)?;
    refused(ErrorKind::NotFound, reads(scene).rendered_fields(&run, &key).await)?;
    refused(ErrorKind::NotFound, reads(scene).log(&LogRequest::new(run.clone(), key.clone(), 1)).await)
}

pub(super) async fn unknown_task(scene: Scene<'_>) -> Outcome {
    let (run, key) = (shared(scene, Night::Well).await?, TaskKey::new(id("nobody-has-this-task")?));
    refused(ErrorKind::NotFound, reads(scene).task_instance(&run, &key).await)?;
    refused(ErrorKind::NotFound, reads(scene).tries(&run, &key).await)?;
    refused(ErrorKind::NotFound, reads(scene).log(&LogRequest::new(run.clone(), key.clone(), 1)).await)?;
    let filter = TaskFilter::all().of([key.task]);
    same("instances of it", &Vec::new(), &tasks(scene, &run, &filter).await?)
}

pub(super) async fn run_facts(scene: Scene<'_>) -> Outcome {
    for (night, end) in [(Night::Well, RunState::Success), (Night::ModelFailed, RunState::Failed)] {
        let run = shared(scene, night).await?;
        let found = reads(scene).dag_run(&run).await.map_err(told)?;
        same("its key", &run, &found.key)?;
        same("its state", &end, &found.state)?;
        check(found.execution_date.is_some(), "it says what it is about")?;
        let (Some(began), Some(end)) = (found.started_at, found.ended_at) else {
            return Err("it does not say when it began and ended".to_owned());
        };
        check(began < end, "it began before it ended")?;
        let given = found.conf.as_ref().and_then(|conf| conf.get("transaction")).and_then(Value::as_str);
        same("what it was given", &Some(transaction(&run).as_str()), &given)?;
        same("its note", &Some("made by a test"), &found.note.as_deref())?;
        same("how it came about", &Some("manual"), &found.run_type.as_deref())?;
    }
    Ok(())
}

pub(super) async fn runs_restricted(scene: Scene<'_>) -> Outcome {
    let well = reads(scene).dag_run(&shared(scene, Night::Well).await?).await.map_err(told)?;
    let failed = reads(scene).dag_run(&shared(scene, Night::ModelFailed).await?).await.map_err(told)?;
    let of = |filter: RunFilter| async move { reads(scene).dag_runs(&filter).await.map_err(told) };
    let all = || RunFilter::of(well.key.dag.clone());

    let found = of(all().in_state(RunState::Failed)).await?;
    check(found.iter().all(|run| run.state == RunState::Failed), "only failed ones are among the failed")?;
    check(found.iter().any(|run| run.key == failed.key), "the failed one is among the failed")?;
    let found = of(all().in_state(RunState::Failed).in_state(RunState::Success)).await?;
    for run in [&well, &failed] {
        check(found.iter().any(|found| found.key == run.key), "of two states both are found")?;
    }
    let dates: Vec<_> = found.iter().map(|run| run.execution_date).collect();
    check(dates.is_sorted_by(|a, b| a >= b), "the newest is the first")?;
    same("at most one", &vec![found[0].key.clone()], &keys(&of(all().at_most(1)).await?))?;

    let (Some(date), Some(other)) = (well.execution_date, failed.execution_date) else {
        return Err("they do not say what they are about".to_owned());
    };
    same("the run about an instant", &vec![well.key.clone()], &keys(&of(all().about(date, date)).await?))?;
    let between = keys(&of(all().about(date.min(other), date.max(other))).await?);
    check(between.contains(&well.key) && between.contains(&failed.key), "both ends are included")?;
    let began = well.started_at.ok_or("it does not say when it began")?;
    let later = of(all().started_from(began)).await?;
    check(later.iter().any(|run| run.key == well.key), "the run that began then is included")?;
    check(later.iter().all(|run| run.started_at >= Some(began)), "none began before")?;
    let everywhere = of(RunFilter::of_every_dag().in_state(RunState::Success).at_most(1000)).await?;
    check(everywhere.iter().any(|run| run.key == well.key), "it is among the runs of all DAGs")
}

fn keys(runs: &[crate::DagRun]) -> Vec<crate::RunKey> {
    runs.iter().map(|run| run.key.clone()).collect()
}

pub(super) async fn tasks_listed(scene: Scene<'_>) -> Outcome {
    let run = shared(scene, Night::DagaoFailed).await?;
    let found = all_tasks(scene, &run).await?;
    check(found.is_sorted_by_key(|task| &task.key), "they come sorted by key")?;
    let failed = ["databricks_load-models", "scale-ec2-rest", "itaipu-rest", "downscale-rest"];
    let all = plan(scene, "dagao")?.tasks.iter().map(|plan| {
        let name = plan.task.id.as_str();
        let state = match name {
            "fx-model" => Failed,
            name if failed.contains(&name) => UpstreamFailed,
            _ => Success,
        };
        (name, state)
    });
    same("states", &wanted(all), &states(&found))?;
    for task in &found {
        let tries = u32::from(task.state != UpstreamFailed);
        same(&format!("tries of {}", task.key), &tries, &task.try_number)?;
        check(task.ended_at.is_some() && task.started_at <= task.ended_at, "it began before it ended")?;
        same("the task by itself", task, &reads(scene).task_instance(&run, &task.key).await.map_err(told)?)?;
    }
    Ok(())
}

pub(super) async fn tasks_restricted(scene: Scene<'_>) -> Outcome {
    let run = shared(scene, Night::ModelFailed).await?;
    let of = |filter: TaskFilter| async move { Ok::<_, String>(names(&all_of(scene, filter).await?)) };
    let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let all = TaskFilter::all;
    same("failed ones", &set(&["model-x"]), &of(all().in_state(Failed)).await?)?;
    let two = all().in_state(Failed).in_state(UpstreamFailed);
    same("those in one of two states", &set(&["load", "model-x", "report"]), &of(two).await?)?;
    let some = ids(&["load", "model-x", "model-y"])?;
    same("those of three tasks", &set(&["load", "model-x", "model-y"]), &of(all().of(some.clone())).await?)?;
    let both = all().of(some).in_state(UpstreamFailed);
    same("those of three tasks in a state", &set(&["load"]), &of(both).await?)?;
    same("those of no task", &set(&[]), &of(all().of([])).await?)?;
    same("those in a state that none has", &set(&[]), &of(all().in_state(crate::TaskState::NoStatus)).await?)?;
    same("all of the run", &6, &all_tasks(scene, &run).await?.len())
}

async fn all_of(scene: Scene<'_>, filter: TaskFilter) -> Outcome<Vec<crate::TaskInstance>> {
    let run = shared(scene, Night::ModelFailed).await?;
    tasks(scene, &run, &filter).await
}

pub(super) async fn mapped(scene: Scene<'_>) -> Outcome {
    let (run, task) = (shared(scene, Night::Shapes).await?, id("loads.load-one")?);
    let found = tasks(scene, &run, &TaskFilter::all().of([task.clone()])).await?;
    let wanted: Vec<_> = (0..3).map(|index| TaskKey::mapped(task.clone(), index)).collect();
    same("its instances", &wanted, &found.iter().map(|task| task.key.clone()).collect())?;
    same("all of the run", &plan(scene, "shapes")?.instances(), &all_tasks(scene, &run).await?.len())?;
    let one = reads(scene).task_instance(&run, &wanted[1]).await.map_err(told)?;
    same("one of them", &found[1], &one)?;
    refused(ErrorKind::NotFound, reads(scene).task_instance(&run, &TaskKey::mapped(task.clone(), 3)).await)?;
    refused(ErrorKind::NotFound, reads(scene).task_instance(&run, &TaskKey::new(task)).await)
}

pub(super) async fn thousand(scene: Scene<'_>) -> Outcome {
    let run = shared(scene, Night::Wide).await?;
    let found = all_tasks(scene, &run).await?;
    let wanted: Vec<_> = plan(scene, "wide_1000")?.graph().tasks().map(|task| TaskKey::new(task.id.clone())).collect();
    same("its instances", &wanted, &found.iter().map(|task| task.key.clone()).collect())?;
    check(found.iter().all(|task| task.state == Success), "all are well")?;
    same("none failed", &0, &tasks(scene, &run, &TaskFilter::all().in_state(Failed)).await?.len())
}

pub(super) async fn tries(scene: Scene<'_>) -> Outcome {
    let (run, key) = (shared(scene, Night::Retrying).await?, TaskKey::new(id("retries-twice")?));
    let found = reads(scene).tries(&run, &key).await.map_err(told)?;
    let last = found.last().ok_or("it has no try")?;
    // It waits for its next try; this one failed, and is told so (measured on both generations).
    check(matches!(last.state, Failed | UpForRetry), "the last one failed")?;
    same("its number", &task(scene, &run, "retries-twice").await?.try_number, &last.try_number)?;
    check(found.is_sorted_by_key(|task| task.try_number), "the current one comes last")?;
    let run = shared(scene, Night::Well).await?;
    let found = reads(scene).tries(&run, &TaskKey::new(id("model-x")?)).await.map_err(told)?;
    same("the only try", &vec![(1, Success)], &found.into_iter().map(|task| (task.try_number, task.state)).collect())
}

pub(super) async fn logs(scene: Scene<'_>) -> Outcome {
    let jobs = [
        (Night::Well, TaskKey::new(id("model-x")?)),
        (Night::ModelFailed, TaskKey::new(id("model-x")?)),
        (Night::Shapes, TaskKey::mapped(id("loads.load-one")?, 2)),
    ];
    for (night, key) in jobs {
        let run = shared(scene, night).await?;
        let lines = lines(scene, &run, &key, 1).await?;
        let line = TaskPlan::line(&TaskPlan::name(&key.task, key.map_index));
        same("lines that tell of a try", &1, &lines.iter().filter(|text| text.contains(&line)).count())?;
        refused(ErrorKind::NotFound, reads(scene).log(&LogRequest::new(run, key, 7)).await)?;
    }
    Ok(())
}

pub(super) async fn rendered(scene: Scene<'_>) -> Outcome {
    let run = shared(scene, Night::Well).await?;
    let fields = reads(scene).rendered_fields(&run, &TaskKey::new(id("model-x")?)).await.map_err(told)?;
    let text = Value::Object(fields).to_string();
    check(text.contains(&transaction(&run)), "one of them holds what the run was given")
}

pub(super) async fn xcom(scene: Scene<'_>) -> Outcome {
    for (night, key) in
        [(Night::Well, TaskKey::new(id("model-x")?)), (Night::Shapes, TaskKey::mapped(id("loads.load-one")?, 1))]
    {
        let run = shared(scene, night).await?;
        let keys = reads(scene).xcom_keys(&run, &key).await.map_err(told)?;
        check(keys.iter().any(|key| key == "return_value"), "what it returned is there")?;
        let value = reads(scene).xcom(&run, &key, "return_value").await.map_err(told)?;
        same("what it returned", &Value::from(TaskPlan::name(&key.task, key.map_index)), &value)?;
        refused(ErrorKind::NotFound, reads(scene).xcom(&run, &key, "nobody-left-this").await)?;
    }
    let failed = shared(scene, Night::ModelFailed).await?;
    let keys = reads(scene).xcom_keys(&failed, &TaskKey::new(id("model-x")?)).await.map_err(told)?;
    check(!keys.iter().any(|key| key == "return_value"), "a failed one returned nothing")
}
