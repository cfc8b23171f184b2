//! «Controlling aurora jobs via the CLI»: create.

use std::collections::BTreeMap;
use std::fmt;

use aurora_client::{Binds, JobTemplate, NewJob, Task, TaskFilter, TaskStatus, TemplateError};
use ops_client::{Error, Result};
use ops_plan::{Action, Digest, Draft, Finding, Observed, Recipe};
use serde::{Deserialize, Serialize};

use super::change::{CapturedTask, Create, JobChange, Reach, Until};
use super::{look, opening};
use crate::aurora::{AuroraReads, AuroraWrites};
use crate::words::names;

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &["create the job", "jobs create", "create an aurora job", "run dagao again by hand"];

/// How long a job may take until it has come so far, unless told: a nightly job takes hours.
const WITHIN_S: u64 = 4 * 3600;

/// A template, and what is put into it.
///
/// It is kept with the run, so that the run can be resumed: secrets do not belong into binds. A job that needs one reads it
/// where it runs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Order {
    /// Where the template comes from, for messages.
    pub name: String,
    /// The template.
    pub template: String,
    /// What stands for which placeholder.
    #[serde(default)]
    pub binds: BTreeMap<String, String>,
    /// Which version stands for which placeholder.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
}

impl Order {
    /// A template without binds.
    pub fn new(name: impl Into<String>, template: impl Into<String>) -> Self {
        Self { name: name.into(), template: template.into(), binds: BTreeMap::new(), versions: BTreeMap::new() }
    }

    /// With what stands for a placeholder.
    #[must_use]
    pub fn bind(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.binds.insert(name.into(), value.into());
        self
    }

    /// With a version.
    #[must_use]
    pub fn version(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.versions.insert(name.into(), version.into());
        self
    }

    /// The job that it is.
    ///
    /// # Errors
    /// Where the template is none, a placeholder is not bound, or a bind is not used.
    pub fn job(&self) -> Result<NewJob, TemplateError> {
        let mut binds = Binds::new();
        for (name, value) in &self.binds {
            binds = binds.bind(name, value);
        }
        for (name, version) in &self.versions {
            binds = binds.version(name, version);
        }
        JobTemplate::parse(&self.name, &self.template)?.fill(&binds)
    }

    /// What the plan stands for.
    pub(crate) fn digest(&self) -> Digest {
        let mut text = self.template.clone();
        for (name, value) in self.binds.iter().chain(&self.versions) {
            // Neither names nor values have this sign.
            text.push_str(&format!("\u{1f}{name}\u{1f}{value}"));
        }
        Digest::of(text)
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order")
            .field("name", &self.name)
            .field("binds", &self.binds.keys().collect::<Vec<_>>())
            .field("versions", &self.versions)
            .finish_non_exhaustive()
    }
}

/// Creates a job from a template, and waits until it has come as far as was asked for.
///
/// Everything is checked before anything is sent: every placeholder is bound and every bind used, the server takes the job, and
/// no task of the same key is alive. A lost reply is settled by looking for the mark that travels with the job: it is never
/// created twice.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreateJob {
    /// What is created.
    pub order: Order,
    /// How far it must come.
    pub until: Until,
    /// How long that may take, in seconds.
    #[serde(default = "within")]
    pub within_s: u64,
}

fn within() -> u64 {
    WITHIN_S
}

impl CreateJob {
    /// Creates it, and waits until it has come so far.
    pub fn new(order: Order, until: Until) -> Self {
        Self { order, until, within_s: within() }
    }

    /// Within so many seconds.
    #[must_use]
    pub fn within(mut self, seconds: u64) -> Self {
        self.within_s = seconds;
        self
    }
}

impl Recipe for CreateJob {
    const ID: &'static str = "create-job";
    const VERSION: u32 = 1;
    type Reads = AuroraReads;
    type Writes = AuroraWrites;
    type Action = JobChange;

    async fn plan(&self, reads: &AuroraReads, mut draft: Draft<JobChange>) -> Result<Draft<JobChange>> {
        let title = format!("{} · create a job from {}", draft.target(), self.order.name);
        draft.title(title);
        let Some(job) = prepared(&self.order, &mut draft, reads).await? else { return Ok(draft) };
        draft.phase_at("create", 1, vec![JobChange::Create(creation(&self.order, &job))]);
        draft.phase_at(
            "result",
            1,
            vec![JobChange::Reach(Reach {
                job: job.key.clone(),
                nonce: job.nonce.clone(),
                instances: job.instances,
                until: self.until,
                within_s: self.within_s,
            })],
        );
        Ok(draft)
    }

