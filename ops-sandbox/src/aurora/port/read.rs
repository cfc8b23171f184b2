//! What is read.

use std::time::Duration;

use async_trait::async_trait;
use aurora_client::{
    AuroraRead, JobKey, JobSummary, NewJob, PendingReason, Probe, Quota, Resources, Result, SchedulerSeen, Task,
    TaskFilter,
};
use ops_client::Error;

use super::{About, AuroraPort, Who};
use crate::Operation;
use crate::refusal::Refusal;
use crate::world::{Done, State};

#[async_trait]
impl AuroraRead for AuroraPort {
    async fn probe(&self) -> Result<Probe> {
        self.read(Operation::AuroraProbe, About::Everything, |state| {
            let leader = state.aurora.leader().map(|leader| leader.address.clone()).unwrap_or_default();
            let probe = Probe::new(leader, Duration::ZERO).with_version("0.23.0");
            Ok(probe.with_server_time(state.now().into()))
        })
        .await
    }

    async fn schedulers(&self) -> Result<Vec<SchedulerSeen>> {
        let seen = |state: &mut State| Ok(Done::same(state.aurora.seen(state.now())));
        self.world.call(Operation::AuroraSchedulers, About::Everything.subject(), Refusal::told, seen).await
    }

    async fn tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>> {
        let about = match &filter.jobs[..] {
            [job] => About::Job(job),
            _ => About::Everything,
        };
        let TaskFilter { jobs, tasks, hosts, role, environment, .. } = filter;
        if jobs.is_empty() && tasks.is_empty() && hosts.is_empty() && role.is_none() && environment.is_none() {
            let why = "a filter without a job, a role, a task or a host would list the whole cluster";
            return Err(Error::invalid(Operation::AuroraTasks.name(), why));
        }
        self.read(Operation::AuroraTasks, about, |state| Ok(state.aurora.tasks_of(filter))).await
    }

    async fn pending_reasons(&self, job: &JobKey) -> Result<Vec<PendingReason>> {
        let told = |state: &State| Ok(state.aurora.reasons(|record| record.task.job == *job));
        self.read(Operation::AuroraPendingReasons, About::Job(job), told).await
    }

    async fn jobs(&self, role: Option<String>) -> Result<Vec<JobSummary>> {
        let about = role.as_deref().map_or(About::Everything, About::Role);
        self.read(Operation::AuroraJobs, about, |state| Ok(state.aurora.summaries(role.as_deref()))).await
    }

    async fn check(&self, job: &NewJob) -> Result<()> {
        self.read(Operation::AuroraCheck, About::Job(&job.key), |state| state.aurora.check(job)).await
    }

    async fn quota(&self, role: &str) -> Result<Quota> {
        self.read(Operation::AuroraQuota, About::Role(role), |state| Ok(state.aurora.quota(role))).await
    }

    async fn may_change(&self) -> Result<Option<bool>> {
        let good = self.who != Who::Stranger;
        let told = |state: &State| Ok(state.aurora.secured.then_some(good));
        self.read(Operation::AuroraMayChange, About::Everything, told).await
    }
}

/// What reads tell, whichever way they come in.
impl crate::aurora::Aurora {
    /// The tasks that are meant, by job, instance and when they began.
    pub(crate) fn tasks_of(&self, filter: &TaskFilter) -> Vec<Task> {
        let TaskFilter { jobs, tasks, hosts, role, environment, instances, active, brief, .. } = filter;
        let wanted = |task: &&Task| {
            (jobs.is_empty() || jobs.contains(&task.job))
                && (tasks.is_empty() || tasks.contains(&task.id))
                && (hosts.is_empty() || task.host.as_ref().is_some_and(|host| hosts.contains(host)))
                && role.as_ref().is_none_or(|role| role == task.job.role())
                && environment.as_ref().is_none_or(|environment| environment == task.job.environment())
                && instances.as_ref().is_none_or(|set| set.contains(task.instance))
                && (!active || task.status.is_active())
        };
        let found = self.records().map(|record| &record.task).filter(wanted);
        let mut found: Vec<Task> = found.cloned().collect();
        if *brief {
            found.iter_mut().for_each(|task| task.config.executor_data = None);
        }
        // Those that were made later come later.
        found.sort_by(|a, b| (&a.job, a.instance, a.began()).cmp(&(&b.job, b.instance, b.began())));
        found
    }

    /// Each job of which a task is known.
    pub(crate) fn summaries(&self, role: Option<&str>) -> Vec<JobSummary> {
        use aurora_client::TaskStatus::{Failed, Finished, Killed, Lost, Pending, Throttled};
        let mut jobs = std::collections::BTreeMap::new();
        for task in self.records().map(|record| &record.task) {
            if role.is_some_and(|role| role != task.job.role()) {
                continue;
            }
            let job = jobs.entry(task.job.clone()).or_insert_with(|| JobSummary::new(task.job.clone()));
            match task.status {
                Finished => job.finished += 1,
                Failed | Lost => job.failed += 1,
                Killed => {}
                Pending | Throttled => job.pending += 1,
                _ => job.active += 1,
            }
        }
        jobs.into_values().collect()
    }

    pub(crate) fn quota(&self, role: &str) -> Quota {
        let quota = self.quota_of(role).unwrap_or_else(|| Resources::new(0.0, 0, 0));
        let mut quota = Quota::new(quota);
        quota.used = Some(self.used(role));
        quota
    }
}
