//! What people do to jobs: create, kill, restart. What is refused is refused in the scheduler's own words.

use std::sync::Arc;

use aurora_client::{InstanceSet, Instances, JobKey, NewJob, TaskStatus};
use jiff::Timestamp;

use super::life::Link;
use super::spec::JobSpec;
use super::state::{Aurora, Record};
use crate::refusal::Refusal;

/// The most instances that a job may have, by default.
const MOST: u32 = 4000;

impl Aurora {
    /// What the scheduler says of a job that might be created: all but quota, and whether there is one already.
    pub(crate) fn check(&self, job: &NewJob) -> Result<(), Refusal> {
        let wrong = |words: &str| Err(Refusal::Rejected(words.to_owned()));
        let resources = job.resources;
        match () {
            () if job.instances == 0 => wrong("Instance count must be positive."),
            () if job.instances > MOST => wrong(&format!("Instance count must be at most {MOST}.")),
            () if resources.cpus.is_nan() || resources.cpus <= 0.0 => wrong("numCpus must be greater than zero"),
            () if resources.ram_mb == 0 => wrong("ramMb must be greater than zero"),
            () if resources.disk_mb == 0 => wrong("diskMb must be greater than zero"),
            () if job.processes.is_empty() => wrong("Configuration may not be null"),
            () => Ok(()),
        }
    }

    /// Creates a job.
    pub(crate) fn create(&mut self, job: JobSpec, link: Option<Link>, now: Timestamp) -> Result<(), Refusal> {
        self.check(&job.new)?;
        let key = job.new.key.clone();
        self.not_updating(&key)?;
        if !self.active_of(&key).is_empty() {
            return Err(Refusal::Rejected(format!("Job already exists: {key}")));
        }
        self.check_quota(&job.new)?;
        let job = Arc::new(job);
        for instance in 0..job.new.instances {
            self.add_task(&job, instance, link, now);
        }
        Ok(())
    }

    /// Only what is not preemptible counts.
    fn check_quota(&self, job: &NewJob) -> Result<(), Refusal> {
        let counts = |tier: &Option<String>| tier.as_deref() == Some("preferred");
        let Some(quota) = self.quotas.get(job.key.role()).filter(|_| counts(&job.tier)) else { return Ok(()) };
        let needed = self.used(job.key.role()).cpus + job.resources.cpus * f64::from(job.instances);
        if needed > quota.cpus {
            let over = needed - quota.cpus;
            return Err(Refusal::Rejected(format!(
                "Insufficient resource quota: CPU quota exceeded by {over:.2} core(s)"
            )));
        }
        Ok(())
    }

    /// What a role's production tasks take.
    pub(crate) fn used(&self, role: &str) -> aurora_client::Resources {
        let counts = |record: &&Record| {
            let task = &record.task;
            task.job.role() == role && task.status.is_active() && task.config.tier.as_deref() == Some("preferred")
        };
        self.records().filter(counts).fold(aurora_client::Resources::new(0.0, 0, 0), |sum, record| {
            let one = record.task.config.resources;
            aurora_client::Resources::new(sum.cpus + one.cpus, sum.ram_mb + one.ram_mb, sum.disk_mb + one.disk_mb)
        })
    }

    /// Tells tasks to end. What never had a place is forgotten at once. True where something changed.
    pub(crate) fn kill(
        &mut self,
        key: &JobKey,
        instances: &Instances,
        message: &str,
        now: Timestamp,
    ) -> Result<bool, Refusal> {
        self.not_updating(key)?;
        let mut changed = false;
        for at in self.active_of(key) {
            let Some(record) = &self.tasks[at] else { continue };
            let (instance, status) = (record.task.instance, record.task.status);
            if matches!(instances, Instances::Only(set) if !set.contains(instance)) || status == TaskStatus::Killing {
                continue;
            }
            changed = true;
            match status {
                TaskStatus::Pending | TaskStatus::Throttled => self.forget(at),
                _ => {
                    let words = match message {
                        "" => "Killed by admin.".to_owned(),
                        message => format!("Killed by admin.\n{message}"),
                    };
                    self.tell_to_end(at, TaskStatus::Killing, Some(&words), now);
                }
            }
        }
        Ok(changed)
    }

    /// Restarts instances, all of them or none. What waits for a place goes on waiting. True where something changed.
    pub(crate) fn restart(&mut self, key: &JobKey, instances: &InstanceSet, now: Timestamp) -> Result<bool, Refusal> {
        self.not_updating(key)?;
        let wanted = |at: &usize| self.tasks[*at].as_ref().is_some_and(|one| instances.contains(one.task.instance));
        let tasks: Vec<usize> = self.active_of(key).into_iter().filter(wanted).collect();
        if tasks.len() != instances.len() {
            return Err(Refusal::Rejected("Not all requested shards are active.".to_owned()));
        }
        let mut changed = false;
        for at in tasks {
            let status = self.tasks[at].as_ref().map(|record| record.task.status);
            if matches!(status, Some(TaskStatus::Assigned | TaskStatus::Starting | TaskStatus::Running)) {
                changed = true;
                self.tell_to_end(at, TaskStatus::Restarting, Some("Restarted by admin"), now);
            }
        }
        Ok(changed)
    }

    fn not_updating(&self, key: &JobKey) -> Result<(), Refusal> {
        match self.updating.contains(key) {
            true => Err(Refusal::Conflict(format!("{key} is currently being updated"))),
            false => Ok(()),
        }
    }
}
