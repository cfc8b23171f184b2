//! What is asked of the interface, in the sandbox's own words.

use aurora_client::wire::{self, Message, Resource, Set, TaskQuery};
use aurora_client::{HostMode, InstanceSet, Instances, JobKey, NewJob, Process, Resources, Task};
use serde_json::Value;
use uuid::Uuid;

use crate::Operation;
use crate::aurora::{About, JobSpec};
use crate::refusal::Refusal;

/// A call, taken apart.
pub(super) enum Ask {
    Tasks {
        query: TaskQuery,
        brief: bool,
    },
    Reasons(TaskQuery),
    Jobs(Option<String>),
    Summaries(Option<String>),
    Roles,
    Tiers,
    Quota(String),
    Check(Box<JobSpec>),
    /// A pulse, which tells a good password from a wrong one.
    Pulse,
    Create(Box<JobSpec>),
    Kill {
        job: JobKey,
        instances: Instances,
        message: String,
    },
    Restart {
        job: JobKey,
        instances: InstanceSet,
    },
    Hosts(Vec<String>),
    Maintenance(HostMode, Vec<String>),
    SetQuota {
        role: String,
        quota: Resources,
    },
    Snapshot,
}

/// Why a call is none.
pub(super) enum Wrong {
    /// There is no such method.
    Unknown,
    /// Its arguments cannot be read.
    Garbled(String),
    /// The scheduler says no before it does anything.
    Refused(Refusal),
}

