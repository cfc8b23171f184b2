//! What schedulers and the Mesos master answer, each on its own port.

use std::time::Duration;

use aurora_client::MesosRead;
use ops_sandbox::aurora::Trouble;
use ops_sandbox::{Fault, Operation, Server};
use serde_json::Value;

use super::{running, stack};

fn client() -> reqwest::Client {
    let patience = Duration::from_millis(300);
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(patience).build().unwrap()
}

async fn get(url: &str) -> Result<(u16, String), reqwest::Error> {
    let answer = client().get(url).send().await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

async fn json(url: &str) -> Value {
    serde_json::from_str(&get(url).await.unwrap().1).unwrap()
}

/// The doors are looked at now and then.
async fn soon() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[tokio::test]
async fn schedulers_tell_how_they_are() {
    let (world, _) = stack();
    running(&world, "itaipu-core", 2);
    let server = Server::start(world.clone()).await.unwrap();
    let [first, second] = &server.aurora_urls()[..] else { panic!("two schedulers") };
    let health = async |path: &str| {
        (get(&format!("{first}{path}")).await.unwrap(), get(&format!("{second}{path}")).await.unwrap())
    };
    let (leads, follows) = health("/leaderhealth").await;
    assert_eq!((leads.0, follows.0), (200, 503));
    assert_eq!(health("/health").await.0, (200, "OK\n".to_owned()));
    let vars = json(&format!("{first}/vars.json")).await;
    assert_eq!((&vars["framework_registered"], &vars["task_store_RUNNING"]), (&Value::from(1), &Value::from(2)));
    assert!(get(&format!("{second}/vars")).await.unwrap().1.contains("framework_registered 0\n"));

    world.aurora_trouble(Trouble::NoLeader);
    assert_eq!(health("/leaderhealth").await.0.0, 502);
    assert_eq!(get(&format!("{first}/api")).await.unwrap().0, 503);
    world.aurora_trouble(Trouble::SplitBrain);
    let (one, two) = health("/leaderhealth").await;
    assert_eq!((one.0, two.0), (200, 200));

    world.aurora_trouble(Trouble::SchedulerDown);
    soon().await;
    assert!(get(&format!("{first}/health")).await.unwrap_err().is_connect());
    world.aurora_trouble(Trouble::UnreachableFromHere);
    soon().await;
    assert!(get(&format!("{first}/health")).await.unwrap_err().is_timeout());
    world.aurora_trouble(Trouble::Degraded);
    soon().await;
    assert_eq!(get(&format!("{first}/health")).await.unwrap().0, 200, "on the same port as before");
    assert!(get(&format!("{second}/health")).await.unwrap_err().is_connect());

    world.faults().next(1, Operation::AuroraSchedulers, Fault::Status(503));
    assert_eq!(get(&format!("{first}/health")).await.unwrap().0, 503);
}

#[tokio::test]
async fn who_asks_a_follower_is_sent_to_the_leader() {
    let (world, _) = stack();
    let server = Server::start(world).await.unwrap();
    let urls = server.aurora_urls();
    let answer = client().post(format!("{}/api?x=1", urls[1])).send().await.unwrap();
    assert_eq!(answer.status(), 307);
    assert_eq!(answer.headers()["location"], format!("{}/api?x=1", urls[0]));
}

#[tokio::test]
async fn the_master_tells_of_machines_and_frameworks() {
    let (world, _) = stack();
    running(&world, "itaipu-core", 2);
    let server = Server::start(world.clone()).await.unwrap();
    let url = server.mesos_url();
    assert_eq!(get(&format!("{url}/master/health")).await.unwrap(), (200, String::new()));
    let seen = json(&format!("{url}/state-summary")).await;
    assert_eq!(seen["slaves"].as_array().unwrap().len(), 3);
    assert_eq!((&seen["frameworks"][0]["name"], &seen["frameworks"][0]["TASK_RUNNING"]), (&"Aurora".into(), &2.into()));
    assert_eq!(json(&format!("{url}/metrics/snapshot")).await["master/elected"], 1.0);
    let answer = client().get(format!("{url}/redirect")).send().await.unwrap();
    assert_eq!(answer.headers()["location"], url.strip_prefix("http:").unwrap());

    world.aurora_trouble(Trouble::MesosWithoutLeader);
    assert_eq!(get(&format!("{url}/state-summary")).await.unwrap().0, 503);
    assert_eq!(get(&format!("{url}/health")).await.unwrap().0, 200);
    world.aurora_trouble(Trouble::MesosDown);
    soon().await;
    assert!(get(&format!("{url}/health")).await.unwrap_err().is_connect());

    world.aurora_trouble(Trouble::Healthy);
    soon().await;
    let own = world.mesos().look().await.unwrap().frameworks.remove(0).id;
    let teardown = async |id: String| {
        let post = client().post(format!("{url}/master/teardown")).body(format!("frameworkId={id}"));
        post.send().await.unwrap().status().as_u16()
    };
    assert_eq!(teardown("nobody".to_owned()).await, 400);
    assert_eq!(teardown(own.to_string()).await, 200);
    assert!(world.mesos().look().await.unwrap().frameworks.is_empty());
}
