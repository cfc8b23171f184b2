//! How jobs live and end.

use ops_client::conformance::{Outcome, check, same, told};

use super::support::{all, until};
use crate::TaskStatus::{self, Failed, Finished, Pending, Running};
use crate::conformance::{Fate, Scene};
use crate::{NewJob, Process, Task};

fn history(task: &Task) -> Vec<TaskStatus> {
    task.events.iter().map(|event| event.status).collect()
}

fn in_order(task: &Task) -> bool {
    task.events.windows(2).all(|pair| pair[0].at <= pair[1].at)
}

pub(super) async fn finishes(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    scene.stage.order(job, Fate::Finishes).await.map_err(told)?;
    scene.stage.ports().writes.create(&scene.scenario.small(job, 2)).await.map_err(told)?;
    let tasks = until(scene, job, "finished", |tasks| all(tasks, Finished)).await?;
    same("how many tasks", &2, &tasks.len())?;
    for task in &tasks {
        let history = history(task);
        check(history.first() == Some(&Pending) && history.contains(&Running), "it waited and ran")?;
        same("its last event", &Some(&Finished), &history.last())?;
        check(in_order(task), "its events are in order")?;
        check(task.began() < task.ended(), "it began before it ended")?;
        check(task.host.is_some() && task.ancestor.is_none(), "it has a host and no ancestor")?;
    }
    Ok(())
}

pub(super) async fn fails(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    scene.stage.order(job, Fate::Fails).await.map_err(told)?;
    let mut new = scene.scenario.small(job, 1);
    new.max_failures = 2;
    scene.stage.ports().writes.create(&new).await.map_err(told)?;
    let tasks = until(scene, job, "failed twice", |tasks| tasks.len() == 2 && all(tasks, Failed)).await?;
    let [first, second] = &tasks[..] else { return Err("there are not two tasks".to_owned()) };
    same("the second one's ancestor", &Some(&first.id), &second.ancestor.as_ref())?;
    same("how often it failed", &2, &second.failures)?;
    scene.stage.pass(std::time::Duration::from_secs(120)).await;
    same("how many tasks there are later", &2, &super::support::tasks_of(scene, job).await?.len())
}

pub(super) async fn waits(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    let new = NewJob::new(job.clone(), scene.scenario.huge, vec![Process::new("run", "./run")]);
    let ports = scene.stage.ports();
    ports.writes.create(&new).await.map_err(told)?;
    scene.stage.pass(std::time::Duration::from_secs(60)).await;
    let tasks = until(scene, job, "waiting", |tasks| all(tasks, Pending)).await?;
    let [task] = &tasks[..] else { return Err("there is not one task".to_owned()) };
    same("its host", &None, &task.host)?;
    let reasons = ports.reads.pending_reasons(job).await.map_err(told)?;
    let [reason] = &reasons[..] else { return Err(format!("there are {} reasons", reasons.len())) };
    same("the task that waits", &task.id, &reason.task)?;
    check(!reason.reason.is_empty(), "it says why")
}
