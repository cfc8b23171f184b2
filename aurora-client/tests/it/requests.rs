//! Exactly what is sent: bytes, headers, path.

use aurora_client::wire::{self, Answer, Encoding, Message, Method};
use aurora_client::{
    AuroraAdmin, AuroraClient, AuroraRead, AuroraWrite, InstanceSet, Instances, Resources, TaskFilter, TaskId,
};
use wiremock::{MockServer, Request};

use crate::support::{BOTH, Says, client, job, key, scheduler};

const KEY: &str = r#"{"1":{"str":"jobs"},"2":{"str":"prod"},"3":{"str":"dagao"}}"#;

/// What is sent by a call, and what it was told.
async fn sent<F, T>(encoding: Encoding, answer: Option<Answer>, call: F) -> (Request, T)
where
    F: AsyncFnOnce(AuroraClient) -> T,
{
    let server = scheduler(answer.map_or_else(Says::ok, Says::answer)).await;
    let told = call(client(&server).with_encoding(encoding)).await;
    (only(&server).await, told)
}

async fn only(server: &MockServer) -> Request {
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    requests.pop().unwrap()
}

/// The call in JSON, and that it is the same in binary.
macro_rules! sends {
    ($method:ident, $answer:expr, $body:expr, $call:expr) => {{
        let body: String = $body;
        let (json, _) = sent(Encoding::Json, $answer, $call).await;
        let text = format!(r#"[1,"{}",1,1,{body}]"#, wire::$method::NAME);
        assert_eq!(String::from_utf8_lossy(&json.body), text);
        let (binary, _) = sent(Encoding::Binary, $answer, $call).await;
        let of_json: wire::$method = Message::open(Encoding::Json, &json.body).unwrap().body().unwrap();
        let of_binary = Message::open(Encoding::Binary, &binary.body).unwrap();
        assert_eq!((of_binary.name.as_str(), of_binary.seq), (wire::$method::NAME, 1));
        assert_eq!(of_binary.body::<wire::$method>().unwrap(), of_json);
        assert_eq!(binary.body, wire::call(Encoding::Binary, 1, &of_json));
    }};
}

#[tokio::test]
async fn headers_and_path() {
    for encoding in BOTH {
        let quota = Some(Answer::GetQuota(wire::GetQuotaResult::default()));
        let (request, told) = sent(encoding, quota, async |aurora| aurora.quota("etl").await).await;
        assert!(told.is_ok());
        assert_eq!((request.method.as_str(), request.url.path(), request.url.query()), ("POST", "/api", None));
        for name in ["content-type", "accept"] {
            let values: Vec<&str> = request.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
            assert_eq!(values, [encoding.content_type()], "{name}");
        }
        assert_eq!(request.headers.get("authorization").unwrap(), "Basic b3BzOmEtcGFzc3dvcmQ=");
        assert!(request.headers.get("bypass-leader-redirect").is_none());
        if encoding == Encoding::Binary {
            let bytes = b"\x80\x01\0\x01\0\0\0\x08getQuota\0\0\0\x01\x0b\0\x01\0\0\0\x03etl\0";
            assert_eq!(request.body, bytes);
        }
    }
}

#[tokio::test]
async fn readings() {
    let tasks = || Some(Answer::ScheduleStatus(wire::ScheduleStatusResult::default()));
    sends!(
        GetTasksStatus,
        tasks(),
        format!(r#"{{"1":{{"rec":{{"11":{{"set":["rec",1,{KEY}]}}}}}}}}"#),
        async |aurora: AuroraClient| aurora.tasks(&TaskFilter::of_job(&key())).await.unwrap()
    );
    sends!(
        GetTasksStatus,
        tasks(),
        r#"{"1":{"rec":{"5":{"set":["i32",10,0,16,9,1,2,18,17,13,12,6]},"7":{"set":["i32",2,1,3]},"9":{"str":"prod"},"14":{"str":"jobs"}}}}"#
            .to_owned(),
        async |aurora: AuroraClient| {
            let filter = TaskFilter::of_environment("jobs", "prod").active();
            aurora.tasks(&filter.instances(InstanceSet::new([3, 1]).unwrap())).await.unwrap()
        }
    );
    sends!(
        GetTasksWithoutConfigs,
        tasks(),
        r#"{"1":{"rec":{"4":{"set":["str",1,"t-1"]}}}}"#.to_owned(),
        async |aurora: AuroraClient| {
            aurora.tasks(&TaskFilter::of_tasks([TaskId::new("t-1")]).unwrap().brief()).await.unwrap()
        }
    );
    sends!(
        GetPendingReason,
        Some(Answer::GetPendingReason(wire::GetPendingReasonResult::default())),
        format!(r#"{{"1":{{"rec":{{"11":{{"set":["rec",1,{KEY}]}}}}}}}}"#),
        async |aurora: AuroraClient| aurora.pending_reasons(&key()).await.unwrap()
    );
    let summary = || Some(Answer::JobSummary(wire::JobSummaryResult::default()));
    sends!(GetJobSummary, summary(), "{}".to_owned(), async |aurora: AuroraClient| aurora.jobs(None).await.unwrap());
    sends!(GetJobSummary, summary(), r#"{"1":{"str":"jobs"}}"#.to_owned(), async |aurora: AuroraClient| {
        aurora.jobs(Some("jobs".into())).await.unwrap()
    });
}

#[tokio::test]
async fn changes() {
    sends!(KillTasks, None, format!(r#"{{"4":{{"rec":{KEY}}}}}"#), async |aurora: AuroraClient| {
        aurora.kill(&key(), &Instances::All, "").await.unwrap();
    });
    sends!(
        KillTasks,
        None,
        format!(r#"{{"4":{{"rec":{KEY}}},"5":{{"set":["i32",1,2]}},"6":{{"str":"why"}}}}"#),
        async |aurora: AuroraClient| {
            let two = Instances::Only(InstanceSet::new([2]).unwrap());
            aurora.kill(&key(), &two, "why").await.unwrap();
        }
    );
    sends!(
        RestartShards,
        None,
        format!(r#"{{"5":{{"rec":{KEY}}},"3":{{"set":["i32",2,0,7]}}}}"#),
        async |aurora: AuroraClient| aurora.restart(&key(), &InstanceSet::new([7, 0]).unwrap()).await.unwrap()
    );
    sends!(
        SetQuota,
        None,
        r#"{"1":{"str":"jobs"},"2":{"rec":{"4":{"set":["rec",3,{"1":{"dbl":2.5}},{"2":{"i64":64}},{"3":{"i64":32}}]}}}}"#
            .to_owned(),
        async |aurora: AuroraClient| aurora.set_quota("jobs", Resources::new(2.5, 64, 32)).await.unwrap()
    );
    sends!(Snapshot, None, "{}".to_owned(), async |aurora: AuroraClient| aurora.snapshot().await.unwrap());
    let hosts = r#"{"1":{"rec":{"1":{"set":["str",1,"m-1.example.com"]}}}}"#;
    let host = || ["m-1.example.com".to_owned()];
    sends!(
        StartMaintenance,
        Some(Answer::StartMaintenance(wire::StartMaintenanceResult::default())),
        hosts.to_owned(),
        async |aurora: AuroraClient| aurora.start_maintenance(&host()).await.unwrap()
    );
    sends!(
        DrainHosts,
        Some(Answer::DrainHosts(wire::DrainHostsResult::default())),
        hosts.to_owned(),
        async |aurora: AuroraClient| aurora.drain(&host()).await.unwrap()
    );
    sends!(
        EndMaintenance,
        Some(Answer::EndMaintenance(wire::EndMaintenanceResult::default())),
        hosts.to_owned(),
        async |aurora: AuroraClient| aurora.end_maintenance(&host()).await.unwrap()
    );
    sends!(
        MaintenanceStatus,
        Some(Answer::MaintenanceStatus(wire::MaintenanceStatusResult::default())),
        hosts.to_owned(),
        async |aurora: AuroraClient| aurora.hosts(&host()).await.unwrap()
    );
}

#[tokio::test]
async fn a_job_travels_with_its_nonce_and_with_bytes_for_its_executor() {
    let (request, _) = sent(Encoding::Json, None, async |aurora| aurora.create(&job()).await.unwrap()).await;
    let ask: wire::CreateJob = Message::open(Encoding::Json, &request.body).unwrap().body().unwrap();
    let description = ask.description.unwrap();
    assert_eq!(description.instance_count, Some(1));
    let config = description.task_config.unwrap();
    let labels = config.metadata.unwrap().0;
    let nonce = wire::Metadata { key: Some("com.example.ops.nonce".into()), value: Some("n-1".into()) };
    assert_eq!(labels, [nonce]);
    let mb = [wire::Resource::NumCpus(0.5), wire::Resource::RamMb(64), wire::Resource::DiskMb(32)];
    assert_eq!(config.resources.unwrap().0, mb);
    let data = config.executor_config.unwrap().data.unwrap().0;
    let data: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert_eq!(data["task"]["resources"]["ram"], 64 << 20);
    assert_eq!(data["task"]["resources"]["disk"], 32 << 20);
    assert_eq!(data["task"]["processes"][0]["cmdline"], "./run");
    // The same is asked before, without an effect.
    let answer = Some(Answer::PopulateJob(wire::PopulateJobResult::default()));
    let (check, told) = sent(Encoding::Json, answer, async |aurora| aurora.check(&job()).await).await;
    assert!(told.is_ok());
    let check: wire::PopulateJobConfig = Message::open(Encoding::Json, &check.body).unwrap().body().unwrap();
    assert!(check.description.unwrap().task_config.unwrap().executor_config.is_some());
}

#[tokio::test]
async fn no_question_is_no_call() {
    let server = scheduler(Says::ok()).await;
    let error = client(&server).tasks(&TaskFilter::default().active()).await.unwrap_err();
    assert_eq!(error.kind(), aurora_client::ErrorKind::Invalid);
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn tasks_are_told_with_statuses_that_nobody_knows() {
    let told = wire::ScheduledTask {
        status: Some(wire::ScheduleStatus::Unknown(77)),
        assigned_task: Some(wire::AssignedTask {
            task_id: Some("t-1".into()),
            instance_id: Some(3),
            task: Some(wire::TaskConfig {
                job: Some(wire::JobKey {
                    role: Some("jobs".into()),
                    environment: Some("prod".into()),
                    name: Some("dagao".into()),
                }),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let answer = Answer::ScheduleStatus(wire::ScheduleStatusResult { tasks: Some(vec![told]) });
    for encoding in BOTH {
        let filter = TaskFilter::of_job(&key());
        let (_, tasks) =
            sent(encoding, Some(answer.clone()), async |aurora| aurora.tasks(&filter).await.unwrap()).await;
        assert_eq!((tasks[0].status, tasks[0].instance), (aurora_client::TaskStatus::Other(77), 3));
        assert!(tasks[0].status.is_active());
    }
}
