//! Between the interface and our own model. What an interface may leave out has a place to be missing here.

use jiff::Timestamp;

use crate::wire::{self, Hidden, Resource, ScheduleStatus, Set};
use crate::{
    HostMode, HostStatus, InstanceSet, JobKey, JobSummary, NewJob, PendingReason, Quota, Resources, Task, TaskConfig,
    TaskEvent, TaskFilter, TaskId, TaskStatus, thermos,
};

/// What counts as active.
const ACTIVE: [ScheduleStatus; 10] = [
    ScheduleStatus::Pending,
    ScheduleStatus::Throttled,
    ScheduleStatus::Assigned,
    ScheduleStatus::Starting,
    ScheduleStatus::Running,
    ScheduleStatus::Partitioned,
    ScheduleStatus::Draining,
    ScheduleStatus::Preempting,
    ScheduleStatus::Restarting,
    ScheduleStatus::Killing,
];

pub(crate) fn key(job: &JobKey) -> wire::JobKey {
    wire::JobKey {
        role: Some(job.role().to_owned()),
        environment: Some(job.environment().to_owned()),
        name: Some(job.name().to_owned()),
    }
}

/// A key that a scheduler told: what it takes may be more than what we would send.
fn key_of(job: Option<wire::JobKey>) -> Option<JobKey> {
    let job = job?;
    JobKey::new(&job.role?, &job.environment?, &job.name?).ok()
}

pub(crate) fn instances(set: &InstanceSet) -> Set<i32> {
    // A set holds no larger numbers.
    set.iter().filter_map(|number| i32::try_from(number).ok()).collect()
}

pub(crate) fn query(filter: &TaskFilter) -> wire::TaskQuery {
    fn set<T, U>(values: &[T], of: impl Fn(&T) -> U) -> Option<Set<U>> {
        (!values.is_empty()).then(|| values.iter().map(of).collect())
    }
    wire::TaskQuery {
        job_keys: set(&filter.jobs, key),
        role: filter.role.clone(),
        environment: filter.environment.clone(),
        task_ids: set(&filter.tasks, |id| id.as_str().to_owned()),
        instance_ids: filter.instances.as_ref().map(instances),
        slave_hosts: set(&filter.hosts, Clone::clone),
        statuses: filter.active.then(|| ACTIVE.into_iter().collect()),
        ..wire::TaskQuery::default()
    }
}

/// A task; `None` where it has no id or no job, so that nobody could speak of it.
pub(crate) fn task(task: wire::ScheduledTask) -> Option<Task> {
    let assigned = task.assigned_task?;
    let config = assigned.task.unwrap_or_default();
    let job = key_of(config.job.clone())?;
    let id = assigned.task_id.filter(|id| !id.is_empty())?;
    let instance = u32::try_from(assigned.instance_id.unwrap_or_default()).ok()?;
    let status = status(task.status.unwrap_or(ScheduleStatus::Init));
    let mut ours = Task::new(TaskId::new(id), job, instance, status, task_config(config));
    ours.host = assigned.slave_host.filter(|host| !host.is_empty());
    ours.ancestor = task.ancestor_id.filter(|id| !id.is_empty()).map(TaskId::new);
    ours.failures = u32::try_from(task.failure_count.unwrap_or_default()).unwrap_or_default();
    ours.events = task.task_events.unwrap_or_default().into_iter().filter_map(event).collect();
    Some(ours)
}

fn event(event: wire::TaskEvent) -> Option<TaskEvent> {
    let at = Timestamp::from_millisecond(event.timestamp?).ok()?;
    let mut ours = TaskEvent::new(at, status(event.status.unwrap_or(ScheduleStatus::Init)));
    ours.message = event.message.filter(|text| !text.is_empty());
    ours.scheduler = event.scheduler.filter(|text| !text.is_empty());
    Some(ours)
}

fn task_config(config: wire::TaskConfig) -> TaskConfig {
    let mut ours = TaskConfig::new(resources(config.resources.as_ref()));
    ours.is_service = config.is_service.unwrap_or_default();
    ours.max_failures = config.max_task_failures.unwrap_or(1);
    let labels = config.metadata.unwrap_or_default().0.into_iter();
    ours.metadata = labels.filter_map(|label| Some((label.key?, label.value.unwrap_or_default()))).collect();
    // A set comes in any order.
    ours.metadata.sort_unstable();
    ours.tier = config.tier;
    ours.executor_data = config.executor_config.and_then(|executor| executor.data).map(|data| data.0);
    ours
}

fn resources(set: Option<&Set<Resource>>) -> Resources {
    let mut ours = Resources::new(0.0, 0, 0);
    for resource in set.iter().flat_map(|set| &set.0) {
        match resource {
            Resource::NumCpus(cpus) => ours.cpus = *cpus,
            Resource::RamMb(mb) => ours.ram_mb = u64::try_from(*mb).unwrap_or_default(),
            Resource::DiskMb(mb) => ours.disk_mb = u64::try_from(*mb).unwrap_or_default(),
            Resource::NamedPort(_) | Resource::NumGpus(_) | Resource::Unknown(_) => {}
        }
    }
    ours
}

fn resource_set(resources: Resources) -> Set<Resource> {
    let Resources { cpus, ram_mb, disk_mb } = resources;
    let mb = |mb: u64| i64::try_from(mb).unwrap_or(i64::MAX);
    Set(vec![Resource::NumCpus(cpus), Resource::RamMb(mb(ram_mb)), Resource::DiskMb(mb(disk_mb))])
}

