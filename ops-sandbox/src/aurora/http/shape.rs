//! What is told, in the words of the interface.

use aurora_client::wire::{
    self, Answer, Container, ExecutorConfig, Hidden, MaintenanceMode, Metadata, Resource, ScheduleStatus, Set,
};
use aurora_client::{HostMode, HostStatus, JobKey, JobSummary, Quota, Resources, Task, TaskConfig, TaskStatus};

pub(super) fn status(status: TaskStatus) -> ScheduleStatus {
    match status {
        TaskStatus::Init => ScheduleStatus::Init,
        TaskStatus::Throttled => ScheduleStatus::Throttled,
        TaskStatus::Pending => ScheduleStatus::Pending,
        TaskStatus::Assigned => ScheduleStatus::Assigned,
        TaskStatus::Starting => ScheduleStatus::Starting,
        TaskStatus::Running => ScheduleStatus::Running,
        TaskStatus::Partitioned => ScheduleStatus::Partitioned,
        TaskStatus::Draining => ScheduleStatus::Draining,
        TaskStatus::Preempting => ScheduleStatus::Preempting,
        TaskStatus::Restarting => ScheduleStatus::Restarting,
        TaskStatus::Killing => ScheduleStatus::Killing,
        TaskStatus::Finished => ScheduleStatus::Finished,
        TaskStatus::Failed => ScheduleStatus::Failed,
        TaskStatus::Killed => ScheduleStatus::Killed,
        TaskStatus::Lost => ScheduleStatus::Lost,
        TaskStatus::Other(number) => ScheduleStatus::Unknown(number),
        _ => ScheduleStatus::Unknown(-1),
    }
}

pub(super) fn key(key: &JobKey) -> wire::JobKey {
    wire::JobKey {
        role: Some(key.role().to_owned()),
        environment: Some(key.environment().to_owned()),
        name: Some(key.name().to_owned()),
    }
}

fn number(count: u32) -> Option<i32> {
    i32::try_from(count).ok()
}

fn resources(of: Resources) -> Set<Resource> {
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Set(vec![Resource::NumCpus(of.cpus), Resource::RamMb(whole(of.ram_mb)), Resource::DiskMb(whole(of.disk_mb))])
}

pub(super) fn config(job: &JobKey, config: &TaskConfig) -> wire::TaskConfig {
    let label = |(key, value): &(String, String)| Metadata { key: Some(key.clone()), value: Some(value.clone()) };
    let executor =
        ExecutorConfig { name: Some("AuroraExecutor".to_owned()), data: config.executor_data.clone().map(Hidden) };
    wire::TaskConfig {
        is_service: Some(config.is_service),
        priority: Some(0),
        max_task_failures: Some(config.max_failures),
        owner: Some(wire::Identity { user: Some(job.role().to_owned()) }),
        production: Some(false),
        constraints: Some(Set::default()),
        executor_config: Some(executor),
        metadata: Some(config.metadata.iter().map(label).collect()),
        job: Some(key(job)),
        container: Some(Container::Mesos(wire::MesosContainer::default())),
        tier: config.tier.clone(),
        resources: Some(resources(config.resources)),
        ..wire::TaskConfig::default()
    }
}

pub(super) fn task(task: &Task) -> wire::ScheduledTask {
    let event = |event: &aurora_client::TaskEvent| wire::TaskEvent {
        timestamp: Some(event.at.as_millisecond()),
        status: Some(status(event.status)),
        message: event.message.clone(),
        scheduler: event.scheduler.clone(),
    };
    let assigned = wire::AssignedTask {
        task_id: Some(task.id.to_string()),
        slave_id: task.host.as_ref().map(|host| format!("{host}-S")),
        slave_host: task.host.clone(),
        task: Some(config(&task.job, &task.config)),
        assigned_ports: Some(std::collections::BTreeMap::new()),
        instance_id: number(task.instance),
    };
    wire::ScheduledTask {
        assigned_task: Some(assigned),
        status: Some(status(task.status)),
        failure_count: number(task.failures),
        task_events: Some(task.events.iter().map(event).collect()),
        ancestor_id: task.ancestor.as_ref().map(ToString::to_string),
        times_partitioned: Some(0),
    }
}

pub(super) fn summary(job: &JobSummary) -> wire::JobSummary {
    let stats = wire::JobStats {
        active_task_count: number(job.active),
        finished_task_count: number(job.finished),
        failed_task_count: number(job.failed),
        pending_task_count: number(job.pending),
    };
    let job = wire::JobConfiguration {
        key: Some(key(&job.key)),
        instance_count: number(job.active + job.pending),
        ..wire::JobConfiguration::default()
    };
    wire::JobSummary { job: Some(job), stats: Some(stats), next_cron_run_ms: None }
}

pub(super) fn quota(quota: &Quota) -> Answer {
    let aggregate = |of: Resources| wire::ResourceAggregate { resources: Some(resources(of)) };
    Answer::GetQuota(wire::GetQuotaResult {
        quota: Some(aggregate(quota.quota)),
        prod_shared_consumption: quota.used.map(aggregate),
        non_prod_shared_consumption: Some(aggregate(Resources::new(0.0, 0, 0))),
        ..wire::GetQuotaResult::default()
    })
}

/// Hosts that the scheduler does not know are left out.
pub(super) fn hosts(statuses: Vec<HostStatus>) -> Set<wire::HostStatus> {
    let mode = |mode: HostMode| match mode {
        HostMode::None => MaintenanceMode::None,
        HostMode::Scheduled => MaintenanceMode::Scheduled,
        HostMode::Draining => MaintenanceMode::Draining,
        HostMode::Drained => MaintenanceMode::Drained,
        HostMode::Other(number) => MaintenanceMode::Unknown(number),
        _ => MaintenanceMode::Unknown(-1),
    };
    let known = statuses.into_iter().filter_map(|one| Some((one.host, one.mode?)));
    known.map(|(host, is)| wire::HostStatus { host: Some(host), mode: Some(mode(is)) }).collect()
}

pub(super) fn tiers() -> Answer {
    let tier = |name: &str, preemptible: bool, revocable: bool| {
        let settings = [("preemptible", preemptible), ("revocable", revocable)];
        let settings = settings.map(|(name, is)| (name.to_owned(), is.to_string()));
        wire::TierConfig { name: Some(name.to_owned()), settings: Some(settings.into()) }
    };
    let tiers = [tier("preemptible", true, false), tier("preferred", false, false), tier("revocable", true, true)];
    Answer::GetTierConfig(wire::GetTierConfigResult {
        default_tier_name: Some("preemptible".to_owned()),
        tiers: Some(tiers.into_iter().collect()),
    })
}
