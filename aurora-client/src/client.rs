//! The client: the ports over the scheduler's interface.

use std::collections::BTreeMap;
use std::error::Error as _;

use async_trait::async_trait;
use futures_util::future::{join_all, join3};
use ops_client::http::Endpoint;
use ops_client::{Error, ErrorKind, Probe, Result};

use crate::rpc::{Rpc, leads};
use crate::wire::{self, Encoding};
use crate::{
    AuroraAdmin, AuroraRead, AuroraWrite, HostStatus, InstanceSet, Instances, JobKey, JobSummary, Leading, NewJob,
    PendingReason, Quota, Resources, SchedulerHealth, SchedulerSeen, Task, TaskFilter, convert,
};

/// The schedulers of one cluster. Cheap to clone.
///
/// ```
/// use aurora_client::AuroraClient;
/// use ops_client::Environment;
/// use ops_client::http::{Credential, Endpoint, SecretString};
///
/// let password = SecretString::from("from a safe place");
/// let scheduler = |address| {
///     Endpoint::builder(Environment::new("prod"), address).credential(Credential::basic("ops", password.clone())).build()
/// };
/// let aurora = AuroraClient::of(vec![
///     scheduler("https://aurora-1.example.com:8081")?,
///     scheduler("https://aurora-2.example.com:8081")?,
/// ])?;
/// # Ok::<(), ops_client::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AuroraClient {
    rpc: Rpc,
}

/// What a scheduler exports of itself.
struct Vars {
    framework_registered: Option<f64>,
    jvm_uptime_secs: Option<f64>,
    build_version: Option<String>,
}

impl AuroraClient {
    /// The cluster of these schedulers: all of them, because calls and credentials go to listed ones only. Which one leads is
    /// asked. Each is tried once at a time; how often a call is tried in all says the first one's policy.
    ///
    /// # Errors
    /// `Invalid` where there is none.
    pub fn of(schedulers: Vec<Endpoint>) -> Result<Self> {
        Ok(Self { rpc: Rpc::new(schedulers)? })
    }

    /// Speaks this encoding: JSON unless told, which every scheduler speaks.
    #[must_use]
    pub fn with_encoding(mut self, encoding: Encoding) -> Self {
        self.rpc = self.rpc.with_encoding(encoding);
        self
    }

    /// Reads no more than this of a reply, in bytes; else the limit is the schedulers' own, 64 MiB unless told.
    #[must_use]
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.rpc = self.rpc.with_max_body(bytes);
        self
    }

    /// The scheduler's methods, one function each.
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// The addresses of the schedulers.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.rpc.schedulers().iter().map(Endpoint::address)
    }
}

/// Whether the port is closed. The message is ours, the reason the system's.
fn is_refused(error: &Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.to_string().to_ascii_lowercase().contains("refused") {
            return true;
        }
        source = cause.source();
    }
    false
}

async fn seen(endpoint: &Endpoint) -> SchedulerSeen {
    const OP: &str = "aurora.schedulers";
    let health = endpoint.get(OP).segments(&["health"]).template("/health").send();
    let (health, leading, vars) = join3(health, leads(OP, endpoint), vars(OP, endpoint)).await;
    let health = match health {
        Ok(reply) if reply.text().trim() == "OK" => SchedulerHealth::Ok,
        Ok(_) => SchedulerHealth::Sick,
        Err(error) if error.kind() == ErrorKind::Connect && is_refused(&error) => {
            SchedulerHealth::Refused("connection refused".to_owned())
        }
        Err(error) => {
            let said = error.message().map_or_else(|| error.kind().to_string(), str::to_owned);
            SchedulerHealth::Unreachable(said)
        }
    };
    let leading = match leading {
        Ok(Some(true)) => Leading::Yes,
        Ok(Some(false)) => Leading::No,
        Ok(None) => Leading::Nobody,
        Err(_) => Leading::Unknown,
    };
    let vars = vars.ok().map(|(vars, _)| vars);
    let mut seen = SchedulerSeen::new(endpoint.address(), health);
    let registered = vars.as_ref().and_then(|vars| vars.framework_registered).map(|number| number >= 1.0);
    seen = seen.leading(leading, registered);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds, and not negative")]
    {
        seen.uptime_s = vars.and_then(|vars| vars.jvm_uptime_secs).map(|seconds| seconds.max(0.0) as u64);
    }
    seen
}

async fn vars(op: &'static str, endpoint: &Endpoint) -> Result<(Vars, ops_client::http::Reply)> {
    let reply = endpoint.get(op).segments(&["vars.json"]).template("/vars.json").send().await?;
    // Numbers and texts by the hundred: only three matter.
    let all: BTreeMap<String, serde_json::Value> = reply.json()?;
    let number = |name: &str| all.get(name).and_then(serde_json::Value::as_f64);
    let vars = Vars {
        framework_registered: number("framework_registered"),
        jvm_uptime_secs: number("jvm_uptime_secs"),
        build_version: all.get("build_version").and_then(|text| text.as_str()).map(str::to_owned),
    };
    Ok((vars, reply))
}

#[async_trait]
impl AuroraRead for AuroraClient {
    async fn probe(&self) -> Result<Probe> {
        const OP: &str = "aurora.probe";
        let reply = self.rpc.get_tier_configs(&wire::GetTierConfigs {}).await?;
        let endpoint = self.rpc.schedulers().iter().find(|endpoint| endpoint.address() == reply.server);
        let mut probe = Probe::new(&reply.server, std::time::Duration::ZERO);
        if let Some(endpoint) = endpoint
            && let Ok((vars, reply)) = vars(OP, endpoint).await
        {
            probe.elapsed = reply.elapsed();
            probe.server_time = reply.server_time();
            probe.version = vars.build_version;
        }
        Ok(probe)
    }

