//! The reply that is read: tasks of a busy cluster, with what the scheduler tells of each.

use std::collections::BTreeMap;

use aurora_client::wire::*;

/// Every job has so many instances, and every instance a task that ended and one that came after it.
const INSTANCES: i32 = 50;

/// What runs in a task is told by a JSON document inside a text: in Thrift's JSON, each of its quotes takes an escape.
const EXECUTOR: &str = r#"{"role":"jobs","environment":"prod","name":"itaipu-contracts","cluster":"main","service":false,"priority":0,"max_task_failures":1,"task":{"name":"itaipu-contracts","processes":[{"name":"run","cmdline":"./run --partition 7","max_failures":1,"daemon":false,"ephemeral":false,"final":false,"min_duration":5}],"constraints":[{"order":["run"]}],"resources":{"cpu":1.5,"ram":536870912,"disk":1073741824},"max_failures":1,"max_concurrency":0,"finalization_wait":30}}"#;

/// The reply in an encoding.
pub(crate) fn body(encoding: Encoding, tasks: u32) -> Vec<u8> {
    let tasks = (0..i32::try_from(tasks).unwrap_or(i32::MAX)).map(task).collect();
    let response = Response {
        response_code: Some(ResponseCode::Ok),
        result: Some(Answer::ScheduleStatus(ScheduleStatusResult { tasks: Some(tasks) })),
        server_info: Some(ServerInfo {
            cluster_name: Some("main".into()),
            stats_url_prefix: Some("https://example.com/".into()),
        }),
        details: Some(Vec::new()),
    };
    reply(encoding, GetTasksStatus::NAME, 7, response)
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn task(number: i32) -> ScheduledTask {
    use ScheduleStatus::{Assigned, Failed, Finished, Killed, Lost, Pending, Running, Starting};
    let (generation, instance) = (number % 2, number / 2 % INSTANCES);
    let job = format!("itaipu-contracts-{}", number / 2 / INSTANCES);
    let id = |generation: i32| Some(format!("1700000000{generation:03}-jobs-prod-{job}-{instance}-3f1c{number:08x}"));
    // The task before has ended, somehow; the one after it goes on.
    let last = if generation == 0 { [Failed, Killed, Lost, Finished][(number / 2 % 4) as usize] } else { Running };
    let statuses = [Pending, Assigned, Starting, Running, last];
    let events = &statuses[..if generation == 0 { 5 } else { 4 }];
    let event = |(at, status): (i64, &ScheduleStatus)| TaskEvent {
        timestamp: Some(1_700_000_000_000 + i64::from(number) * 1000 + at),
        status: Some(*status),
        message: (*status == Failed).then(|| "Task exited with status 1 — see “stderr”".to_owned()),
        scheduler: text("scheduler-1.example.com"),
    };
    ScheduledTask {
        assigned_task: Some(AssignedTask {
            task_id: id(generation),
            slave_id: text("4a1f0b52-6d1c-4c7e-9a53-1d2f7b3c9e10-S17"),
            slave_host: Some(format!("agent-{}.example.com", number % 200)),
            task: Some(config(&job)),
            assigned_ports: Some(BTreeMap::from([("http".to_owned(), 31_000 + number % 1000)])),
            instance_id: Some(instance),
        }),
        status: Some(last),
        failure_count: Some(i32::from(last == Failed)),
        task_events: Some((0..).zip(events).map(event).collect()),
        ancestor_id: if generation == 0 { None } else { id(0) },
        times_partitioned: Some(0),
    }
}

fn config(job: &str) -> TaskConfig {
    let limit = TaskConstraint::Limit(LimitConstraint { limit: Some(1) });
    TaskConfig {
        is_service: Some(false),
        priority: Some(0),
        max_task_failures: Some(1),
        owner: Some(Identity { user: text("jobs") }),
        production: Some(false),
        constraints: Some(Set(vec![Constraint { name: text("host"), constraint: Some(limit) }])),
        contact_email: text("ops@example.com"),
        executor_config: Some(ExecutorConfig { name: text("AuroraExecutor"), data: Some(Hidden(EXECUTOR.to_owned())) }),
        metadata: Some(Set(vec![Metadata { key: text("metapod_transaction"), value: text("5f0c8a1e") }])),
        job: Some(JobKey { role: text("jobs"), environment: text("prod"), name: text(job) }),
        container: Some(Container::Mesos(MesosContainer::default())),
        tier: text("preemptible"),
        resources: Some(Set(vec![
            Resource::NumCpus(1.5),
            Resource::RamMb(512),
            Resource::DiskMb(1024),
            Resource::NamedPort("http".to_owned()),
        ])),
        ..TaskConfig::default()
    }
}
