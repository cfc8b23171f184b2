//! Airflow's tasks that stand on Aurora's jobs.

use airflow_client::{ExecutionDate, TaskKey};
use aurora_client::{JobKey, Resources};
use metapod_client::{DatasetName, TransactionId};

use super::spec::{JobOrder, JobSpec};

/// How a task of a DAG is a job of Aurora: of the same name, in this role and environment. Each try creates the job, which must
/// not be active then, and ends as its task ends.
///
/// The job tells its run by labels (`metapod_transaction`, `target_date`, `version`) and in its command line.
#[derive(Clone, Debug)]
pub struct OnAurora {
    role: String,
    environment: String,
    version: Option<String>,
    labels: bool,
    cmdline: bool,
    resources: Resources,
    slave_type: Option<String>,
}

impl Default for OnAurora {
    fn default() -> Self {
        Self {
            role: "jobs".to_owned(),
            environment: "prod".to_owned(),
            version: None,
            labels: true,
            cmdline: true,
            resources: Resources::new(1.0, 2048, 1024),
            slave_type: None,
        }
    }
}

impl OnAurora {
    /// Of the role `jobs`, in the environment `prod`.
    pub fn new() -> Self {
        Self::default()
    }

    /// In another environment.
    #[must_use]
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = environment.into();
        self
    }

    /// Of this version, from the next try on.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Each needs this.
    #[must_use]
    pub fn resources(mut self, resources: Resources) -> Self {
        self.resources = resources;
        self
    }

    /// Only on machines of this kind.
    #[must_use]
    pub fn slave_type(mut self, name: impl Into<String>) -> Self {
        self.slave_type = Some(name.into());
        self
    }

    /// Without labels: only the command line tells whose it is.
    #[must_use]
    pub fn unlabelled(mut self) -> Self {
        self.labels = false;
        self
    }

    /// Nothing tells whose it is.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        (self.labels, self.cmdline) = (false, false);
        self
    }

    /// The job of one try; `None` where the task's name is no job's.
    pub(crate) fn job(
        &self,
        task: &TaskKey,
        transaction: Option<TransactionId>,
        about: Option<ExecutionDate>,
        order: JobOrder,
        commits: &[DatasetName],
    ) -> Option<JobSpec> {
        let name = match task.map_index {
            Some(index) => format!("{}-{index}", task.task),
            None => task.task.to_string(),
        };
        let mut job = JobSpec::new(JobKey::new(&self.role, &self.environment, &name).ok()?);
        let date = about.and_then(ExecutionDate::target_date).map(|date| date.date().to_string());
        let mut cmdline = format!("./run {name}");
        let facts = [
            ("metapod_transaction", "--metapod-transaction", transaction.map(|id| id.to_string())),
            ("target_date", "--target-date", date),
            ("version", "--version", self.version.clone()),
        ];
        for (label, flag, value) in facts {
            let Some(value) = value else { continue };
            if self.cmdline {
                cmdline.push_str(&format!(" {flag} {value}"));
            }
            if self.labels {
                job = job.label(label, value);
            }
        }
        job = job.cmdline(cmdline).order(order).resources(self.resources);
        job.slave_type.clone_from(&self.slave_type);
        match transaction.filter(|_| !commits.is_empty()) {
            Some(transaction) => Some(job.writes(transaction, commits.iter().cloned())),
            None => Some(job),
        }
    }
}
