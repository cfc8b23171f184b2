//! What follows from what Aurora tells.

use async_trait::async_trait;
use ops_client::Result;
use tokio::time::Instant;

use super::pace::{Pace, Patience};
use crate::{AuroraRead, Fate, JobKey, JobOutcome, JobStatus, TaskFilter, TaskId, TaskStatus, Verdict};

/// Conveniences over [`AuroraRead`].
#[async_trait]
pub trait AuroraReadExt: AuroraRead {
    /// A job by instance, the newest task first, with why tasks wait.
    ///
    /// # Errors
    /// As [`AuroraRead::tasks`].
    async fn status(&self, job: &JobKey) -> Result<JobStatus> {
        let tasks = self.tasks(&TaskFilter::of_job(job).brief()).await?;
        let waits = tasks.iter().any(|task| matches!(task.status, TaskStatus::Pending | TaskStatus::Throttled));
        let reasons = if waits { self.pending_reasons(job).await? } else { Vec::new() };
        Ok(JobStatus::of(job, tasks, &reasons))
    }

    /// What became of captured tasks, as of now.
    ///
    /// # Errors
    /// As [`AuroraRead::tasks`].
    async fn outcome(&self, job: &JobKey, captured: &[TaskId]) -> Result<JobOutcome> {
        let known = self.tasks(&TaskFilter::of_job(job).brief()).await?;
        Ok(JobOutcome::of(captured, &known))
    }

    /// Looks at captured tasks until all have ended for good, their successors included. `progress` is told of each look.
    ///
    /// Where a successor that should come does not, or none of them is known, it waits for the grace that is given and then
    /// says so: [`Verdict::Unclear`], [`Verdict::NoneSeen`]. Without captured tasks nothing is asked, and nothing is said to
    /// be done.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use aurora_client::{AuroraRead, AuroraReadExt, JobKey, Patience, Result, TaskId, Verdict};
    ///
    /// async fn went_well(aurora: &dyn AuroraRead, job: &JobKey, captured: &[TaskId]) -> Result<bool> {
    ///     let patience = Patience::of(Duration::from_secs(3600));
    ///     let outcome = aurora.wait_ended(job, captured, &patience, |seen| eprintln!("{seen}")).await?;
    ///     Ok(outcome.verdict() == Verdict::Finished)
    /// }
    /// ```
    ///
    /// # Errors
    /// `Timeout` where the deadline came first. Otherwise as [`AuroraRead::tasks`], but what passes by itself is borne four
    /// times in a row.
    async fn wait_ended<P>(
        &self,
        job: &JobKey,
        captured: &[TaskId],
        patience: &Patience,
        mut progress: P,
    ) -> Result<JobOutcome>
    where
        P: FnMut(&JobOutcome) + Send,
    {
        if captured.is_empty() {
            return Ok(JobOutcome::of(captured, &[]));
        }
        let mut pace = Pace::new(patience);
        let mut last = JobOutcome::of(captured, &[]);
        // Since when each task's fate is one of those that are not borne for ever.
        let mut doubtful: Vec<Option<(Fate, Instant)>> = vec![None; captured.len()];
        loop {
            if let Some(outcome) = pace.bear(self.outcome(job, captured).await)? {
                progress(&outcome);
                for (since, task) in doubtful.iter_mut().zip(&outcome.tasks) {
                    *since = match (task.fate, *since) {
                        (fate @ (Fate::Awaited(_) | Fate::Unseen), Some((before, at))) if before == fate => {
                            Some((fate, at))
                        }
                        (fate @ (Fate::Awaited(_) | Fate::Unseen), _) => Some((fate, Instant::now())),
                        _ => None,
                    };
                }
                let enough =
                    |since: &Option<(Fate, Instant)>| since.is_none_or(|(_, since)| since.elapsed() >= patience.grace);
                let going = outcome.tasks.iter().any(|task| matches!(task.fate, Fate::Going(_)));
                if !going && doubtful.iter().all(enough) {
                    return Ok(outcome.without_successors());
                }
                last = outcome;
            }
            if !pace.pause().await {
                return Err(pace.is_up("aurora.wait_ended", format!("{job}: {last}")));
            }
        }
    }

    /// Looks until the tasks of a job run, or have ended: as many of the captured ones as there are, or their successors. It
    /// is the outcome that says which.
    ///
    /// # Errors
    /// As [`AuroraReadExt::wait_ended`].
    async fn wait_begun(&self, job: &JobKey, captured: &[TaskId], patience: &Patience) -> Result<JobOutcome> {
        let mut pace = Pace::new(patience);
        let mut last = JobOutcome::of(captured, &[]);
        loop {
            if captured.is_empty() {
                return Ok(last);
            }
            if let Some(outcome) = pace.bear(self.outcome(job, captured).await)? {
                let begun = |fate: Fate| fate.is_over() || fate == Fate::Going(TaskStatus::Running);
                if outcome.verdict() != Verdict::NoneSeen && outcome.tasks.iter().all(|task| begun(task.fate)) {
                    return Ok(outcome);
                }
                last = outcome;
            }
            if !pace.pause().await {
                return Err(pace.is_up("aurora.wait_begun", format!("{job}: {last}")));
            }
        }
    }
}

#[async_trait]
impl<T: AuroraRead + ?Sized> AuroraReadExt for T {}
