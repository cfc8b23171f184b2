//! A reply as a scheduler with a long night gives it.

use aurora_client::wire::{
    Answer, AssignedTask, Encoding, ExecutorConfig, Hidden, Identity, JobKey, Metadata, Resource, Response,
    ResponseCode, ScheduleStatus, ScheduleStatusResult, ScheduledTask, ServerInfo, Set, TaskConfig, TaskEvent, reply,
};

const STATUSES: [ScheduleStatus; 5] = [
    ScheduleStatus::Running,
    ScheduleStatus::Finished,
    ScheduleStatus::Failed,
    ScheduleStatus::Pending,
    ScheduleStatus::Killed,
];

/// The same reply in both encodings.
pub(crate) fn of(tasks: usize) -> [Vec<u8>; 2] {
    let tasks = (0..tasks).map(task).collect();
    let result = Answer::ScheduleStatus(ScheduleStatusResult { tasks: Some(tasks) });
    let response = Response {
        response_code: Some(ResponseCode::Ok),
        result: Some(result),
        server_info: Some(ServerInfo { cluster_name: Some("aurora".into()), stats_url_prefix: Some(String::new()) }),
        details: Some(Vec::new()),
    };
    [Encoding::Json, Encoding::Binary].map(|encoding| reply(encoding, "getTasksStatus", 1, response.clone()))
}

fn task(number: usize) -> ScheduledTask {
    let (job, instance) = (number / 20, i32::try_from(number % 20).unwrap_or_default());
    let key = JobKey {
        role: Some("jobs".into()),
        environment: Some("prod".into()),
        name: Some(format!("itaipu-contracts-{job}")),
    };
    let data = format!(
        "{{\"task\":{{\"name\":\"itaipu-contracts-{job}\",\"processes\":[{{\"name\":\"work\",\"cmdline\":\"java -Xmx20G \
         -jar work.jar --é \\\"{instance}\\\"\"}}]}}}}"
    );
    let label = |key: &str, value: String| Metadata { key: Some(key.into()), value: Some(value) };
    let event = |at: i64, status| TaskEvent {
        timestamp: Some(1_700_000_000_000 + at),
        status: Some(status),
        message: None,
        scheduler: Some("aurora-1.example.com".into()),
    };
    let status = STATUSES[number % STATUSES.len()];
    ScheduledTask {
        assigned_task: Some(AssignedTask {
            task_id: Some(format!("jobs-prod-itaipu-contracts-{job}-{instance}-f7832a01-001b-56f7-a4fe-b3a417f8f654")),
            slave_id: Some("agent-S17".into()),
            slave_host: Some(format!("agent-{}.example.com", number % 300)),
            task: Some(TaskConfig {
                is_service: Some(false),
                priority: Some(0),
                max_task_failures: Some(1),
                owner: Some(Identity { user: Some("jobs".into()) }),
                constraints: Some(Set::default()),
                executor_config: Some(ExecutorConfig { name: Some("AuroraExecutor".into()), data: Some(Hidden(data)) }),
                metadata: Some(Set(vec![
                    label("metapod_transaction", "f7832a01-001b-56f7-a4fe-b3a417f8f654".into()),
                    label("version", "e4b90d2".into()),
                ])),
                job: Some(key),
                resources: Some(Set(vec![Resource::NumCpus(1.5), Resource::RamMb(20_480), Resource::DiskMb(10_240)])),
                ..TaskConfig::default()
            }),
            assigned_ports: None,
            instance_id: Some(instance),
        }),
        status: Some(status),
        failure_count: Some(0),
        task_events: Some(vec![
            event(0, ScheduleStatus::Pending),
            event(40, ScheduleStatus::Assigned),
            event(900, ScheduleStatus::Starting),
            event(2_000, ScheduleStatus::Running),
            event(60_000, status),
        ]),
        ancestor_id: None,
        times_partitioned: Some(0),
    }
}