    async fn schedulers(&self) -> Result<Vec<SchedulerSeen>> {
        Ok(join_all(self.rpc.schedulers().iter().map(seen)).await)
    }

    async fn tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>> {
        const OP: &str = "aurora.tasks";
        if *filter == (TaskFilter { active: filter.active, brief: filter.brief, ..TaskFilter::default() }) {
            return Err(Error::invalid(OP, "tasks of what? no job, role, task or host is named"));
        }
        let query = Some(convert::query(filter));
        let whole = || wire::GetTasksStatus { query: query.clone() };
        let found = if filter.brief {
            let brief = wire::GetTasksWithoutConfigs { query: query.clone() };
            match self.rpc.get_tasks_without_configs(&brief).await {
                // A task without an executor makes the scheduler fail here.
                Err(error) if error.status() == Some(500) => self.rpc.get_tasks_status(&whole()).await?,
                answer => answer?,
            }
        } else {
            self.rpc.get_tasks_status(&whole()).await?
        };
        let mut tasks: Vec<Task> =
            found.value.tasks.unwrap_or_default().into_iter().filter_map(convert::task).collect();
        tasks.sort_by(|a, b| (&a.job, a.instance, a.began(), &a.id).cmp(&(&b.job, b.instance, b.began(), &b.id)));
        Ok(tasks)
    }

    async fn pending_reasons(&self, job: &JobKey) -> Result<Vec<PendingReason>> {
        let query = wire::TaskQuery { job_keys: Some([convert::key(job)].into_iter().collect()), ..Default::default() };
        let reply = self.rpc.get_pending_reason(&wire::GetPendingReason { query: Some(query) }).await?;
        let mut reasons: Vec<PendingReason> =
            reply.value.reasons.unwrap_or_default().0.into_iter().filter_map(convert::reason).collect();
        reasons.sort_by(|a, b| a.task.cmp(&b.task));
        Ok(reasons)
    }

    async fn jobs(&self, role: Option<String>) -> Result<Vec<JobSummary>> {
        let reply = self.rpc.get_job_summary(&wire::GetJobSummary { role }).await?;
        let mut jobs: Vec<JobSummary> =
            reply.value.summaries.unwrap_or_default().0.into_iter().filter_map(convert::summary).collect();
        jobs.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(jobs)
    }

    async fn check(&self, job: &NewJob) -> Result<()> {
        let ask = wire::PopulateJobConfig { description: Some(convert::configuration(job)) };
        self.rpc.populate_job_config(&ask).await.map(drop)
    }

    async fn quota(&self, role: &str) -> Result<Quota> {
        let reply = self.rpc.get_quota(&wire::GetQuota { owner_role: Some(role.to_owned()) }).await?;
        Ok(convert::quota(reply.value))
    }

    async fn may_change(&self) -> Result<Option<bool>> {
        self.rpc.is_taken().await
    }
}

#[async_trait]
impl AuroraWrite for AuroraClient {
    async fn create(&self, job: &NewJob) -> Result<()> {
        let ask = wire::CreateJob { description: Some(convert::configuration(job)) };
        self.rpc.create_job(&ask).await.map(drop)
    }

    async fn kill(&self, job: &JobKey, instances: &Instances, message: &str) -> Result<()> {
        let ask = wire::KillTasks {
            job: Some(convert::key(job)),
            instances: match instances {
                Instances::All => None,
                Instances::Only(set) => Some(convert::instances(set)),
            },
            message: (!message.is_empty()).then(|| message.to_owned()),
        };
        self.rpc.kill_tasks(&ask).await.map(drop)
    }

    async fn restart(&self, job: &JobKey, instances: &InstanceSet) -> Result<()> {
        let ask = wire::RestartShards { job: Some(convert::key(job)), shard_ids: Some(convert::instances(instances)) };
        self.rpc.restart_shards(&ask).await.map(drop)
    }
}

#[async_trait]
impl AuroraAdmin for AuroraClient {
    async fn hosts(&self, hosts: &[String]) -> Result<Vec<HostStatus>> {
        let ask = wire::MaintenanceStatus { hosts: Some(convert::hosts_to_ask(hosts)) };
        Ok(convert::hosts(hosts, self.rpc.maintenance_status(&ask).await?.value.statuses))
    }

    async fn start_maintenance(&self, hosts: &[String]) -> Result<Vec<HostStatus>> {
        let ask = wire::StartMaintenance { hosts: Some(convert::hosts_to_ask(hosts)) };
        Ok(convert::hosts(hosts, self.rpc.start_maintenance(&ask).await?.value.statuses))
    }

    async fn drain(&self, hosts: &[String]) -> Result<Vec<HostStatus>> {
        let ask = wire::DrainHosts { hosts: Some(convert::hosts_to_ask(hosts)) };
        Ok(convert::hosts(hosts, self.rpc.drain_hosts(&ask).await?.value.statuses))
    }

    async fn end_maintenance(&self, hosts: &[String]) -> Result<Vec<HostStatus>> {
        let ask = wire::EndMaintenance { hosts: Some(convert::hosts_to_ask(hosts)) };
        Ok(convert::hosts(hosts, self.rpc.end_maintenance(&ask).await?.value.statuses))
    }

    async fn set_quota(&self, role: &str, quota: Resources) -> Result<()> {
        let ask = wire::SetQuota { owner_role: Some(role.to_owned()), quota: Some(convert::aggregate(quota)) };
        self.rpc.set_quota(&ask).await.map(drop)
    }

    async fn snapshot(&self) -> Result<()> {
        self.rpc.snapshot(&wire::Snapshot {}).await.map(drop)
    }
}
