//! The client against a scheduler by another hand: `peers/thrift`, whose address is in `THRIFT_PEER_URL`.

use std::io::Write;
use std::time::Duration;

use aurora_client::wire::{self, Encoding};
use aurora_client::{
    AuroraAdmin, AuroraClient, AuroraRead, AuroraWrite, Environment, ErrorKind, HostMode, InstanceSet, Instances,
    JobKey, Leading, NewJob, Process, Resources, SchedulerHealth, Task, TaskFilter, TaskId, TaskStatus,
};
use ops_client::http::{Credential, Endpoint, SecretString};

/// `None`, said aloud, where no peer runs. In CI that is a failure.
#[expect(clippy::disallowed_methods, reason = "where the peer listens is known to the script that started it")]
#[expect(clippy::explicit_write, reason = "what a passing test prints is not shown, unless it goes straight out")]
fn address() -> Option<String> {
    let Ok(address) = std::env::var("THRIFT_PEER_URL") else {
        assert!(std::env::var_os("CI").is_none(), "in CI the peer must run: THRIFT_PEER_URL is not set");
        writeln!(std::io::stderr(), "skipped: start it with peers/thrift/start.sh and set THRIFT_PEER_URL").unwrap();
        return None;
    };
    Some(address)
}

fn client(address: &str, password: &str, encoding: Encoding) -> AuroraClient {
    let credential = Credential::basic("admin", SecretString::from(password));
    let scheduler = Endpoint::builder(Environment::new("test"), address).credential(credential).build().unwrap();
    AuroraClient::of(vec![scheduler]).unwrap().with_encoding(encoding)
}

fn job(name: &str, cmdline: &str, instances: u32) -> NewJob {
    let key = JobKey::new("jobs", "prod", &format!("{name}-{}", uuid::Uuid::new_v4())).unwrap();
    let mut job = NewJob::new(key, Resources::new(0.25, 64, 32), vec![Process::new("work", cmdline)]);
    job.instances = instances;
    job.metadata = vec![("metapod_transaction".into(), "tx «é» \"\\\n".into())];
    job
}

/// Looks until all tasks of a job are as wanted.
async fn until(aurora: &AuroraClient, key: &JobKey, wanted: impl Fn(&[Task]) -> bool) -> Vec<Task> {
    for _ in 0..200 {
        let tasks = aurora.tasks(&TaskFilter::of_job(key)).await.unwrap();
        if wanted(&tasks) {
            return tasks;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came so far");
}

fn all(status: TaskStatus, count: usize) -> impl Fn(&[Task]) -> bool {
    move |tasks| tasks.iter().filter(|task| task.status == status).count() == count
}

async fn lives(encoding: Encoding) {
    let Some(address) = address() else { return };
    let aurora = client(&address, "admin", encoding);
    assert_eq!(aurora.probe().await.unwrap().version.as_deref(), Some("peer"));
    let schedulers = aurora.schedulers().await.unwrap();
    assert_eq!((&schedulers[0].health, schedulers[0].leading), (&SchedulerHealth::Ok, Leading::Yes));
    assert_eq!(schedulers[0].registered, Some(true));
    assert_eq!(aurora.may_change().await.unwrap(), Some(true));

    // To its end, well and badly.
    for (cmdline, end) in [("sleep 0.2", TaskStatus::Finished), ("sleep 0.2; exit 1", TaskStatus::Failed)] {
        let job = job("ends", cmdline, 1);
        aurora.check(&job).await.unwrap();
        aurora.create(&job).await.unwrap();
        let tasks = until(&aurora, &job.key, all(end, 1)).await;
        assert_eq!(tasks[0].config.label("metapod_transaction"), Some("tx «é» \"\\\n"));
        assert_eq!(tasks[0].config.label(NewJob::NONCE), Some(&*job.nonce));
        assert!(tasks[0].ended().is_some());
    }

    // Killed by instance, restarted, killed whole.
    let job = job("stays", "sleep 600", 3);
    aurora.create(&job).await.unwrap();
    let before = until(&aurora, &job.key, all(TaskStatus::Running, 3)).await;
    let twice = aurora.create(&job).await.unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Rejected);
    assert!(twice.words().unwrap().contains("already exists"));
    aurora.kill(&job.key, &Instances::Only(InstanceSet::new([1]).unwrap()), "a test").await.unwrap();
    until(&aurora, &job.key, all(TaskStatus::Killed, 1)).await;
    aurora.restart(&job.key, &InstanceSet::new([0]).unwrap()).await.unwrap();
    let after = until(&aurora, &job.key, |tasks| tasks.len() == 4 && all(TaskStatus::Running, 2)(tasks)).await;
    let next = after.iter().find(|task| task.ancestor.is_some()).unwrap();
    assert_eq!(next.ancestor.as_ref(), Some(&before[0].id));
    let brief = TaskFilter::of_tasks([TaskId::new(next.id.as_str())]).unwrap().brief();
    assert_eq!(aurora.tasks(&brief).await.unwrap()[0].config.executor_data, None);
    aurora.kill(&job.key, &Instances::All, "").await.unwrap();
    until(&aurora, &job.key, all(TaskStatus::Killed, 4)).await;
    aurora.kill(&job.key, &Instances::All, "").await.unwrap();
    assert!(aurora.jobs(Some("jobs".into())).await.unwrap().iter().any(|one| one.key == job.key && one.active == 0));

    // Hosts and quotas.
    let hosts = ["agent-1.example.com".to_owned(), "nobody.example.com".to_owned()];
    let told = aurora.start_maintenance(&hosts).await.unwrap();
    assert_eq!([told[0].mode, told[1].mode], [Some(HostMode::Scheduled), None]);
    aurora.end_maintenance(&hosts).await.unwrap();
    aurora.set_quota("jobs", Resources::new(8.0, 1024, 512)).await.unwrap();
    assert_eq!(aurora.quota("jobs").await.unwrap().quota, Resources::new(8.0, 1024, 512));
    aurora.snapshot().await.unwrap();

    // Reads never tell that a password is wrong.
    let stranger = client(&address, "wrong", encoding);
    assert!(stranger.tasks(&TaskFilter::of_job(&job.key)).await.is_ok());
    assert_eq!(stranger.may_change().await.unwrap(), Some(false));
    let refused = stranger.kill(&job.key, &Instances::All, "").await.unwrap_err();
    assert_eq!((refused.kind(), refused.effect()), (ErrorKind::Unauthenticated, aurora_client::Effect::None));
    let unknown = aurora.rpc().get_role_summary(&wire::GetRoleSummary {}).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Rejected);
    assert!(unknown.to_string().contains("it is too old"), "{unknown}");
}

#[tokio::test]
async fn it_lives_in_json() {
    lives(Encoding::Json).await;
}

#[tokio::test]
async fn it_lives_in_binary() {
    lives(Encoding::Binary).await;
}