impl From<wire::DecodeError> for Wrong {
    fn from(error: wire::DecodeError) -> Self {
        Self::Garbled(error.to_string())
    }
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Ask {
    /// What a message asks for.
    pub(super) fn read(message: Message<'_>) -> Result<Self, Wrong> {
        Ok(match message.name.clone().as_str() {
            "getTasksStatus" => {
                let query = message.body::<wire::GetTasksStatus>()?.query.unwrap_or_default();
                Self::Tasks { query, brief: false }
            }
            "getTasksWithoutConfigs" => {
                let query = message.body::<wire::GetTasksWithoutConfigs>()?.query.unwrap_or_default();
                Self::Tasks { query, brief: true }
            }
            "getPendingReason" => {
                let query = message.body::<wire::GetPendingReason>()?.query.unwrap_or_default();
                let has = |set: bool| set.then(|| rejected("Statuses or slaveHosts are not supported in this query"));
                let set = query.slave_hosts.is_some() || query.statuses.is_some();
                has(set).map_or(Ok(Self::Reasons(query)), Err)?
            }
            "getJobs" => Self::Jobs(message.body::<wire::GetJobs>()?.owner_role),
            "getJobSummary" => Self::Summaries(message.body::<wire::GetJobSummary>()?.role),
            "getRoleSummary" => Self::Roles,
            "getTierConfigs" => Self::Tiers,
            "getQuota" => Self::Quota(message.body::<wire::GetQuota>()?.owner_role.unwrap_or_default()),
            "populateJobConfig" => Self::Check(Box::new(job(message.body::<wire::PopulateJobConfig>()?.description)?)),
            "pulseJobUpdate" => Self::Pulse,
            "createJob" => Self::Create(Box::new(job(message.body::<wire::CreateJob>()?.description)?)),
            "killTasks" => {
                let ask = message.body::<wire::KillTasks>()?;
                // No set and an empty one both mean all.
                let instances = match numbers(ask.instances) {
                    Some(set) => Instances::Only(set),
                    None => Instances::All,
                };
                Self::Kill { job: key(ask.job)?, instances, message: ask.message.unwrap_or_default() }
            }
            "restartShards" => {
                let ask = message.body::<wire::RestartShards>()?;
                let none = || Refusal::Unavailable("At least one shard must be specified".to_owned());
                Self::Restart { job: key(ask.job)?, instances: numbers(ask.shard_ids).ok_or_else(none)? }
            }
            "maintenanceStatus" => Self::Hosts(hosts(message.body::<wire::MaintenanceStatus>()?.hosts)),
            "startMaintenance" => {
                Self::Maintenance(HostMode::Scheduled, hosts(message.body::<wire::StartMaintenance>()?.hosts))
            }
            "drainHosts" => Self::Maintenance(HostMode::Draining, hosts(message.body::<wire::DrainHosts>()?.hosts)),
            "endMaintenance" => Self::Maintenance(HostMode::None, hosts(message.body::<wire::EndMaintenance>()?.hosts)),
            "setQuota" => {
                let ask = message.body::<wire::SetQuota>()?;
                let quota = resources(ask.quota.and_then(|quota| quota.resources));
                Self::SetQuota { role: ask.owner_role.unwrap_or_default(), quota }
            }
            "snapshot" => Self::Snapshot,
            known if wire::NAMES.contains(&known) => {
                return Err(rejected(&format!("{known} is not played by the sandbox")).into());
            }
            _ => return Err(Wrong::Unknown),
        })
    }

    /// Which call of a port it is, and what it is about.
    pub(super) fn operation(&self) -> (Operation, Uuid) {
        let role = |role: &Option<String>| role.as_deref().map_or(Uuid::nil(), |role| About::Role(role).subject());
        let host = |hosts: &[String]| hosts.first().map_or(Uuid::nil(), |host| About::Host(host).subject());
        match self {
            Self::Tasks { query, .. } => (Operation::AuroraTasks, only_job(query)),
            Self::Reasons(query) => (Operation::AuroraPendingReasons, only_job(query)),
            Self::Jobs(of) | Self::Summaries(of) => (Operation::AuroraJobs, role(of)),
            Self::Roles => (Operation::AuroraJobs, Uuid::nil()),
            Self::Tiers => (Operation::AuroraProbe, Uuid::nil()),
            Self::Quota(of) => (Operation::AuroraQuota, About::Role(of).subject()),
            Self::Check(job) => (Operation::AuroraCheck, About::Job(&job.new.key).subject()),
            Self::Pulse => (Operation::AuroraMayChange, Uuid::nil()),
            Self::Create(job) => (Operation::AuroraCreate, About::Job(&job.new.key).subject()),
            Self::Kill { job, .. } => (Operation::AuroraKill, About::Job(job).subject()),
            Self::Restart { job, .. } => (Operation::AuroraRestart, About::Job(job).subject()),
            Self::Hosts(hosts) => (Operation::AuroraHosts, host(hosts)),
            Self::Maintenance(HostMode::Scheduled, hosts) => (Operation::StartMaintenance, host(hosts)),
            Self::Maintenance(HostMode::Draining, hosts) => (Operation::DrainHosts, host(hosts)),
            Self::Maintenance(_, hosts) => (Operation::EndMaintenance, host(hosts)),
            Self::SetQuota { role, .. } => (Operation::SetQuota, About::Role(role).subject()),
            Self::Snapshot => (Operation::AuroraSnapshot, Uuid::nil()),
        }
    }

    /// Whether the scheduler asks who calls; and if so, whether only an administrator may.
    pub(super) fn challenge(&self) -> Option<bool> {
        match self {
            Self::Pulse | Self::Create(_) | Self::Kill { .. } | Self::Restart { .. } => Some(false),
            Self::Hosts(_) | Self::Maintenance(..) | Self::SetQuota { .. } | Self::Snapshot => Some(true),
            _ => None,
        }
    }
}

fn rejected(words: &str) -> Refusal {
    Refusal::Rejected(words.to_owned())
}

pub(super) fn key(key: Option<wire::JobKey>) -> Result<JobKey, Refusal> {
    let wire::JobKey { role, environment, name } = key.unwrap_or_default();
    let [role, environment, name] = [role, environment, name].map(Option::unwrap_or_default);
    JobKey::new(&role, &environment, &name).map_err(|error| rejected(&error.to_string()))
}

fn numbers(set: Option<Set<i32>>) -> Option<InstanceSet> {
    let numbers = set.map(|set| set.0).unwrap_or_default();
    InstanceSet::new(numbers.into_iter().filter_map(|number| u32::try_from(number).ok())).ok()
}

fn hosts(hosts: Option<wire::Hosts>) -> Vec<String> {
    hosts.and_then(|hosts| hosts.host_names).map(|names| names.0).unwrap_or_default()
}

fn resources(set: Option<Set<Resource>>) -> Resources {
    let mut sum = Resources::new(0.0, 0, 0);
    for one in set.map(|set| set.0).unwrap_or_default() {
        match one {
            Resource::NumCpus(cpus) => sum.cpus = cpus,
            Resource::RamMb(ram) => sum.ram_mb = u64::try_from(ram).unwrap_or(0),
            Resource::DiskMb(disk) => sum.disk_mb = u64::try_from(disk).unwrap_or(0),
            _ => {}
        }
    }
    sum
}

/// The job that a client describes. What its executor reads is kept as it came.
fn job(description: Option<wire::JobConfiguration>) -> Result<JobSpec, Refusal> {
    let description = description.unwrap_or_default();
    let config = description.task_config.unwrap_or_default();
    let key = key(description.key.or(config.job))?;
    if description.cron_schedule.is_some() {
        return Err(rejected("Use scheduleCronJob to create a cron job"));
    }
    let data = config.executor_config.and_then(|executor| executor.data).map(|data| data.0);
    let parsed: Value = data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
    let field = |process: &Value, name: &str| process[name].as_str().unwrap_or_default().to_owned();
    let processes = parsed["task"]["processes"].as_array().into_iter().flatten();
    let mut processes: Vec<Process> =
        processes.map(|one| Process::new(field(one, "name"), field(one, "cmdline"))).collect();
    if let (Some(data), true) = (&data, processes.is_empty()) {
        processes.push(Process::new(key.name(), data.clone()));
    }
    let mut new = NewJob::new(key, resources(config.resources), processes);
    new.instances = u32::try_from(description.instance_count.unwrap_or(0)).unwrap_or(0);
    new.is_service = config.is_service.unwrap_or(false);
    new.max_failures = config.max_task_failures.unwrap_or(0);
    new.tier = config.tier;
    new.contact = config.contact_email;
    if let Some(cluster) = parsed["cluster"].as_str() {
        new.cluster = cluster.to_owned();
    }
    new.nonce.clear();
    for label in config.metadata.map(|set| set.0).unwrap_or_default() {
        let (name, value) = (label.key.unwrap_or_default(), label.value.unwrap_or_default());
        match name.as_str() {
            NewJob::NONCE => new.nonce = value,
            _ => new.metadata.push((name, value)),
        }
    }
    let mut job = JobSpec::from(new);
    job.data = data;
    Ok(job)
}

/// What stands in the log for a query: the job, where it is about one.
fn only_job(query: &TaskQuery) -> Uuid {
    let keys = query.job_keys.as_ref().map(|keys| keys.0.as_slice()).unwrap_or_default();
    let named = match keys {
        [only] => key(Some(only.clone())).ok(),
        [] => {
            let (role, environment, name) = (query.role.clone(), query.environment.clone(), query.job_name.clone());
            key(Some(wire::JobKey { role, environment, name })).ok()
        }
        _ => None,
    };
    named.map_or(Uuid::nil(), |job| About::Job(&job).subject())
}

/// Whether a query means a task. A set without anything in it restricts nothing.
pub(super) fn means(query: &TaskQuery, task: &Task, status: wire::ScheduleStatus) -> bool {
    fn all<T>(set: &Option<Set<T>>, is: impl Fn(&T) -> bool) -> bool {
        set.as_ref().is_none_or(|set| set.0.is_empty() || set.0.iter().any(is))
    }
    let text = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
    text(&query.role, task.job.role())
        && text(&query.environment, task.job.environment())
        && text(&query.job_name, task.job.name())
        && all(&query.job_keys, |one| key(Some(one.clone())).is_ok_and(|key| key == task.job))
        && all(&query.task_ids, |id| id == task.id.as_str())
        && all(&query.statuses, |one| *one == status)
        && all(&query.instance_ids, |id| u32::try_from(*id) == Ok(task.instance))
        && all(&query.slave_hosts, |host| task.host.as_ref() == Some(host))
}
