//! What a test does to Aurora and Mesos behind everybody's back: no fault hits it, nothing is logged.

use aurora_client::{Instances, JobKey, Resources, Task, TaskFilter, TaskId};
use jiff::Timestamp;
use ops_client::Result;

use super::cluster::Scheduler;
use super::port::{AuroraPort, MesosPort};
use super::spec::{Ailment, JobOrder, JobSpec};
use super::state::Aurora;
use super::trouble::Trouble;
use crate::World;
use crate::refusal::Refusal;

/// Aurora and Mesos: what is put there, and what others do there.
impl World {
    /// Aurora's ports, as an administrator has them.
    pub fn aurora(&self) -> AuroraPort {
        AuroraPort::new(self.clone())
    }

    /// Mesos' ports.
    pub fn mesos(&self) -> MesosPort {
        MesosPort::new(self.clone())
    }

    /// Creates a job.
    ///
    /// # Errors
    /// `Rejected` for a job that is there, or that no scheduler would take.
    pub fn add_job(&self, job: JobSpec) -> Result<()> {
        let mut state = self.state();
        let now = state.now();
        state.aurora.create(job, None, now).map_err(|refusal| refusal.directly())
    }

    /// Creates a job at a time that is past: what it did since then is done before anybody looks.
    ///
    /// # Errors
    /// As [`World::add_job`].
    pub fn add_job_at(&self, job: JobSpec, at: Timestamp) -> Result<()> {
        let mut state = self.state();
        state.aurora.create(job, None, at).map_err(|refusal| refusal.directly())?;
        state.catch_up();
        Ok(())
    }

    /// From now on this is wrong with a job, whoever creates it: it is looked at when a task ends.
    pub fn ail_job(&self, key: &JobKey, ailment: Ailment) {
        self.state().aurora.ailments.insert(key.clone(), ailment);
    }

    /// What becomes of the tasks of a job, whoever creates it: it is read when a task begins to run, and when it ends.
    pub fn order_job(&self, key: &JobKey, order: JobOrder) {
        self.state().aurora.orders.insert(key.clone(), order);
    }

    /// All tasks of a job that are known, the oldest first within each instance.
    pub fn aurora_tasks(&self, key: &JobKey) -> Vec<Task> {
        self.state().aurora.tasks_of(&TaskFilter::of_job(key))
    }

    /// Another user tells all tasks of a job to end.
    pub fn kill_job(&self, key: &JobKey) {
        let mut state = self.state();
        let now = state.now();
        // What is being updated is left alone.
        let _ = state.aurora.kill(key, &Instances::All, "", now);
        state.settle(now);
    }

    /// The process of a task is done, or died.
    ///
    /// # Errors
    /// `NotFound` for an unknown task, `Conflict` for one that has ended.
    pub fn end_aurora_task(&self, id: &TaskId, well: bool) -> Result<()> {
        let mut state = self.state();
        let now = state.now();
        let at = state.aurora.by_id.get(id).copied();
        let at = at.ok_or_else(|| Refusal::NotFound(format!("no task {id}")).directly())?;
        let ended = state.aurora.tasks[at].as_ref().is_none_or(|record| record.task.status.is_terminal());
        if ended {
            return Err(Refusal::Conflict(format!("{id} has ended")).directly());
        }
        state.aurora.finish(at, well, now);
        state.settle(now);
        Ok(())
    }

    /// From now on this is wrong with the cluster, and nothing else.
    pub fn aurora_trouble(&self, trouble: Trouble) {
        let mut state = self.state();
        let now = state.now();
        state.aurora.set_trouble(trouble, now);
        state.settle(now);
    }

    /// Whether a scheduler that comes back after [`Trouble::SchedulerDown`] registers anew: then its old framework is left
    /// behind with all that ran, and those tasks are lost.
    pub fn leave_orphan(&self, leaves: bool) {
        self.state().aurora.mesos.leaves_orphan = leaves;
    }

    /// Whether changes are asked for credentials, as they are at first.
    pub fn secure_aurora(&self, secured: bool) {
        self.state().aurora.secured = secured;
    }

    /// Schedulers on these hosts, in this order, all well, of which the first one leads. They began at this time.
    pub fn put_schedulers<S: Into<String>>(&self, hosts: impl IntoIterator<Item = S>, since: Timestamp) {
        let mut state = self.state();
        let now = state.now();
        let hosts = hosts.into_iter().map(Into::into);
        state.aurora.schedulers = hosts.map(|host: String| Scheduler::new(host, since)).collect();
        state.aurora.set_trouble(Trouble::Healthy, now);
    }

    /// Whether a job is being updated: then nobody may change it.
    pub fn update_job(&self, key: &JobKey, goes_on: bool) {
        let updating = &mut self.state().aurora.updating;
        match goes_on {
            true => updating.insert(key.clone()),
            false => updating.remove(key),
        };
    }
}

impl Aurora {
    pub(crate) fn quota_of(&self, role: &str) -> Option<Resources> {
        self.quotas.get(role).copied()
    }

    /// True where that is new.
    pub(crate) fn set_quota(&mut self, role: &str, quota: Resources) -> bool {
        self.quotas.insert(role.to_owned(), quota) != Some(quota)
    }
}
