//! Services on a stand-in for AWS with a real state machine (`peers/aws`): its stacks, and the instances behind their balancers.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cloudformation_ops::{
    Change, ChangeSetName, ClientToken, Stack, StackName, StackStatus, StacksClient, StacksRead, StacksWrite,
};
use ops_aws::Aws;
use ops_client::http::{Endpoint, Idempotency, Limits};
use ops_client::{Environment, Result};
use ops_plan::{Plan, Registry, Target};
use ops_recipes::services::{RollBackService, ServiceReads, ServiceWrites};

use ops_sandbox::World;
use serde::Deserialize;
use serde_json::{Value, json};
use version_probe::{AddressTemplate, Answer, ServiceAddress, VersionsClient, VersionsRead};

pub(crate) const BAD: &str = "b4dc0de";
pub(crate) const GOOD: &str = "6c957ed";

/// The stand-in, of which each test takes a region.
#[derive(Clone)]
pub(crate) struct Peer {
    region: &'static str,
    address: String,
    orders: Endpoint,
    pub(crate) stacks: Arc<StacksClient>,
    /// GoCD is the sandbox's: no other one can be installed.
    pub(crate) world: World,
}

/// What runs behind a balancer.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Service {
    pub(crate) url: String,
    pub(crate) failed: u64,
    pub(crate) instances: Vec<Instance>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Instance {
    pub(crate) side: String,
    pub(crate) version: String,
    pub(crate) state: String,
}

impl Peer {
    /// `None`, said aloud, where no peer runs. In CI that is a failure.
    #[expect(clippy::disallowed_methods, reason = "where the peer listens is known to the script that started it")]
    #[expect(clippy::explicit_write, reason = "what a passing test prints is not shown, unless it goes straight out")]
    pub(crate) async fn there_is(region: &'static str) -> Option<Self> {
        let (Ok(orders), Ok(stacks)) = (std::env::var("AWS_PEER_URL"), std::env::var("CLOUDFORMATION_PEER_URL")) else {
            assert!(std::env::var_os("CI").is_none(), "in CI the peer must run: CLOUDFORMATION_PEER_URL is not set");
            writeln!(std::io::stderr(), "skipped: start peers/aws and set CLOUDFORMATION_PEER_URL").unwrap();
            return None;
        };
        let orders = Endpoint::builder(Environment::new("test"), &orders)
            .limits(Limits::default().with_total(Duration::from_secs(60)))
            .build()
            .unwrap();
        let aws = aws(region, &stacks).await;

        let world = World::seeded(1).at(jiff::Timestamp::now());
        ops_sandbox::gocd::builds(&world).unwrap();
        Some(Self { region, address: stacks, orders, stacks: Arc::new(StacksClient::new(aws)), world })
    }

    /// These services, and nothing else.
    pub(crate) async fn play(&self, stacks: Value) {
        self.order("play", &json!({ "stacks": stacks })).await.unwrap();
    }

    /// These tables, and nothing else.
    pub(crate) async fn play_tables(&self, tables: Value) {
        self.order("play", &json!({ "tables": tables })).await.unwrap();
    }

    /// Data points of CloudWatch.
    pub(crate) async fn demand(&self, demand: Value) {
        self.order("demand", &demand).await.unwrap();
    }

    /// AWS, as this region.
    pub(crate) async fn aws(&self) -> Aws {
        aws(self.region, &self.address).await
    }

    async fn order(&self, order: &str, body: &Value) -> Result<()> {
        let call = self.orders.post("peer.order").segments(&["peer", order]).query("region", self.region);
        call.idempotency(Idempotency::Write).json(body).send().await.map(drop)
    }

    /// Every call fails so, until the next play.
    pub(crate) async fn fault(&self, name: &str) {
        let call = self.orders.post("peer.order").segments(&["peer", "fault", name]).query("region", self.region);
        call.idempotency(Idempotency::Write).empty().send().await.unwrap();
    }

    pub(crate) async fn services(&self) -> BTreeMap<String, Service> {
        let call = self.orders.get("peer.services").segments(&["peer", "services"]).query("region", self.region);
        call.send().await.unwrap().json().unwrap()
    }

    pub(crate) async fn service(&self, stack: &str) -> Service {
        self.services().await.remove(stack).unwrap()
    }

    pub(crate) async fn stack(&self, name: &str) -> Stack {
        self.stacks.stack(&name.parse().unwrap()).await.unwrap()
    }

