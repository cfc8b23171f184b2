//! Jobs: what is asked for, and what there is.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::JobKey;

/// What one instance needs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Resources {
    /// Processor cores.
    pub cpus: f64,
    /// Memory, in MB.
    pub ram_mb: u64,
    /// Disk, in MB.
    pub disk_mb: u64,
}

impl Resources {
    /// This much of each.
    pub fn new(cpus: f64, ram_mb: u64, disk_mb: u64) -> Self {
        Self { cpus, ram_mb, disk_mb }
    }
}

/// One process of a job, as Thermos runs it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process {
    /// Its name.
    pub name: String,
    /// What a shell runs. It may hold secrets: `Debug` does not show it.
    pub cmdline: String,
}

impl Process {
    /// A process.
    pub fn new(name: impl Into<String>, cmdline: impl Into<String>) -> Self {
        Self { name: name.into(), cmdline: cmdline.into() }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A job to be created: what a template becomes when everything in it is bound.
///
/// Its `nonce` travels as a label of the job, so that a lost reply is settled by looking: who finds it has found *this* job.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NewJob {
    /// Its key.
    pub key: JobKey,
    /// The name of its cluster, which Thermos shows.
    pub cluster: String,
    /// How many instances.
    pub instances: u32,
    /// What each needs.
    pub resources: Resources,
    /// Whether it is to run for ever.
    pub is_service: bool,
    /// How often an instance may fail.
    pub max_failures: i32,
    /// Its tier, where it is not the cluster's default.
    pub tier: Option<String>,
    /// Who is told of it.
    pub contact: Option<String>,
    /// Its processes, one after the other.
    pub processes: Vec<Process>,
    /// Labels.
    pub metadata: Vec<(String, String)>,
    /// Marks this very creation.
    pub nonce: String,
}

impl NewJob {
    /// The label that holds the nonce.
    pub const NONCE: &'static str = "com.example.ops.nonce";

    /// One instance that ends, of these processes.
    pub fn new(key: JobKey, resources: Resources, processes: Vec<Process>) -> Self {
        Self {
            key,
            cluster: "aurora".into(),
            instances: 1,
            resources,
            is_service: false,
            max_failures: 1,
            tier: None,
            contact: None,
            processes,
            metadata: Vec::new(),
            nonce: uuid::Uuid::new_v4().to_string(),
        }
    }
}

/// A job that there is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct JobSummary {
    /// Its key.
    pub key: JobKey,
    /// Tasks that run or are about to.
    pub active: u32,
    /// Tasks that ended well, as far as they are still known.
    pub finished: u32,
    /// Tasks that failed.
    pub failed: u32,
    /// Tasks that wait for a place.
    pub pending: u32,
    /// Its schedule, where it has one.
    pub cron: Option<String>,
    /// When it starts next, where it has a schedule.
    pub next_run: Option<Timestamp>,
}

impl JobSummary {
    /// A job without tasks.
    pub fn new(key: JobKey) -> Self {
        Self { key, active: 0, finished: 0, failed: 0, pending: 0, cron: None, next_run: None }
    }
}

/// How much a role may take.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Quota {
    /// What it may take.
    pub quota: Resources,
    /// What its production jobs take of it.
    pub used: Option<Resources>,
}

impl Quota {
    /// A quota.
    pub fn new(quota: Resources) -> Self {
        Self { quota, used: None }
    }
}
