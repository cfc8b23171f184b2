//! Changes whose effect is looked at: a creation that settles, a kill that hits only what was meant.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ops_client::{Effect, Error, Result};

use super::pace::{Pace, Patience};
use crate::{AuroraRead, AuroraWrite, InstanceSet, Instances, JobKey, NewJob, Task, TaskFilter, TaskId};

/// A job that was created, by this very call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Created {
    /// Its first tasks, by instance: what to wait for.
    pub tasks: Vec<TaskId>,
    /// Whether the answer was lost, and its nonce was found by looking.
    pub by_looking: bool,
}

/// What a kill was sent for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KilledTasks {
    /// The tasks that were told to end.
    pub told: Vec<TaskId>,
    /// Captured tasks that were left alone: they ended by themselves, or another runs beside them in their instance.
    pub left: Vec<TaskId>,
}

/// Conveniences over [`AuroraWrite`], each of which looks at what it does.
#[async_trait]
pub trait AuroraWriteExt: AuroraWrite {
    /// Creates a job and looks for its tasks. Where the answer was lost, the nonce tells whether it was this call that made
    /// what is there: nothing is ever sent again.
    ///
    /// # Errors
    /// As [`AuroraWrite::create`]. Where the answer was lost and no task with the nonce came in time, it is that failure, with
    /// its effect: the call may still be on its way. `Timeout` with the effect `Certain` where the job was created, and not
    /// all of its tasks were seen in time.
    async fn create_and_settle<R>(&self, reads: &R, job: &NewJob, patience: &Patience) -> Result<Created>
    where
        R: AuroraRead + ?Sized,
    {
        const OP: &str = "aurora.create_and_settle";
        let lost = match self.create(job).await {
            Ok(()) => None,
            Err(error) if error.effect() == Effect::None => return Err(error),
            Err(error) => Some(error),
        };
        let mut pace = Pace::new(patience);
        let mut seen = 0;
        loop {
            let look = reads.tasks(&TaskFilter::of_job(&job.key).brief()).await;
            match pace.bear(look) {
                Ok(Some(known)) => {
                    let ours = of_nonce(&known, &job.nonce);
                    seen = seen.max(ours.len());
                    if ours.len() >= job.instances as usize {
                        return Ok(Created { tasks: ours, by_looking: lost.is_some() });
                    }
                }
                Ok(None) => {}
                // What failed first says more.
                Err(look) => return Err(lost.unwrap_or_else(|| look.with_effect(Effect::Certain))),
            }
            if !pace.pause().await {
                let what = format!("{} of {} tasks of {} were seen", seen, job.instances, job.key);
                let up = pace.is_up(OP, what).with_effect(Effect::Certain);
                return Err(match lost {
                    Some(lost) if seen == 0 => unsettled(lost, job),
                    _ => up,
                });
            }
        }
    }

    /// Kills captured tasks, and no others: an instance is killed only where all that is active in it was captured, because
    /// somebody else may have created the job anew. Where none is left, nothing is sent.
    ///
    /// Between the look and the call there is a moment: whoever creates the job within it is hit.
    ///
    /// # Errors
    /// As [`AuroraRead::tasks`] and [`AuroraWrite::kill`]: where the effect is `Possible`, wait for the captured tasks.
    async fn kill_captured<R>(&self, reads: &R, job: &JobKey, captured: &[TaskId], message: &str) -> Result<KilledTasks>
    where
        R: AuroraRead + ?Sized,
    {
        if captured.is_empty() {
            return Ok(KilledTasks::default());
        }
        let active = reads.tasks(&TaskFilter::of_job(job).active().brief()).await?;
        let mut instances: BTreeMap<u32, Vec<&Task>> = BTreeMap::new();
        for task in active.iter().filter(|task| task.status.is_active()) {
            instances.entry(task.instance).or_default().push(task);
        }
        instances.retain(|_, tasks| tasks.iter().all(|task| captured.contains(&task.id)));
        let told: Vec<TaskId> = instances.values().flatten().map(|task| task.id.clone()).collect();
        let left = captured.iter().filter(|id| !told.contains(id)).cloned().collect();
        // There is no empty set: it would mean all of them.
        if let Ok(set) = InstanceSet::new(instances.into_keys()) {
            self.kill(job, &Instances::Only(set), message).await?;
        }
        Ok(KilledTasks { told, left })
    }
}

#[async_trait]
impl<T: AuroraWrite + ?Sized> AuroraWriteExt for T {}

/// The first tasks of this very creation: what took their place has an ancestor.
fn of_nonce(known: &[Task], nonce: &str) -> Vec<TaskId> {
    let mut ours: BTreeMap<u32, &Task> = BTreeMap::new();
    for task in known.iter().filter(|task| task.config.label(NewJob::NONCE) == Some(nonce)) {
        // The oldest that is still known stands for its line.
        let first = ours.entry(task.instance).or_insert(task);
        if task.began() < first.began() || first.ancestor.as_ref() == Some(&task.id) {
            *first = task;
        }
    }
    ours.into_values().map(|task| task.id.clone()).collect()
}

fn unsettled(lost: Error, job: &NewJob) -> Error {
    let remedy =
        format!("no task of {} has the nonce {} yet: look for it before it is created again", job.key, job.nonce);
    lost.with_remedy(remedy)
}