    /// Somebody else sets a parameter, and waits until it is so.
    pub(crate) async fn colleague_sets(&self, stack: &str, key: &str, value: &str) {
        let seen = self.stack(stack).await;
        let change = Change::of(&seen).with(key, value).unwrap();
        let name = "colleague".parse().unwrap();
        self.stacks.create_change_set(&change, &name).await.unwrap();
        while !self.stacks.change_set(&seen.name, &name).await.unwrap().is_available() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let token: ClientToken = "colleague".parse().unwrap();
        self.stacks.execute_change_set(&seen.name, &name, &token).await.unwrap();
        while self.stack(stack).await.status != StackStatus::UpdateComplete {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn reads(&self) -> ServiceReads {
        let client = VersionsClient::builder().build().unwrap();
        let versions = Arc::new(ThroughBalancers { peer: self.clone(), client });
        ServiceReads::new(Arc::clone(&self.stacks) as Arc<dyn StacksRead>).with_versions(versions, template())
    }

    pub(crate) fn registry(&self) -> Registry {
        let reads = self.reads().with_builds(Arc::new(self.world.gocd()));
        Registry::new().with::<RollBackService>(reads, ServiceWrites::new(Arc::clone(&self.stacks)))
    }

    /// Where somebody else updates the stack right before our change set is executed.
    pub(crate) fn registry_beside_a_colleague(&self, stack: &'static str) -> Registry {
        let reads = self.reads();
        let writes = Arc::new(BesideAColleague { peer: self.clone(), stack });
        let writes = ServiceWrites::of(writes, Arc::clone(&self.stacks) as Arc<dyn StacksRead>);
        Registry::new().with::<RollBackService>(reads, writes)
    }

    /// Where no build server is known: the commit is what a person says.
    pub(crate) fn registry_by_hand(&self) -> Registry {
        Registry::new().with::<RollBackService>(self.reads(), ServiceWrites::new(Arc::clone(&self.stacks)))
    }

    pub(crate) async fn plan(&self, question: &RollBackService) -> Plan {
        propose(&self.registry(), question).await
    }

    /// A client that asks a service for its version all the time, each time over a new connection, until it is told to end.
    pub(crate) async fn customer(&self, stack: &str) -> Customer {
        let url = self.service(stack).await.url;
        let over = Arc::new(AtomicBool::new(false));
        let client = VersionsClient::builder().build().unwrap();
        let address: ServiceAddress = url.parse().unwrap();
        let stop = Arc::clone(&over);
        let asking = tokio::spawn(async move {
            let mut answers = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                answers.push(client.ask(&address).await.unwrap());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            answers
        });
        Customer { over, asking }
    }
}

pub(crate) struct Customer {
    over: Arc<AtomicBool>,
    asking: tokio::task::JoinHandle<Vec<Answer>>,
}

impl Customer {
    /// All that it was answered.
    pub(crate) async fn answers(self) -> Vec<Answer> {
        self.over.store(true, Ordering::Relaxed);
        self.asking.await.unwrap()
    }
}

pub(crate) async fn propose(registry: &Registry, question: &RollBackService) -> Plan {
    registry.propose(question, Target::new("prod")).await.unwrap()
}

async fn aws(region: &str, address: &str) -> Aws {
    let aws = Aws::builder(Environment::new("test"), region).endpoint(address);
    aws.keys("AKIAIOSFODNN7EXAMPLE", "planted/secret+4711".to_owned().into(), None).build().await.unwrap()
}

fn template() -> AddressTemplate {
    "http://{environment}-{prototype}-{suffix}-{service}.localhost".parse().unwrap()
}

/// Each stack has a balancer at a port of its own.
struct ThroughBalancers {
    peer: Peer,
    client: VersionsClient,
}

#[async_trait]
impl VersionsRead for ThroughBalancers {
    async fn ask(&self, address: &ServiceAddress) -> Result<Answer> {
        let name = address.as_str().trim_start_matches("http://").trim_end_matches(".localhost");
        let service = self.peer.service(name).await;
        self.client.ask(&service.url.parse().unwrap()).await
    }
}

/// Somebody else updates the stack right before a change set of ours is executed.
struct BesideAColleague {
    peer: Peer,
    stack: &'static str,
}

#[async_trait]
impl StacksWrite for BesideAColleague {
    async fn create_change_set(&self, change: &Change, name: &ChangeSetName) -> Result<()> {
        self.peer.stacks.create_change_set(change, name).await
    }

    async fn execute_change_set(&self, stack: &StackName, name: &ChangeSetName, token: &ClientToken) -> Result<()> {
        self.peer.colleague_sets(self.stack, "Alarm", "on").await;
        self.peer.stacks.execute_change_set(stack, name, token).await
    }

    async fn delete_change_set(&self, stack: &StackName, name: &ChangeSetName) -> Result<()> {
        self.peer.stacks.delete_change_set(stack, name).await
    }

    async fn cancel_update(&self, stack: &StackName, token: &ClientToken) -> Result<()> {
        self.peer.stacks.cancel_update(stack, token).await
    }

    async fn continue_rollback(&self, stack: &StackName, skip: &[String], token: &ClientToken) -> Result<()> {
        self.peer.stacks.continue_rollback(stack, skip, token).await
    }

    async fn roll_back(&self, stack: &StackName, token: &ClientToken) -> Result<()> {
        self.peer.stacks.roll_back(stack, token).await
    }
}
