//! A scheduler that is down, as the real client sees it: its port is closed, which is not the same as no answer.

use aurora_client::{AuroraClient, AuroraRead, Condition, Environment, MesosRead, SchedulerHealth, diagnose};
use ops_client::http::{Endpoint, RetryPolicy};
use ops_sandbox::aurora::Trouble;
use ops_sandbox::{Server, World, scenario};

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_port_is_told_from_silence() {
    let world = World::seeded(1);
    scenario::stack(&world);
    let server = Server::start(world.clone()).await.unwrap();
    world.aurora_trouble(Trouble::SchedulerDown);
    let place = |address: String| {
        Endpoint::builder(Environment::new("test"), &address).retry(RetryPolicy::none()).build().unwrap()
    };
    let aurora = AuroraClient::of(server.aurora_urls().into_iter().map(place).collect()).unwrap();
    // The world's state reaches a port a moment later.
    let mut seen = Vec::new();
    for _ in 0..100 {
        seen = aurora.schedulers().await.unwrap();
        if seen.iter().all(|scheduler| matches!(scheduler.health, SchedulerHealth::Refused(_))) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    for scheduler in &seen {
        assert!(matches!(scheduler.health, SchedulerHealth::Refused(_)), "{:?}", scheduler.health);
    }
    let mesos = world.mesos().look().await.unwrap();
    assert_eq!(diagnose(&seen, Some(&mesos), "Aurora").condition, Condition::SchedulerDown);
}
