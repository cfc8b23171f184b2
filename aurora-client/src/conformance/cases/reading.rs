//! What is read.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{failed, running, tasks_of, until};
use crate::conformance::{Fate, Scene};
use crate::{Effect, ErrorKind, InstanceSet, Leading, Task, TaskFilter, TaskId, TaskStatus};

pub(super) async fn probe(scene: Scene<'_>) -> Outcome {
    let probe = scene.stage.ports().reads.probe().await.map_err(told)?;
    check(!probe.address.is_empty(), "the probe names the scheduler that leads")
}

pub(super) async fn schedulers(scene: Scene<'_>) -> Outcome {
    let seen = scene.stage.ports().reads.schedulers().await.map_err(told)?;
    check(!seen.is_empty(), "there is a scheduler")?;
    check(seen.iter().all(|one| !one.address.is_empty()), "each has an address")?;
    let leaders = seen.iter().filter(|one| one.leading == Leading::Yes);
    same("how many lead", &1, &leaders.clone().count())?;
    check(leaders.clone().all(|one| one.health.answers()), "who leads answers")?;
    check(leaders.clone().all(|one| one.registered == Some(true)), "Mesos knows who leads")
}

pub(super) async fn no_filter(scene: Scene<'_>) -> Outcome {
    let reads = scene.stage.ports().reads;
    for filter in [TaskFilter::default(), TaskFilter::default().active().brief()] {
        let error = refused(reads.tasks(&filter).await)?;
        failed("tasks of everything", ErrorKind::Invalid, Effect::None, &error)?;
    }
    Ok(())
}

pub(super) async fn no_tasks(scene: Scene<'_>) -> Outcome {
    let reads = scene.stage.ports().reads;
    same("tasks", &0, &tasks_of(scene, &scene.scenario.job).await?.len())?;
    let reasons = reads.pending_reasons(&scene.scenario.job).await.map_err(told)?;
    same("reasons", &0, &reasons.len())?;
    let unknown = TaskFilter::of_tasks([TaskId::new("conformance-test-job-0-nobody")]).unwrap_or_default();
    same("tasks of that id", &0, &reads.tasks(&unknown).await.map_err(told)?.len())
}

fn ids(tasks: &[Task]) -> Vec<TaskId> {
    tasks.iter().map(|task| task.id.clone()).collect()
}

pub(super) async fn tasks(scene: Scene<'_>) -> Outcome {
    let (job, other) = (&scene.scenario.job, &scene.scenario.other);
    let all = running(scene, job, 3).await?;
    let beside = running(scene, other, 1).await?;
    let instances: Vec<u32> = all.iter().map(|task| task.instance).collect();
    same("the instances, in order", &vec![0, 1, 2], &instances)?;
    check(all.iter().all(|task| task.job == *job), "each is of the job")?;
    let [first, second, ..] = &all[..] else { return Err("there are not three tasks".to_owned()) };
    let Some(beside) = beside.first() else { return Err("the other job has no task".to_owned()) };
    let reads = scene.stage.ports().reads;
    let set = InstanceSet::new([0, 1]).map_err(|error| error.to_string())?;
    let found = reads.tasks(&TaskFilter::of_job(job).instances(set)).await.map_err(told)?;
    same("by instance", &vec![first.id.clone(), second.id.clone()], &ids(&found))?;
    let by_id = TaskFilter::of_tasks([second.id.clone(), beside.id.clone()]).unwrap_or_default();
    let found = reads.tasks(&by_id).await.map_err(told)?;
    same("by id", &vec![second.id.clone(), beside.id.clone()], &ids(&found))?;
    let jobs = TaskFilter::of_jobs([job.clone(), other.clone()]).unwrap_or_default();
    same("by two jobs", &4, &reads.tasks(&jobs).await.map_err(told)?.len())?;
    let role = TaskFilter::of_environment(job.role(), job.environment());
    same("by role and environment", &4, &reads.tasks(&role).await.map_err(told)?.len())?;
    let Some(host) = first.host.clone() else { return Err("what runs has no host".to_owned()) };
    let found = reads.tasks(&TaskFilter::on_hosts([host.clone()]).unwrap_or_default()).await.map_err(told)?;
    check(found.iter().any(|task| task.id == first.id), "it is found on its host")?;
    check(found.iter().all(|task| task.host.as_deref() == Some(&host)), "nothing else is found there")
}

pub(super) async fn active(scene: Scene<'_>) -> Outcome {
    let (job, other) = (&scene.scenario.job, &scene.scenario.other);
    scene.stage.order(job, Fate::Finishes).await.map_err(told)?;
    scene.stage.ports().writes.create(&scene.scenario.small(job, 1)).await.map_err(told)?;
    until(scene, job, "finished", |tasks| super::support::all(tasks, TaskStatus::Finished)).await?;
    let alive = running(scene, other, 1).await?;
    let both = TaskFilter::of_jobs([job.clone(), other.clone()]).unwrap_or_default();
    let reads = scene.stage.ports().reads;
    same("all", &2, &reads.tasks(&both).await.map_err(told)?.len())?;
    same("the active ones", &ids(&alive), &ids(&reads.tasks(&both.active()).await.map_err(told)?))
}

pub(super) async fn brief(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    let whole = running(scene, job, 2).await?;
    check(whole.iter().all(|task| task.config.executor_data.is_some()), "what executors read is told")?;
    let brief = scene.stage.ports().reads.tasks(&TaskFilter::of_job(job).brief()).await.map_err(told)?;
    same("the tasks", &ids(&whole), &ids(&brief))?;
    check(brief.iter().all(|task| task.config.executor_data.is_none()), "what executors read is left out")?;
    check(brief.iter().all(|task| task.status == TaskStatus::Running), "what they do is told")
}

pub(super) async fn jobs(scene: Scene<'_>) -> Outcome {
    let (job, other) = (&scene.scenario.job, &scene.scenario.other);
    running(scene, job, 2).await?;
    running(scene, other, 1).await?;
    let reads = scene.stage.ports().reads;
    let listed = reads.jobs(Some(job.role().to_owned())).await.map_err(told)?;
    let found: Vec<_> = listed.iter().map(|one| (&one.key, one.active)).collect();
    same("the jobs", &vec![(job, 2), (other, 1)], &found)?;
    same("jobs of nobody", &0, &reads.jobs(Some("nobody".to_owned())).await.map_err(told)?.len())?;
    let all = reads.jobs(None).await.map_err(told)?;
    check([job, other].iter().all(|key| all.iter().any(|one| one.key == **key)), "they are among all jobs")
}

pub(super) async fn facts(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    scene.stage.order(job, Fate::Runs).await.map_err(told)?;
    let mut new = scene.scenario.small(job, 1);
    (new.max_failures, new.metadata) = (3, vec![("a label".to_owned(), "its value".to_owned())]);
    scene.stage.ports().writes.create(&new).await.map_err(told)?;
    let tasks = tasks_of(scene, job).await?;
    let [task] = &tasks[..] else { return Err(format!("there are {} tasks", tasks.len())) };
    same("its resources", &new.resources, &task.config.resources)?;
    same("how often it may fail", &3, &task.config.max_failures)?;
    same("whether it runs for ever", &false, &task.config.is_service)?;
    same("a label", &Some("its value"), &task.config.label("a label"))?;
    same("the nonce", &Some(new.nonce.as_str()), &task.config.label(crate::NewJob::NONCE))?;
    same("whether it speaks of its process", &Some(true), &task.config.mentions("./run"))?;
    same("whether it speaks of another", &Some(false), &task.config.mentions("./walk"))
}
