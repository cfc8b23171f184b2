//! What is sent, to the byte, and what is made of the replies.

use aurora_client::wire::{self, Answer, CreateJob, Encoding, Message, Resource, Response, ResponseCode, Set};
use aurora_client::{
    AuroraAdmin, AuroraClient, AuroraRead, AuroraWrite, HostMode, InstanceSet, Instances, Leading, NewJob, Resources,
    SchedulerHealth, TaskFilter, TaskId, TaskStatus,
};
use serde_json::Value as Json;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{Calls, api, client, code, job, new_job, ok, replying, scheduler, sent, wire_job, with_words};

const KEY: &str = r#"{"1":{"str":"jobs"},"2":{"str":"prod"},"3":{"str":"dagao"}}"#;

/// The one call that was sent, after a look at its head.
async fn only(server: &MockServer, encoding: Encoding) -> Request {
    let mut all = server.received_requests().await.unwrap();
    assert_eq!(all.len(), 1, "one call, and nothing besides");
    let request = all.remove(0);
    assert_eq!((request.method.as_str(), request.url.path(), request.url.query()), ("POST", "/api", None));
    let values = |name: &str| -> Vec<String> {
        request.headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(values("content-type"), [encoding.content_type()]);
    assert_eq!(values("accept"), [encoding.content_type()]);
    // `ops:a-password-of-nobody`.
    assert_eq!(values("authorization"), ["Basic b3BzOmEtcGFzc3dvcmQtb2Ytbm9ib2R5"]);
    request
}

async fn json(server: &MockServer) -> String {
    String::from_utf8(only(server, Encoding::Json).await.body).unwrap()
}

async fn accepting() -> (MockServer, AuroraClient) {
    let server = scheduler(replying(code(ResponseCode::Ok))).await;
    let aurora = client(&server.uri());
    (server, aurora)
}

fn tasks(tasks: Vec<wire::ScheduledTask>) -> Response {
    ok(Answer::ScheduleStatus(wire::ScheduleStatusResult { tasks: Some(tasks) }))
}

fn scheduled(id: &str, instance: i32, status: wire::ScheduleStatus) -> wire::ScheduledTask {
    let config = wire::TaskConfig { job: Some(wire_job()), ..wire::TaskConfig::default() };
    let assigned = wire::AssignedTask {
        task_id: Some(id.to_owned()),
        instance_id: Some(instance),
        task: Some(config),
        ..wire::AssignedTask::default()
    };
    wire::ScheduledTask { assigned_task: Some(assigned), status: Some(status), ..wire::ScheduledTask::default() }
}

#[tokio::test]
async fn tasks_of_a_job() {
    let server = scheduler(replying(tasks(vec![]))).await;
    let all = client(&server.uri()).tasks(&TaskFilter::of_job(&job())).await.unwrap();
    assert_eq!(all, []);
    let wanted = format!(r#"[1,"getTasksStatus",1,1,{{"1":{{"rec":{{"11":{{"set":["rec",1,{KEY}]}}}}}}}}]"#);
    assert_eq!(json(&server).await, wanted);
}

#[tokio::test]
async fn every_condition_of_a_filter_is_sent() {
    let server = scheduler(replying(tasks(vec![]))).await;
    let mut filter = TaskFilter::of_environment("jobs", "prod").instances(InstanceSet::new([3, 0]).unwrap()).active();
    (filter.tasks, filter.hosts) = (vec![TaskId::new("a")], vec!["agent-1".to_owned()]);
    client(&server.uri()).tasks(&filter).await.unwrap();
    let wanted = concat!(
        r#"[1,"getTasksStatus",1,1,{"1":{"rec":{"4":{"set":["str",1,"a"]},"5":{"set":["i32",10,0,16,9,1,2,18,17,13,12,6]},"#,
        r#""7":{"set":["i32",2,0,3]},"9":{"str":"prod"},"10":{"set":["str",1,"agent-1"]},"14":{"str":"jobs"}}}}]"#
    );
    assert_eq!(json(&server).await, wanted);
    // Without any condition it would be the whole cluster.
    let error = client(&server.uri()).tasks(&TaskFilter::default().active()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (aurora_client::ErrorKind::Invalid, aurora_client::Effect::None));
    assert_eq!(sent(&server, "/api").await.len(), 1);
}

#[tokio::test]
async fn binary_is_the_same_in_other_bytes() {
    let server = scheduler(replying(tasks(vec![scheduled("a", 0, wire::ScheduleStatus::Running)]))).await;
    let aurora = client(&server.uri()).with_encoding(Encoding::Binary);
    let found = aurora.tasks(&TaskFilter::of_job(&job())).await.unwrap();
    assert_eq!((found.len(), found[0].status), (1, TaskStatus::Running));
    let query = wire::TaskQuery { job_keys: Some(Set(vec![wire_job()])), ..Default::default() };
    let ask = wire::GetTasksStatus { query: Some(query) };
    assert_eq!(only(&server, Encoding::Binary).await.body, wire::call(Encoding::Binary, 1, &ask));
}

#[tokio::test]
async fn a_task_arrives_with_all_it_says() {
    let mut told = scheduled("jobs-prod-dagao-1-x", 1, wire::ScheduleStatus::Unknown(42));
    (told.ancestor_id, told.failure_count) = (Some("jobs-prod-dagao-1-w".to_owned()), Some(2));
    let event = |at, status, message: &str| wire::TaskEvent {
        timestamp: Some(at),
        status: Some(status),
        message: Some(message.to_owned()),
        scheduler: Some("aurora-1".to_owned()),
    };
    told.task_events = Some(vec![
        event(1_764_000_000_123, wire::ScheduleStatus::Pending, ""),
        event(1_764_000_001_000, wire::ScheduleStatus::Unknown(42), "why"),
    ]);
    let assigned = told.assigned_task.as_mut().unwrap();
    assigned.slave_host = Some("agent-1".to_owned());
    let config = assigned.task.as_mut().unwrap();
    let label = |key: &str| wire::Metadata { key: Some(key.to_owned()), value: Some("v".to_owned()) };
    config.metadata = Some(Set(vec![label("b"), label("a")]));
    config.resources =
        Some(Set(vec![Resource::DiskMb(64), Resource::NumCpus(0.5), Resource::RamMb(128), Resource::Unknown(9)]));
    config.executor_config = Some(wire::ExecutorConfig { name: None, data: Some(wire::Hidden("{}".into())) });
    // What nobody could speak of is left out.
    let nameless = wire::ScheduledTask::default();
    let first = scheduled("jobs-prod-dagao-0-x", 0, wire::ScheduleStatus::Partitioned);
    let server = scheduler(replying(tasks(vec![told, nameless, first]))).await;
    let found = client(&server.uri()).tasks(&TaskFilter::of_job(&job())).await.unwrap();
    let [first, second] = &found[..] else { panic!("{found:?}") };
    assert_eq!((first.instance, first.status, first.host.as_deref()), (0, TaskStatus::Partitioned, None));
    assert_eq!((second.job.clone(), second.status), (job(), TaskStatus::Other(42)));
    assert_eq!((second.host.as_deref(), second.failures), (Some("agent-1"), 2));
    assert_eq!(second.ancestor, Some(TaskId::new("jobs-prod-dagao-1-w")));
    assert_eq!(second.began().unwrap().as_millisecond(), 1_764_000_000_123);
    assert_eq!((second.events[0].message.as_deref(), second.events[1].message.as_deref()), (None, Some("why")));
    assert_eq!(second.events[1].scheduler.as_deref(), Some("aurora-1"));
    assert_eq!(second.config.resources, Resources::new(0.5, 128, 64));
    assert_eq!((second.config.metadata[0].0.as_str(), second.config.label("b")), ("a", Some("v")));
    assert_eq!((second.config.executor_data.as_deref(), second.ended()), (Some("{}"), None));
}

#[tokio::test]
async fn brief_tasks_and_what_is_asked_where_the_scheduler_fails_at_that() {
    let running = || tasks(vec![scheduled("a", 0, wire::ScheduleStatus::Running)]);
    let server = scheduler(replying(running())).await;
    let brief = TaskFilter::of_job(&job()).brief();
    assert_eq!(client(&server.uri()).tasks(&brief).await.unwrap().len(), 1);
    let wanted = format!(r#"[1,"getTasksWithoutConfigs",1,1,{{"1":{{"rec":{{"11":{{"set":["rec",1,{KEY}]}}}}}}}}]"#);
    assert_eq!(json(&server).await, wanted);
    let server = MockServer::start().await;
    api().and(Calls("getTasksWithoutConfigs")).respond_with(ResponseTemplate::new(500)).mount(&server).await;
    api().and(Calls("getTasksStatus")).respond_with(replying(running())).mount(&server).await;
    assert_eq!(client(&server.uri()).tasks(&brief).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_kill_of_all_names_no_instance() {
    let (server, aurora) = accepting().await;
    aurora.kill(&job(), &Instances::All, "").await.unwrap();
    assert_eq!(json(&server).await, format!(r#"[1,"killTasks",1,1,{{"4":{{"rec":{KEY}}}}}]"#));
}

#[tokio::test]
async fn a_kill_of_some_names_them() {
    let (server, aurora) = accepting().await;
    aurora.kill(&job(), &Instances::Only(InstanceSet::new([2, 0]).unwrap()), "stuck").await.unwrap();
    let wanted =
        format!(r#"[1,"killTasks",1,1,{{"4":{{"rec":{KEY}}},"5":{{"set":["i32",2,0,2]}},"6":{{"str":"stuck"}}}}]"#);
    assert_eq!(json(&server).await, wanted);
    // No instances are no set: it could not be told from all.
    assert!(InstanceSet::new([]).is_err());
}

#[tokio::test]
async fn a_restart() {
    let (server, aurora) = accepting().await;
    aurora.restart(&job(), &InstanceSet::new([1]).unwrap()).await.unwrap();
    let wanted = format!(r#"[1,"restartShards",1,1,{{"5":{{"rec":{KEY}}},"3":{{"set":["i32",1,1]}}}}]"#);
    assert_eq!(json(&server).await, wanted);
}

#[tokio::test]
async fn a_new_job_has_its_nonce_and_what_thermos_reads() {
    let (server, aurora) = accepting().await;
    let mut new = new_job();
    (new.instances, new.tier) = (2, Some("preemptible".to_owned()));
    new.metadata = vec![("a".to_owned(), "b".to_owned())];
    aurora.create(&new).await.unwrap();
    let sent = only(&server, Encoding::Json).await.body;
    let ask: CreateJob = Message::open(Encoding::Json, &sent).unwrap().body().unwrap();
    let told = ask.description.unwrap();
    assert_eq!((told.key.as_ref(), told.instance_count), (Some(&wire_job()), Some(2)));
    assert_eq!((told.owner.unwrap().user.as_deref(), told.cron_schedule), (Some("jobs"), None));
    let config = told.task_config.unwrap();
    assert_eq!((config.tier.as_deref(), config.is_service), (Some("preemptible"), Some(false)));
    let labels = config.metadata.unwrap().0;
    let label = |key: &str| labels.iter().find(|label| label.key.as_deref() == Some(key)).unwrap().value.clone();
    assert_eq!((label("a"), label(NewJob::NONCE)), (Some("b".to_owned()), Some(new.nonce.clone())));
    let mut needs = config.resources.unwrap().0;
    needs.sort_by_key(|one| format!("{one:?}"));
    assert_eq!(needs, [Resource::DiskMb(64), Resource::NumCpus(0.5), Resource::RamMb(128)]);
    let executor = config.executor_config.unwrap();
    assert_eq!(executor.name.as_deref(), Some("AuroraExecutor"));
    let data: Json = serde_json::from_str(&executor.data.unwrap().0).unwrap();
    // The scheduler counts in MB, Thermos in bytes.
    let resources = &data["task"]["resources"];
    assert_eq!((&resources["ram"], &resources["disk"]), (&Json::from(128 << 20), &Json::from(64 << 20)));
    assert_eq!((&resources["cpu"], &data["cluster"]), (&Json::from(0.5), &Json::from("aurora")));
    assert_eq!(data["task"]["processes"][0]["cmdline"], "./run --it");
}

#[tokio::test]
async fn a_check_sends_what_a_creation_would() {
    let populated = ok(Answer::PopulateJob(wire::PopulateJobResult::default()));
    let server = scheduler(replying(populated)).await;
    let new = new_job();
    client(&server.uri()).check(&new).await.unwrap();
    let checked = json(&server).await;
    let (other, aurora) = accepting().await;
    aurora.create(&new).await.unwrap();
    assert_eq!(checked.replace("populateJobConfig", "createJob"), json(&other).await);
}

#[tokio::test]
async fn quotas() {
    let aggregate = |cpus| wire::ResourceAggregate {
        resources: Some(Set(vec![Resource::NumCpus(cpus), Resource::RamMb(2048), Resource::DiskMb(4096)])),
    };
    let told = wire::GetQuotaResult {
        quota: Some(aggregate(8.0)),
        prod_shared_consumption: Some(aggregate(2.5)),
        ..wire::GetQuotaResult::default()
    };
    let server = scheduler(replying(ok(Answer::GetQuota(told)))).await;
    let quota = client(&server.uri()).quota("jobs").await.unwrap();
    assert_eq!(quota.quota, Resources::new(8.0, 2048, 4096));
    assert_eq!(quota.used, Some(Resources::new(2.5, 2048, 4096)));
    assert_eq!(json(&server).await, r#"[1,"getQuota",1,1,{"1":{"str":"jobs"}}]"#);
    let (server, aurora) = accepting().await;
    aurora.set_quota("jobs", Resources::new(1.5, 2, 3)).await.unwrap();
    let wanted = r#"[1,"setQuota",1,1,{"1":{"str":"jobs"},"2":{"rec":{"4":{"set":["rec",3,{"1":{"dbl":1.5}},{"2":{"i64":2}},{"3":{"i64":3}}]}}}}]"#;
    assert_eq!(json(&server).await, wanted);
}

#[tokio::test]
async fn hosts_are_told_in_the_order_asked_for_and_unknown_ones_have_no_mode() {
    let host = |name: &str, mode| wire::HostStatus { host: Some(name.to_owned()), mode: Some(mode) };
    let statuses = Set(vec![host("b", wire::MaintenanceMode::Drained), host("a", wire::MaintenanceMode::Unknown(77))]);
    let told = Answer::DrainHosts(wire::DrainHostsResult { statuses: Some(statuses) });
    let server = scheduler(replying(ok(told))).await;
    let asked = ["a", "b", "c"].map(str::to_owned);
    let found = client(&server.uri()).drain(&asked).await.unwrap();
    let found: Vec<_> = found.iter().map(|status| (status.host.as_str(), status.mode)).collect();
    assert_eq!(found, [("a", Some(HostMode::Other(77))), ("b", Some(HostMode::Drained)), ("c", None)]);
    assert_eq!(json(&server).await, r#"[1,"drainHosts",1,1,{"1":{"rec":{"1":{"set":["str",3,"a","b","c"]}}}}]"#);
}

#[tokio::test]
async fn whether_one_may_change() {
    let asked = |response| async move {
        let server = scheduler(replying(response)).await;
        let answer = client(&server.uri()).may_change().await.unwrap();
        let empty = r#"{"1":{"rec":{"1":{"str":""},"2":{"str":""},"3":{"str":""}}},"2":{"str":""}}"#;
        assert_eq!(json(&server).await, format!(r#"[1,"pulseJobUpdate",1,1,{{"1":{{"rec":{empty}}}}}]"#));
        answer
    };
    assert_eq!(asked(code(ResponseCode::InvalidRequest)).await, Some(true));
    assert_eq!(asked(code(ResponseCode::AuthFailed)).await, Some(false));
    assert_eq!(asked(code(ResponseCode::Error)).await, None);
    let server = scheduler(ResponseTemplate::new(401)).await;
    assert_eq!(client(&server.uri()).may_change().await.unwrap(), Some(false));
    let server = scheduler(ResponseTemplate::new(500)).await;
    let error = client(&server.uri()).may_change().await.unwrap_err();
    assert_eq!(error.effect(), aurora_client::Effect::None, "a pulse of nothing never has one");
}

#[tokio::test]
async fn reasons_and_jobs() {
    let reason = wire::PendingReason { task_id: Some("a".into()), reason: Some("Insufficient: CPU".into()) };
    let reasons = wire::GetPendingReasonResult { reasons: Some(Set(vec![reason])) };
    let server = scheduler(replying(ok(Answer::GetPendingReason(reasons)))).await;
    let found = client(&server.uri()).pending_reasons(&job()).await.unwrap();
    assert_eq!((found[0].task.as_str(), found[0].reason.as_str()), ("a", "Insufficient: CPU"));
    let stats = wire::JobStats { active_task_count: Some(1), pending_task_count: Some(2), ..Default::default() };
    let configuration = wire::JobConfiguration { key: Some(wire_job()), ..Default::default() };
    let one = wire::JobSummary { job: Some(configuration), stats: Some(stats), next_cron_run_ms: None };
    let summaries = wire::JobSummaryResult { summaries: Some(Set(vec![wire::JobSummary::default(), one])) };
    let server = scheduler(replying(ok(Answer::JobSummary(summaries)))).await;
    let found = client(&server.uri()).jobs(None).await.unwrap();
    assert_eq!((found.len(), &found[0].key, found[0].active, found[0].pending), (1, &job(), 1, 2));
    assert_eq!(json(&server).await, r#"[1,"getJobSummary",1,1,{}]"#);
}

#[tokio::test]
async fn notes_are_what_a_scheduler_says_besides_and_some_have_no_words() {
    let said = with_words(code(ResponseCode::Ok), &[None, Some("No tasks to kill."), Some("")]);
    let server = scheduler(replying(said)).await;
    let aurora = client(&server.uri());
    let kill = wire::KillTasks { job: Some(wire_job()), instances: None, message: None };
    let reply = aurora.rpc().kill_tasks(&kill).await.unwrap();
    assert_eq!((reply.notes, reply.server), (vec!["No tasks to kill.".to_owned()], server.uri()));
}

#[tokio::test]
async fn how_schedulers_feel() {
    let tiers = ok(Answer::GetTierConfig(wire::GetTierConfigResult::default()));
    let well = scheduler(replying(tiers)).await;
    let vars = r#"{"framework_registered":1,"jvm_uptime_secs":12.7,"build_version":"0.23.0","x":null,"y":"1 s"}"#;
    let at = |place: &str| Mock::given(path(place));
    at("/health").respond_with(ResponseTemplate::new(200).set_body_string("OK\n")).mount(&well).await;
    at("/leaderhealth").respond_with(ResponseTemplate::new(200)).mount(&well).await;
    at("/vars.json").respond_with(ResponseTemplate::new(200).set_body_string(vars)).mount(&well).await;
    let sick = MockServer::start().await;
    at("/health").respond_with(ResponseTemplate::new(200).set_body_string("SICK")).mount(&sick).await;
    at("/leaderhealth").respond_with(ResponseTemplate::new(502)).mount(&sick).await;
    let closed = "http://127.0.0.1:1";
    let aurora = crate::support::cluster(&[&well.uri(), &sick.uri(), closed]);
    let seen = aurora.schedulers().await.unwrap();
    assert_eq!((&seen[0].health, seen[0].leading), (&SchedulerHealth::Ok, Leading::Yes));
    assert_eq!((seen[0].registered, seen[0].uptime_s), (Some(true), Some(12)));
    assert_eq!((&seen[1].health, seen[1].leading), (&SchedulerHealth::Sick, Leading::Nobody));
    assert_eq!((seen[1].registered, seen[1].uptime_s), (None, None));
    assert!(matches!(&seen[2].health, SchedulerHealth::Refused(_)), "{:?}", seen[2].health);
    assert_eq!((seen[2].address.trim_end_matches('/'), seen[2].leading), (closed, Leading::Unknown));
    let probe = aurora.probe().await.unwrap();
    assert_eq!((probe.version.as_deref(), probe.address), (Some("0.23.0"), well.uri()));
    assert!(sent(&sick, "/api").await.is_empty());
}
