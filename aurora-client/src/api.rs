//! The ports: what a program may ask of Aurora and Mesos, what it may change there, and what only an administrator may.

use async_trait::async_trait;
use ops_client::{Probe, Result};

use crate::{
    FrameworkId, HostStatus, InstanceSet, Instances, JobKey, JobSummary, MesosSeen, NewJob, PendingReason, Quota,
    Resources, SchedulerSeen, Task, TaskFilter,
};

/// Reading Aurora. Nothing here changes anything. Reads are never challenged for credentials: that one works says nothing
/// about a password.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AuroraRead: Send + Sync {
    /// That a leader answers, which one, and what it says its version is.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`. No leader is `Unavailable`.
    async fn probe(&self) -> Result<Probe>;

    /// Every scheduler that is configured, in that order, and how it feels. What cannot be reached is told, not an error.
    ///
    /// # Errors
    /// Where nothing can be asked at all: a kind of a read.
    async fn schedulers(&self) -> Result<Vec<SchedulerSeen>>;

    /// Tasks, by job, instance and when they began. Those that ended are known for a while only.
    ///
    /// # Errors
    /// As [`AuroraRead::probe`]. A filter without any condition is `Invalid`.
    async fn tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>>;

    /// Why tasks of this job wait for a place.
    ///
    /// # Errors
    /// As [`AuroraRead::probe`].
    async fn pending_reasons(&self, job: &JobKey) -> Result<Vec<PendingReason>>;

    /// The jobs of a role, or of all, by key.
    ///
    /// # Errors
    /// As [`AuroraRead::probe`].
    async fn jobs(&self, role: Option<String>) -> Result<Vec<JobSummary>>;

    /// The server's own check of a job that might be created: all but quota, and whether there is one already.
    ///
    /// # Errors
    /// `Rejected` with the server's words where it would not take it; otherwise as [`AuroraRead::probe`].
    async fn check(&self, job: &NewJob) -> Result<()>;

    /// What a role may take.
    ///
    /// # Errors
    /// As [`AuroraRead::probe`].
    async fn quota(&self, role: &str) -> Result<Quota>;

    /// Whether this credential is taken for changes, found out without any effect. `None` where the scheduler asks for none.
    ///
    /// # Errors
    /// As [`AuroraRead::probe`]; that it is not taken is an answer, not an error.
    async fn may_change(&self) -> Result<Option<bool>>;
}

/// Changing jobs. A program that only previews never holds this. No call is sent twice by the client, unless it certainly
/// had no effect.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AuroraWrite: Send + Sync {
    /// Creates a job. It is there when this returns; its tasks start afterwards.
    ///
    /// # Errors
    /// `Rejected` with the server's words where it does not take it (that there is one already, for one), `Unauthenticated`
    /// or `Forbidden` without the right, `Conflict` while the job is updated; otherwise every kind. The effect says what may
    /// have happened: where it is `Possible`, look for the job's nonce.
    async fn create(&self, job: &NewJob) -> Result<()>;

    /// Tells tasks of a job to end, and returns before they have. That none is active is no error.
    ///
    /// # Errors
    /// As [`AuroraWrite::create`]: where the effect is `Possible`, look for the tasks that were meant, by their ids.
    async fn kill(&self, job: &JobKey, instances: &Instances, message: &str) -> Result<()>;

    /// Restarts instances, all at once: a new task takes the place of each. All of them, or none.
    ///
    /// # Errors
    /// `Rejected` where one of them is not active; otherwise as [`AuroraWrite::create`]: where the effect is `Possible`, look
    /// for tasks whose ancestor is the one that was meant.
    async fn restart(&self, job: &JobKey, instances: &InstanceSet) -> Result<()>;
}

/// What only an administrator may. All of it is safe to repeat.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AuroraAdmin: Send + Sync {
    /// What these hosts may take, in the order asked for.
    ///
    /// # Errors
    /// `Unauthenticated` or `Forbidden` without the right; otherwise every kind of a read.
    async fn hosts(&self, hosts: &[String]) -> Result<Vec<HostStatus>>;

    /// New tasks go elsewhere, where they can.
    ///
    /// # Errors
    /// As [`AuroraWrite::create`].
    async fn start_maintenance(&self, hosts: &[String]) -> Result<Vec<HostStatus>>;

    /// Moves all tasks away.
    ///
    /// # Errors
    /// As [`AuroraWrite::create`].
    async fn drain(&self, hosts: &[String]) -> Result<Vec<HostStatus>>;

    /// They take tasks again.
    ///
    /// # Errors
    /// As [`AuroraWrite::create`].
    async fn end_maintenance(&self, hosts: &[String]) -> Result<Vec<HostStatus>>;

    /// What a role may take from now on.
    ///
    /// # Errors
    /// As [`AuroraWrite::create`].
    async fn set_quota(&self, role: &str, quota: Resources) -> Result<()>;

    /// Writes down the whole state; returns when that is done.
    ///
    /// # Errors
    /// As [`AuroraWrite::create`].
    async fn snapshot(&self) -> Result<()>;
}

/// Reading a Mesos master.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MesosRead: Send + Sync {
    /// That a master answers, and which version it runs.
    ///
    /// # Errors
    /// Every kind of a read; the effect is always `None`.
    async fn probe(&self) -> Result<Probe>;

    /// What the leading master knows of its cluster.
    ///
    /// # Errors
    /// `Unavailable` where no master leads; otherwise as [`MesosRead::probe`].
    async fn look(&self) -> Result<MesosSeen>;
}

/// Changing what a Mesos master runs.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MesosWrite: Send + Sync {
    /// Forgets a framework, and ends all of its tasks. That it is gone already is no error.
    ///
    /// # Errors
    /// Every kind; the effect says what may have happened.
    async fn teardown(&self, framework: &FrameworkId) -> Result<()>;
}
