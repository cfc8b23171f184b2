//! The scheduler's Thrift interface over sockets, in both encodings.

use aurora_client::TaskStatus::{Killing, Running};
use aurora_client::wire::{
    self, Answer, CreateJob, DrainHosts, Encoding, GetPendingReason, GetTasksStatus, Hosts, JobConfiguration,
    KillTasks, Message, Method, PulseJobUpdate, ReplyBody, Resource, Response, ResponseCode, RestartShards,
    ScheduleStatus, Set, Snapshot, TaskQuery, call,
};
use ops_sandbox::aurora::{About, Trouble};
use ops_sandbox::{Fault, Operation, Server, World};

use super::{job, pass, running, stack, statuses};

async fn serve() -> (Server, World) {
    let (world, _) = stack();
    running(&world, "itaipu-core", 2);
    (Server::start(world.clone()).await.unwrap(), world)
}

/// One call, sent as it is: the status, and what was answered to `admin`, to somebody else, or to nobody.
async fn send<M: Method>(
    url: &str,
    encoding: Encoding,
    user: Option<&str>,
    ask: &M,
) -> Result<(u16, Option<Response>), reqwest::Error> {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let post = client.post(format!("{url}/api")).body(call(encoding, 7, ask));
    let post = post.header("content-type", encoding.content_type()).header("accept", encoding.content_type());
    let post = user.iter().fold(post, |post, user| post.basic_auth(user, Some(user)));
    let answer = post.send().await?;
    let status = answer.status().as_u16();
    let same = answer.headers().get("content-type").is_some_and(|kind| kind == encoding.content_type());
    let body = answer.bytes().await?;
    if !same {
        return Ok((status, None));
    }
    let message = Message::open(encoding, &body).unwrap();
    assert_eq!((message.name.as_str(), message.seq), (M::NAME, 7));
    Ok((status, message.body::<ReplyBody>().unwrap().success))
}

async fn answered<M: Method>(server: &Server, ask: &M) -> Response {
    let (status, answer) = send(&server.aurora_urls()[0], Encoding::Json, Some("admin"), ask).await.unwrap();
    assert_eq!(status, 200);
    answer.unwrap()
}

fn key(name: &str) -> Option<wire::JobKey> {
    let text = |text: &str| Some(text.to_owned());
    Some(wire::JobKey { role: text("jobs"), environment: text("prod"), name: text(name) })
}

fn kill(name: &str, instances: Option<Vec<i32>>) -> KillTasks {
    KillTasks { job: key(name), instances: instances.map(Set), message: Some("by hand".to_owned()) }
}