pub(crate) fn status(status: ScheduleStatus) -> TaskStatus {
    match status {
        ScheduleStatus::Pending => TaskStatus::Pending,
        ScheduleStatus::Starting => TaskStatus::Starting,
        ScheduleStatus::Running => TaskStatus::Running,
        ScheduleStatus::Finished => TaskStatus::Finished,
        ScheduleStatus::Failed => TaskStatus::Failed,
        ScheduleStatus::Killed => TaskStatus::Killed,
        ScheduleStatus::Killing => TaskStatus::Killing,
        ScheduleStatus::Lost => TaskStatus::Lost,
        ScheduleStatus::Assigned => TaskStatus::Assigned,
        ScheduleStatus::Init => TaskStatus::Init,
        ScheduleStatus::Restarting => TaskStatus::Restarting,
        ScheduleStatus::Preempting => TaskStatus::Preempting,
        ScheduleStatus::Throttled => TaskStatus::Throttled,
        ScheduleStatus::Draining => TaskStatus::Draining,
        ScheduleStatus::Partitioned => TaskStatus::Partitioned,
        ScheduleStatus::Unknown(number) => TaskStatus::Other(number),
    }
}

/// A job as it is created. The owner is its role, and the nonce one of its labels.
pub(crate) fn configuration(job: &NewJob) -> wire::JobConfiguration {
    let labels = job.metadata.iter().cloned().chain([(NewJob::NONCE.to_owned(), job.nonce.clone())]);
    let owner = || Some(wire::Identity { user: Some(job.key.role().to_owned()) });
    wire::JobConfiguration {
        key: Some(key(&job.key)),
        owner: owner(),
        instance_count: Some(i32::try_from(job.instances).unwrap_or(i32::MAX)),
        task_config: Some(wire::TaskConfig {
            job: Some(key(&job.key)),
            owner: owner(),
            is_service: Some(job.is_service),
            priority: Some(0),
            max_task_failures: Some(job.max_failures),
            tier: job.tier.clone(),
            contact_email: job.contact.clone(),
            constraints: Some(Set::default()),
            container: Some(wire::Container::Mesos(wire::MesosContainer::default())),
            resources: Some(resource_set(job.resources)),
            metadata: Some(labels.map(|(key, value)| wire::Metadata { key: Some(key), value: Some(value) }).collect()),
            executor_config: Some(wire::ExecutorConfig {
                name: Some(thermos::EXECUTOR.to_owned()),
                data: Some(Hidden(thermos::data(job))),
            }),
            ..wire::TaskConfig::default()
        }),
        ..wire::JobConfiguration::default()
    }
}

pub(crate) fn reason(reason: wire::PendingReason) -> Option<PendingReason> {
    Some(PendingReason::new(TaskId::new(reason.task_id?), reason.reason.unwrap_or_default()))
}

pub(crate) fn summary(summary: wire::JobSummary) -> Option<JobSummary> {
    let job = summary.job.unwrap_or_default();
    let mut ours = JobSummary::new(key_of(job.key)?);
    let stats = summary.stats.unwrap_or_default();
    let number = |number: Option<i32>| u32::try_from(number.unwrap_or_default()).unwrap_or_default();
    (ours.active, ours.finished) = (number(stats.active_task_count), number(stats.finished_task_count));
    (ours.failed, ours.pending) = (number(stats.failed_task_count), number(stats.pending_task_count));
    ours.cron = job.cron_schedule.filter(|text| !text.is_empty());
    ours.next_run = summary.next_cron_run_ms.and_then(|at| Timestamp::from_millisecond(at).ok());
    Some(ours)
}

pub(crate) fn quota(quota: wire::GetQuotaResult) -> Quota {
    let of = |aggregate: Option<wire::ResourceAggregate>| aggregate.map(|one| resources(one.resources.as_ref()));
    let mut ours = Quota::new(of(quota.quota).unwrap_or(Resources::new(0.0, 0, 0)));
    ours.used = of(quota.prod_shared_consumption);
    ours
}

pub(crate) fn aggregate(resources: Resources) -> wire::ResourceAggregate {
    wire::ResourceAggregate { resources: Some(resource_set(resources)) }
}

/// The hosts in the order asked for: those that the scheduler does not know are left out of its reply without a word.
pub(crate) fn hosts(asked: &[String], told: Option<Set<wire::HostStatus>>) -> Vec<HostStatus> {
    let told = told.unwrap_or_default().0;
    let mode = |host: &String| {
        let found = told.iter().find(|status| status.host.as_ref() == Some(host))?;
        Some(match found.mode? {
            wire::MaintenanceMode::None => HostMode::None,
            wire::MaintenanceMode::Scheduled => HostMode::Scheduled,
            wire::MaintenanceMode::Draining => HostMode::Draining,
            wire::MaintenanceMode::Drained => HostMode::Drained,
            wire::MaintenanceMode::Unknown(number) => HostMode::Other(number),
        })
    };
    asked.iter().map(|host| HostStatus::new(host, mode(host))).collect()
}

pub(crate) fn hosts_to_ask(hosts: &[String]) -> wire::Hosts {
    wire::Hosts { host_names: Some(hosts.iter().cloned().collect()) }
}
