//! Jobs that shall be in the world.

use std::collections::BTreeSet;
use std::time::Duration;

use aurora_client::{JobKey, NewJob, Process, Resources};
use fleet_ops::InstanceId;
use metapod_client::{DatasetName, TransactionId};

/// What becomes of a job's tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobOrder {
    /// How long each runs.
    pub takes: Duration,
    /// Whether it fails then.
    pub fails: bool,
}

impl JobOrder {
    /// Each task runs so long, and ends well.
    pub fn takes(takes: Duration) -> Self {
        Self { takes, fails: false }
    }

    /// Each task fails at its end.
    #[must_use]
    pub fn fails(mut self) -> Self {
        self.fails = true;
        self
    }
}

/// For how long a job fails.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailsWhile {
    /// For good.
    Always,
    /// While its task is on one of these machines.
    OnMachines(BTreeSet<InstanceId>),
    /// While fewer machines than this run tasks.
    FewerMachines(usize),
    /// While its label `version`, or what is assigned in its command line, says this.
    Version(String),
}

/// What is wrong with a job, and what it says then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ailment {
    /// For how long.
    pub fails: FailsWhile,
    /// What its executor tells the scheduler.
    pub words: String,
}

impl Ailment {
    /// It fails so long, with these words.
    pub fn new(fails: FailsWhile, words: impl Into<String>) -> Self {
        Self { fails, words: words.into() }
    }
}

/// A job that shall be in the world: one instance of a second's work, unless something else is said.
#[derive(Clone, Debug)]
pub struct JobSpec {
    pub(crate) new: NewJob,
    /// What its executor reads, where somebody else wrote it.
    pub(crate) data: Option<String>,
    pub(crate) slave_type: Option<String>,
    pub(crate) order: JobOrder,
    /// What it commits when it finishes, and where.
    pub(crate) writes: Option<(TransactionId, Vec<DatasetName>)>,
}

impl JobSpec {
    /// A job of this key.
    pub fn new(key: JobKey) -> Self {
        let resources = Resources::new(1.0, 2048, 1024);
        let process = Process::new(key.name(), format!("./run {}", key.name()));
        NewJob::new(key, resources, vec![process]).into()
    }

    /// With so many instances.
    #[must_use]
    pub fn instances(mut self, instances: u32) -> Self {
        self.new.instances = instances;
        self
    }

    /// Its tasks run for ever.
    #[must_use]
    pub fn service(mut self) -> Self {
        self.new.is_service = true;
        self
    }

    /// What becomes of its tasks.
    #[must_use]
    pub fn order(mut self, order: JobOrder) -> Self {
        self.order = order;
        self
    }

    /// An instance may fail so often.
    #[must_use]
    pub fn max_failures(mut self, times: i32) -> Self {
        self.new.max_failures = times;
        self
    }

    /// Each instance needs this.
    #[must_use]
    pub fn resources(mut self, resources: Resources) -> Self {
        self.new.resources = resources;
        self
    }

    /// Its tasks run only on machines of this kind.
    #[must_use]
    pub fn slave_type(mut self, name: impl Into<String>) -> Self {
        self.slave_type = Some(name.into());
        self
    }

    /// With this label.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.new.metadata.push((name.into(), value.into()));
        self
    }

    /// Runs this, in a shell.
    #[must_use]
    pub fn cmdline(mut self, cmdline: impl Into<String>) -> Self {
        self.new.processes = vec![Process::new(self.new.key.name(), cmdline)];
        self
    }

    /// When a task of it finishes, it commits these datasets of this transaction, where they are there and not committed.
    #[must_use]
    pub fn writes(mut self, transaction: TransactionId, datasets: impl IntoIterator<Item = DatasetName>) -> Self {
        self.writes = Some((transaction, datasets.into_iter().collect()));
        self
    }

    /// What a label of this name says, or else an assignment of it in a command line.
    pub(crate) fn bind(&self, name: &str) -> Option<&str> {
        if let Some((_, value)) = self.new.metadata.iter().find(|(key, _)| key == name) {
            return Some(value);
        }
        let assigned = |process: &'_ Process| -> Option<(usize, usize)> {
            let start = process.cmdline.find(&format!("{name}="))? + name.len() + 1;
            let rest = &process.cmdline[start..];
            let quoted = usize::from(rest.starts_with(['"', '\'']));
            let end = rest[quoted..].find(|sign: char| sign.is_whitespace() || "\"';&".contains(sign));
            Some((start + quoted, start + quoted + end.unwrap_or(rest.len() - quoted)))
        };
        let found = |process: &'_ Process| assigned(process).map(|(start, end)| start..end);
        self.new.processes.iter().find_map(|process| found(process).map(|range| &process.cmdline[range]))
    }
}

impl From<NewJob> for JobSpec {
    fn from(new: NewJob) -> Self {
        Self { new, data: None, slave_type: None, order: JobOrder::takes(Duration::from_secs(1)), writes: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bound_is_found_in_labels_and_in_command_lines() {
        let job = JobSpec::new("jobs/prod/scale".parse().unwrap()).cmdline("MODE='on-demand' N_NODES=12 ./scale");
        assert_eq!((job.bind("N_NODES"), job.bind("MODE"), job.bind("X")), (Some("12"), Some("on-demand"), None));
        assert_eq!(job.label("N_NODES", "3").bind("N_NODES"), Some("3"));
        let last = JobSpec::new("jobs/prod/scale".parse().unwrap()).cmdline("scale N_NODES=7");
        assert_eq!(last.bind("N_NODES"), Some("7"));
    }
}