    async fn observe(&self, reads: &AuroraReads, actions: &[&JobChange]) -> Result<Vec<Observed>> {
        match actions.first() {
            Some(first) => look::observe(&*reads.aurora, first.job(), actions).await,
            None => Ok(Vec::new()),
        }
    }

    async fn perform(&self, writes: &AuroraWrites, action: &JobChange) -> Result<()> {
        perform(&self.order, writes, action).await
    }

    async fn verify(&self, reads: &AuroraReads, done: &[&JobChange]) -> Result<Vec<Finding>> {
        let Some(JobChange::Create(create)) = done.first() else { return Ok(Vec::new()) };
        Ok(vec![proof(&reads.aurora.tasks(&TaskFilter::of_job(&create.job)).await?, create)])
    }
}

/// The creation of a job that was prepared.
pub(crate) fn creation(order: &Order, job: &NewJob) -> Create {
    Create { job: job.key.clone(), instances: job.instances, nonce: job.nonce.clone(), digest: order.digest() }
}

/// Sends a change of a job; what is created comes from the order.
pub(crate) async fn perform(order: &Order, writes: &AuroraWrites, action: &JobChange) -> Result<()> {
    let JobChange::Create(create) = action else { return action.perform(writes).await };
    let refused = |what: String| Error::invalid("aurora.create", what);
    if order.digest() != create.digest {
        return Err(refused("the template or its binds are not those of the plan".into()));
    }
    let mut job = order.job().map_err(|error| refused(error.to_string()))?;
    job.nonce.clone_from(&create.nonce);
    writes.aurora.create(&job).await
}

/// Checks a job in every way that has no effect. `None` where the plan ends here.
pub(crate) async fn prepared<A: Action>(
    order: &Order,
    draft: &mut Draft<A>,
    reads: &AuroraReads,
) -> Result<Option<NewJob>> {
    let job = match order.job() {
        Ok(job) => job,
        Err(error) => {
            draft.finding(Finding::block("template", error.to_string()));
            return Ok(None);
        }
    };
    let title = format!("{} · create {}", draft.target(), job.key);
    draft.title(title);
    let tasks = opening::open(draft, reads, &job.key).await?;
    let said = |pairs: &BTreeMap<String, String>| {
        pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    };
    if !order.binds.is_empty() {
        draft.note(format!("Binds: {}.", said(&order.binds)));
    }
    if !order.versions.is_empty() {
        draft.note(format!("Versions: {}.", said(&order.versions)));
    }
    draft.note(format!(
        "Each of {} gets {} cores, {} MB of memory, {} MB of disk.",
        crate::words::count(job.instances as usize, "instance"),
        job.resources.cpus,
        job.resources.ram_mb,
        job.resources.disk_mb
    ));
    let active: Vec<CapturedTask> = tasks.iter().filter(|task| task.status.is_active()).map(CapturedTask::of).collect();
    if !active.is_empty() {
        let text = format!("{} is alive: {}", job.key, names(active));
        draft.finding(Finding::block("live-writer", text).with_advice("kill it first, or wait until it has ended"));
        return Ok(None);
    }
    draft.finding(Finding::pass("live-writer", "no task of the job is alive"));
    match reads.aurora.check(&job).await {
        Ok(()) => draft.finding(Finding::pass("check", "the scheduler would take it")),
        Err(error) => draft.finding(Finding::block("check", format!("the scheduler would not take it: {error}"))),
    };
    draft.finding(opening::right(reads).await);
    draft.population(1);
    draft.one_by_one();
    Ok(Some(job))
}

/// How the tasks of a creation ended, or how they are.
pub(crate) fn proof(tasks: &[Task], create: &Create) -> Finding {
    let made = look::made_by(tasks, &create.nonce);
    let bad: Vec<String> = made
        .iter()
        .filter(|task| matches!(task.status, TaskStatus::Failed | TaskStatus::Lost))
        .filter(|task| !made.iter().any(|next| next.ancestor.as_ref() == Some(&task.id)))
        .map(|task| CapturedTask::of(task).to_string())
        .collect();
    if made.is_empty() {
        Finding::block("job", format!("no task of {} is known", create.job))
    } else if bad.is_empty() {
        Finding::pass("job", names(made.iter().map(|task| CapturedTask::of(task))))
    } else {
        Finding::block("job", names(bad))
    }
}