fn words(response: &Response) -> String {
    let details = response.details.as_ref().unwrap();
    details.iter().filter_map(|detail| detail.message.clone()).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn tasks_are_told_in_both_encodings() {
    let (server, world) = serve().await;
    let query = TaskQuery {
        role: Some("jobs".into()),
        statuses: Some(Set(vec![ScheduleStatus::Running])),
        ..TaskQuery::default()
    };
    let ask = GetTasksStatus { query: Some(query) };
    let url = &server.aurora_urls()[0];
    let (_, json) = send(url, Encoding::Json, None, &ask).await.unwrap();
    let (_, binary) = send(url, Encoding::Binary, Some("wrong"), &ask).await.unwrap();
    assert_eq!(json, binary, "nobody asks who reads");
    let Some(Answer::ScheduleStatus(told)) = json.unwrap().result else { panic!("tasks") };
    let told = told.tasks.unwrap();
    let here = world.aurora_tasks(&job("itaipu-core"));
    let assigned = told[1].assigned_task.clone().unwrap();
    assert_eq!((told.len(), assigned.task_id), (2, Some(here[1].id.to_string())));
    assert_eq!(assigned.slave_host, here[1].host);
    assert_eq!(
        assigned.task.unwrap().executor_config.unwrap().data.unwrap().0,
        here[1].config.executor_data.clone().unwrap()
    );
    assert_eq!(told[1].task_events.as_ref().unwrap().len(), here[1].events.len());
}

#[tokio::test]
async fn a_set_without_anything_in_it_kills_everything() {
    let (server, world) = serve().await;
    let core = job("itaipu-core");
    assert_eq!(answered(&server, &kill("itaipu-core", Some(vec![1]))).await.response_code, Some(ResponseCode::Ok));
    assert_eq!(statuses(&world, &core), [Running, Killing]);
    answered(&server, &kill("itaipu-core", Some(vec![]))).await;
    assert_eq!(statuses(&world, &core), [Killing, Killing]);
    let none = answered(&server, &kill("nobody", None)).await;
    assert_eq!((none.response_code, words(&none)), (Some(ResponseCode::Ok), "No tasks to kill.".to_owned()));
    let count = world.count(Operation::AuroraKill, About::Job(&core).subject());
    assert_eq!((count.calls, count.effects), (2, 2));
}

#[tokio::test]
async fn a_created_job_is_read_back_as_it_was_sent() {
    let (server, world) = serve().await;
    let data = r#"{"task":{"processes":[{"name":"scale","cmdline":"N_NODES=4 ./scale"}]}}"#;
    let config = wire::TaskConfig {
        resources: Some(Set(vec![Resource::NumCpus(0.5), Resource::RamMb(64), Resource::DiskMb(64)])),
        executor_config: Some(wire::ExecutorConfig { name: None, data: Some(wire::Hidden(data.into())) }),
        metadata: Some(Set(vec![wire::Metadata { key: Some("a".into()), value: Some("b".into()) }])),
        ..wire::TaskConfig::default()
    };
    let description = JobConfiguration {
        key: key("scale"),
        instance_count: Some(1),
        task_config: Some(config),
        ..Default::default()
    };
    let create = CreateJob { description: Some(description) };
    assert_eq!(answered(&server, &create).await.response_code, Some(ResponseCode::Ok));
    let again = answered(&server, &create).await;
    assert_eq!(again.response_code, Some(ResponseCode::InvalidRequest));
    assert!(words(&again).contains("already exists"), "{}", words(&again));
    let task = world.aurora_tasks(&job("scale")).remove(0);
    assert_eq!(task.config.executor_data.as_deref(), Some(data));
    assert_eq!(task.config.metadata, [("a".to_owned(), "b".to_owned())]);
    pass(&world, 5.0);
    assert_eq!(world.group("cantareira-stable-mesos-on-demand").unwrap().in_service().count(), 4);
}

#[tokio::test]
async fn who_is_not_known_may_read_and_who_may_not_is_told() {
    let (server, world) = serve().await;
    let url = &server.aurora_urls()[0];
    let ask = kill("itaipu-core", None);
    for user in [None, Some("nobody")] {
        assert_eq!(send(url, Encoding::Json, user, &ask).await.unwrap(), (401, None));
        assert_eq!(send(url, Encoding::Json, user, &PulseJobUpdate::default()).await.unwrap().0, 401);
    }
    let code = async |user: &str, ask: &KillTasks| {
        send(url, Encoding::Json, Some(user), ask).await.unwrap().1.unwrap().response_code.unwrap()
    };
    assert_eq!(code("viewer", &ask).await, ResponseCode::AuthFailed);
    let (_, told) = send(url, Encoding::Json, Some("operator"), &Snapshot::default()).await.unwrap();
    assert_eq!(told.unwrap().response_code, Some(ResponseCode::AuthFailed));
    let (_, pulse) = send(url, Encoding::Json, Some("viewer"), &PulseJobUpdate::default()).await.unwrap();
    assert_eq!(pulse.unwrap().response_code, Some(ResponseCode::InvalidRequest), "the password is good");
    world.secure_aurora(false);
    let (_, pulse) = send(url, Encoding::Json, None, &PulseJobUpdate::default()).await.unwrap();
    assert_eq!(pulse.unwrap().response_code, Some(ResponseCode::Error));
    assert_eq!(statuses(&world, &job("itaipu-core")), [Running, Running]);
    world.update_job(&job("itaipu-core"), true);
    assert_eq!(answered(&server, &ask).await.response_code, Some(ResponseCode::JobUpdatingError));
    assert_eq!(
        answered(&server, &RestartShards { job: key("itaipu-core"), shard_ids: None }).await.response_code,
        Some(ResponseCode::Error)
    );
}

#[tokio::test]
async fn hosts_that_nobody_knows_are_left_out() {
    let (server, world) = serve().await;
    let host = world.aurora_tasks(&job("itaipu-core"))[0].host.clone().unwrap();
    let hosts = Hosts { host_names: Some(Set(vec![host.clone(), "nobody".into()])) };
    let Some(Answer::DrainHosts(told)) = answered(&server, &DrainHosts { hosts: Some(hosts) }).await.result else {
        panic!()
    };
    let told = told.statuses.unwrap().0;
    assert_eq!(
        (told.len(), told[0].host.as_ref(), told[0].mode),
        (1, Some(&host), Some(wire::MaintenanceMode::Draining))
    );
    let query = TaskQuery { slave_hosts: Some(Set(vec![host])), ..TaskQuery::default() };
    let refused = answered(&server, &GetPendingReason { query: Some(query) }).await;
    assert_eq!(refused.response_code, Some(ResponseCode::InvalidRequest));
}

#[tokio::test]
async fn faults_and_troubles_are_real_on_the_wire() {
    let (server, world) = serve().await;
    let urls = server.aurora_urls();
    let ask = kill("itaipu-core", Some(vec![0]));
    world.faults().next(1, Operation::AuroraKill, Fault::DropAfterEffect);
    assert!(send(&urls[0], Encoding::Json, Some("admin"), &ask).await.is_err());
    assert_eq!(statuses(&world, &job("itaipu-core")), [Killing, Running]);
    world.faults().next(1, Operation::AuroraTasks, Fault::HalfBody);
    assert!(send(&urls[0], Encoding::Binary, None, &GetTasksStatus::default()).await.is_err());
    world.faults().next(1, Operation::AuroraTasks, Fault::Status(503));
    assert_eq!(send(&urls[0], Encoding::Binary, None, &GetTasksStatus::default()).await.unwrap(), (503, None));
    assert_eq!(send(&urls[1], Encoding::Json, Some("admin"), &ask).await.unwrap(), (307, None));
    world.aurora_trouble(Trouble::NoLeader);
    assert_eq!(send(&urls[0], Encoding::Json, Some("admin"), &ask).await.unwrap(), (503, None));
    let count = world.count(Operation::AuroraKill, About::Job(&job("itaipu-core")).subject());
    assert_eq!((count.calls, count.effects), (1, 1), "who was sent elsewhere did not call");
}

#[tokio::test]
async fn what_is_no_call_is_told_so() {
    let (server, _) = serve().await;
    let client = reqwest::Client::builder().build().unwrap();
    let post = async |kind: &str, body: &str| {
        let post = client.post(format!("{}/api", server.aurora_urls()[0])).header("content-type", kind);
        let answer = post.body(body.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let thrift = Encoding::Json.content_type();
    assert_eq!(post("text/plain", "[]").await.0, 415);
    assert_eq!(post(thrift, "<html>").await.0, 500);
    let (status, told) = post(thrift, r#"[1,"getNothing",1,3,{}]"#).await;
    assert_eq!(status, 200);
    assert!(told.starts_with(r#"[1,"getNothing",3,3,"#) && told.contains("Invalid method name"), "{told}");
}
