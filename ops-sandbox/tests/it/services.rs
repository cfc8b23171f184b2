//! Services behind real sockets, asked by the real client.

use std::time::Duration;

use cloudformation_ops::{
    Change, ClientToken, Replacement, ServiceStack, StackName, StackStatus, StacksClient, StacksRead, StacksReadExt,
    StacksWrite,
};
use ops_sandbox::scenario::services;
use ops_sandbox::{Fault, Operation, Server, World};
use version_probe::{AddressTemplate, ServiceAddress, VersionsClient, VersionsRead, VersionsReadExt};

const START: Duration = Duration::from_secs(20);

struct Stage {
    world: World,
    server: Server,
    client: VersionsClient,
}

async fn stage() -> (Stage, ops_sandbox::scenario::Services) {
    let world = World::seeded(1).at("2018-01-17T03:00:00Z".parse().unwrap());
    let night = services(&world, "prod").unwrap();
    let server = Server::start(world.clone()).await.unwrap();
    let client = VersionsClient::builder().build().unwrap();
    (Stage { world, server, client }, night)
}

impl Stage {
    fn address(&self, stack: &StackName) -> ServiceAddress {
        let template: AddressTemplate = self.server.service_addresses().parse().unwrap();
        let parts = ServiceStack::parse(stack).unwrap();
        template.for_stack(&parts.environment, &parts.prototype, &parts.suffix, &parts.service).unwrap()
    }

    async fn asked(&self, stack: &StackName) -> String {
        self.client.sample(&self.address(stack), 4).await.unwrap().to_string()
    }
}

#[tokio::test]
async fn versions_follow_the_stacks() {
    let (stage, night) = stage().await;
    for stack in night.correnteza.iter().chain([&night.metapod]) {
        assert_eq!(stage.asked(stack).await, "4 of 4 answer b4dc0de; all healthy", "{stack}");
    }
    let world = &stage.world;
    world.colleague_updates(&night.metapod, "GreenVersion", "6c957ed").unwrap();
    world.colleague_begins(&night.metapod, "GreenSize", "2").unwrap();
    assert_eq!(stage.asked(&night.metapod).await, "4 of 4 answer b4dc0de; all healthy");
    world.advance(START);
    assert_eq!(stage.asked(&night.metapod).await, "2 of 4 answer 6c957ed, 2 b4dc0de; all healthy");
    world.colleague_begins(&night.metapod, "BlueSize", "0").unwrap();
    assert_eq!(stage.asked(&night.metapod).await, "4 of 4 answer 6c957ed; all healthy");
    world.advance(START);
    world.colleague_begins(&night.metapod, "GreenVersion", "9e3c0de").unwrap();
    let answer = stage.client.ask(&stage.address(&night.metapod)).await.unwrap();
    assert_eq!((answer.healthy, answer.status, answer.version), (false, Some(503), None));
}

#[tokio::test]
async fn who_is_ill_says_so_and_a_fault_is_an_answer() {
    let (stage, night) = stage().await;
    stage.world.set_ill(&night.metapod, "b4dc0de", true).unwrap();
    assert_eq!(stage.asked(&night.metapod).await, "4 of 4 answer b4dc0de; 4 unhealthy: not healthy: datomic");
    stage.world.faults().next(1, Operation::Version, Fault::DropBeforeEffect);
    let answer = stage.client.ask(&stage.address(&night.correnteza[0])).await.unwrap();
    assert_eq!((answer.healthy, answer.status), (false, None));
}

/// Why versions are asked over fresh connections.
#[tokio::test]
async fn a_connection_that_is_kept_stays_with_its_instance() {
    let (stage, night) = stage().await;
    stage.world.colleague_updates(&night.metapod, "GreenSize", "2").unwrap();
    let url = format!("{}/api/version", stage.address(&night.metapod));
    let kept = reqwest::Client::builder().pool_max_idle_per_host(1).build().unwrap();
    let mut told = std::collections::BTreeSet::new();
    for _ in 0..4 {
        told.insert(kept.get(&url).send().await.unwrap().text().await.unwrap());
    }
    assert_eq!(told.len(), 1, "{told:?}");
    let fresh = stage.client.sample(&stage.address(&night.metapod), 4).await.unwrap();
    assert_eq!(fresh.counts().len(), 2, "{fresh}");
}

/// With a clock that runs, as in a demonstration: nobody moves it, and the client waits as it does for AWS.
#[tokio::test]
async fn a_rollback_while_the_clock_runs() {
    let world = World::seeded(1);
    let night = services(&world, "prod").unwrap();
    world.instances_take(Duration::from_millis(500));
    world.stacks_take(Duration::from_millis(50), Duration::from_millis(50));
    let server = Server::start(world.clone()).await.unwrap();
    let stacks = StacksClient::new(crate::conformance::aws(&server).await);
    let client = VersionsClient::builder().build().unwrap();
    let stage = Stage { world, server, client };
    let (set, token): (_, ClientToken) = ("good-one".parse().unwrap(), "order-1".parse().unwrap());
    let before = stacks.events(&night.metapod, None).await.unwrap().pop().map(|event| event.id);
    let stack = stacks.stack(&night.metapod).await.unwrap();
    let change = Change::of(&stack).with("GreenVersion", "6c957ed").unwrap().with("GreenSize", "2").unwrap();
    stacks.create_change_set(&change, &set).await.unwrap();
    let read = stacks.wait_for_change_set(&night.metapod, &set, START).await.unwrap();
    let replaced = |name: &str| read.changes.iter().find(|one| one.logical_id == name).map(|one| &one.replacement);
    assert_eq!(
        (replaced("GreenLaunch"), replaced("GreenGroup")),
        (Some(&Replacement::Always), Some(&Replacement::Never))
    );
    let user_data = &read.changes[0].properties[0];
    assert_eq!((&user_data.replaces, user_data.after.as_deref()), (&Replacement::Always, Some("6c957ed")));

    stacks.execute_change_set(&night.metapod, &set, &token).await.unwrap();
    let address = stage.address(&night.metapod);
    let asking = async {
        let mut failed = 0_usize;
        loop {
            failed += usize::from(!stage.client.ask(&address).await.unwrap().healthy);
            let now = stage.world.stack(&night.metapod).unwrap().status;
            if now == StackStatus::UpdateComplete {
                return failed;
            }
        }
    };
    let until = |followed: &cloudformation_ops::Followed| followed.has_ended(&token);
    let (failed, followed) =
        tokio::join!(asking, stacks.wait_for_stack(&night.metapod, before.as_ref(), until, START, |_, _| ()));
    assert_eq!((failed, followed.unwrap().stack.status), (0, StackStatus::UpdateComplete));
    assert_eq!(stage.asked(&night.metapod).await, "2 of 4 answer 6c957ed, 2 b4dc0de; all healthy");
}
