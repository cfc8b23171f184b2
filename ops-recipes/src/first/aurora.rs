//! Aurora among the systems that are looked at first.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aurora_client::{
    AuroraRead, Condition, JobKey, Leading, MesosRead, SchedulerSeen, Task, TaskFilter, TaskStatus, diagnose,
};
use jiff::{SignedDuration, Timestamp};
use ops_client::Result;

use super::checkup::{Holder, check_up};
use super::{Access, Checkup, Severity, Sign, System};
use crate::words::{count, names, shell};

/// What waits for longer waits for a place that does not come (attested for jobs of the platform).
const WAITING: SignedDuration = SignedDuration::from_mins(20);
/// Of so many jobs the scheduler is asked why they wait.
const ASKED: usize = 10;

/// Aurora, as the first looks see it.
#[derive(Clone)]
pub struct AuroraSystem {
    aurora: Arc<dyn AuroraRead>,
    writer: Option<Arc<dyn AuroraRead>>,
    writer_elsewhere: bool,
    mesos: Option<Arc<dyn MesosRead>>,
    environment: String,
    address: String,
    framework: String,
    role: String,
}

impl fmt::Debug for AuroraSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuroraSystem").field("address", &self.address).field("role", &self.role).finish_non_exhaustive()
    }
}

impl AuroraSystem {
    /// Aurora of an environment at an address (no user info in it; it is printed).
    pub fn new(aurora: Arc<dyn AuroraRead>, environment: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            aurora,
            writer: None,
            writer_elsewhere: false,
            mesos: None,
            environment: environment.into(),
            address: address.into(),
            framework: "Aurora".into(),
            role: "jobs".into(),
        }
    }

    /// With the credential that changes jobs, where that is another one: only whether it may is asked.
    #[must_use]
    pub fn with_writer(mut self, writer: Arc<dyn AuroraRead>) -> Self {
        self.writer = Some(writer);
        self
    }

    /// Another credential changes jobs, which is not at hand: whether it may is not known.
    #[must_use]
    pub fn with_writer_elsewhere(mut self) -> Self {
        self.writer_elsewhere = true;
        self
    }

    /// With the Mesos master: then what is wrong is read from both sides.
    #[must_use]
    pub fn with_mesos(mut self, mesos: Arc<dyn MesosRead>) -> Self {
        self.mesos = Some(mesos);
        self
    }

    /// Where Aurora's framework has another name than `Aurora`.
    #[must_use]
    pub fn with_framework(mut self, name: impl Into<String>) -> Self {
        self.framework = name.into();
        self
    }

    /// Looks at the jobs of this role; `jobs` unless told.
    #[must_use]
    pub fn of_role(mut self, role: impl Into<String>) -> Self {
        self.role = role.into();
        self
    }

    fn next(&self, command: &str) -> String {
        format!("{command} --env {}", shell(&self.environment))
    }

    /// What is wrong with the cluster itself.
    async fn cluster(&self) -> Result<Option<Sign>> {
        let schedulers = self.aurora.schedulers().await?;
        let Some(mesos) = &self.mesos else {
            let sign = one_sided(&schedulers).map(|what| Sign::new(Severity::Broken, what));
            return Ok(sign.map(|sign| sign.next(self.next("restart-aurora"))));
        };
        let seen = mesos.look().await;
        let diagnosis = diagnose(&schedulers, seen.as_ref().ok(), &self.framework);
        let severity = match diagnosis.condition {
            Condition::Healthy => return Ok(None),
            Condition::Degraded => Severity::Odd,
            _ => Severity::Broken,
        };
        let what = format!("{diagnosis}: {}", names(&diagnosis.evidence));
        Ok(Some(Sign::new(severity, what).next(self.next("restart-aurora"))))
    }

    /// Jobs that wait for a place.
    async fn waiting(&self, now: Timestamp) -> Result<Vec<Sign>> {
        let tasks = self.aurora.tasks(&TaskFilter::of_role(&self.role).active().brief()).await?;
        let mut by_job: BTreeMap<&JobKey, Vec<&Task>> = BTreeMap::new();
        for task in tasks.iter().filter(|task| task.status == TaskStatus::Pending) {
            if task.since().is_some_and(|since| now.duration_since(since) > WAITING) {
                by_job.entry(&task.job).or_default().push(task);
            }
        }
        let mut signs = Vec::new();
        for (asked, (job, tasks)) in by_job.into_iter().enumerate() {
            let reasons = if asked < ASKED { self.aurora.pending_reasons(job).await } else { Ok(Vec::new()) };
            let mut words: Vec<String> = match reasons {
                Ok(reasons) => reasons.into_iter().map(|reason| reason.reason).collect(),
                Err(error) => vec![format!("why is not known: {error}")],
            };
            words.sort();
            words.dedup();
            let why = if words.is_empty() { String::new() } else { format!(": {}", names(words)) };
            let what = format!("{} of {job} {}", count(tasks.len(), "task"), waits(tasks.len(), &why));
            let mut sign = Sign::new(Severity::Stuck, what).next(self.next(&format!("aurora-jobs status {job}")));
            sign.since = tasks.iter().filter_map(|task| task.since()).min();
            signs.push(sign);
        }
        Ok(signs)
    }
}

fn waits(tasks: usize, why: &str) -> String {
    let verb = if tasks == 1 { "waits" } else { "wait" };
    format!("{verb} for a place{why}")
}

/// What the schedulers alone tell, where no Mesos master is configured.
fn one_sided(schedulers: &[SchedulerSeen]) -> Option<&'static str> {
    if !schedulers.iter().any(|seen| seen.health.answers()) {
        return Some("no scheduler answers; no Mesos master is configured to tell whether it is down or out of reach");
    }
    match schedulers.iter().filter(|seen| seen.leading == Leading::Yes).count() {
        0 => Some("no scheduler leads"),
        1 => None,
        _ => Some("more than one scheduler leads"),
    }
}

#[async_trait]
impl System for AuroraSystem {
    fn name(&self) -> &str {
        "Aurora"
    }

    fn address(&self) -> &str {
        &self.address
    }

    async fn check_up(&self) -> Result<Checkup> {
        let write = match self.writer.as_ref().unwrap_or(&self.aurora).may_change().await {
            _ if self.writer_elsewhere && self.writer.is_none() => {
                Access::Unknown("another credential changes jobs, and was not asked".into())
            }
            Ok(None) => Access::NotNeeded,
            Ok(Some(true)) => Access::Yes,
            Ok(Some(false)) => Access::No(
                "the credential is not taken for changes; reads work without one: check user and password".into(),
            ),
            Err(error) => Access::Unknown(format!("whether jobs may be changed is not known: {error}")),
        };
        // Reads are never asked for a credential: that a leader answers is all there is to know.
        check_up(self.aurora.probe().await, Ok(()), write, &Holder::default())
    }

    async fn signs(&self, now: Timestamp) -> Result<Vec<Sign>> {
        let mut signs: Vec<Sign> = self.cluster().await?.into_iter().collect();
        match self.waiting(now).await {
            Ok(waiting) => signs.extend(waiting),
            // Where the cluster is broken, that is said already.
            Err(_) if !signs.is_empty() => {}
            Err(error) => return Err(error),
        }
        Ok(signs)
    }
}
