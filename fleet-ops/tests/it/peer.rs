//! The client against a stand-in for AWS, `peers/aws`, whose address is in `AWS_PEER_URL`.

use std::io::Write;
use std::time::Duration;

use async_trait::async_trait;
use fleet_ops::conformance::{Fault, Needs, Prepare, Scenario, Stage, run_all};
use fleet_ops::{
    Cycle, Environment, Error, FleetClient, FleetRead, FleetReadExt, FleetWrite, Group, GroupFilter, Result,
};
use ops_client::http::{Endpoint, Idempotency};
use tokio::sync::Mutex;

use crate::{client, client_as};

/// Each test has the peer to itself: they play it anew.
static TURN: Mutex<()> = Mutex::const_new(());

struct Peer {
    fleet: FleetClient,
    /// No fault applies to it.
    behind: FleetClient,
    orders: Endpoint,
}

impl Peer {
    /// Tells the peer itself what to do.
    async fn order(&self, path: &[&str]) -> Result<()> {
        let call = self.orders.post("peer.order").segments(path).idempotency(Idempotency::Write);
        call.empty().send().await.map(drop)
    }
}

#[async_trait]
impl Prepare for Peer {
    type Scenario = Scenario;
    type Start = ();

    fn name(&self) -> &str {
        "a stand-in for AWS"
    }

    fn can(&self, what: Needs) -> bool {
        matches!(what, Needs::Prepare | Needs::Change | Needs::Fault)
    }

    /// The peer has read the scenario's file by itself.
    async fn prepare(&self, _: &Scenario) -> Result<()> {
        self.order(&["peer", "play"]).await
    }
}

#[async_trait]
impl Stage for Peer {
    fn reads(&self) -> &dyn FleetRead {
        &self.fleet
    }

    fn writes(&self) -> &dyn FleetWrite {
        &self.fleet
    }

    async fn look(&self, group: &str) -> Result<Group> {
        self.behind.group(group).await
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn fault(&self, fault: Fault) -> Result<()> {
        let name = match fault {
            Fault::Unavailable => "unavailable",
            Fault::ExpiredToken => "expired",
            Fault::Html => "html",
            Fault::LostAnswer => "lost",
            _ => return Err(Error::invalid("peer.fault", "it does not fail in this way")),
        };
        self.order(&["peer", "fault", name]).await
    }
}

/// `None`, said aloud, where no peer runs. In CI that is a failure.
#[expect(clippy::disallowed_methods, reason = "where the peer listens is known to the script that started it")]
#[expect(clippy::explicit_write, reason = "what a passing test prints is not shown, unless it goes straight out")]
async fn peer() -> Option<Peer> {
    let Ok(address) = std::env::var("AWS_PEER_URL") else {
        assert!(std::env::var_os("CI").is_none(), "in CI the peer must run: AWS_PEER_URL is not set");
        writeln!(std::io::stderr(), "skipped: start peers/aws and set AWS_PEER_URL").unwrap();
        return None;
    };
    let orders = Endpoint::builder(Environment::new("test"), &address).build().unwrap();
    Some(Peer { fleet: client(&address).await, behind: client_as("BEHIND", &address).await, orders })
}

#[tokio::test]
async fn a_stand_in_for_aws_conforms() {
    let Some(peer) = peer().await else { return };
    let _turn = TURN.lock().await;
    let report = run_all(&peer).await;
    assert!(report.failed().is_empty(), "{report}");
    assert!(report.not_possible().is_empty(), "{report}");
}

#[tokio::test]
async fn the_caller_is_told() {
    let Some(peer) = peer().await else { return };
    let _turn = TURN.lock().await;
    peer.order(&["peer", "play"]).await.unwrap();
    let caller = peer.fleet.aws().caller_identity().await.unwrap();
    assert_eq!(caller.account, "123456789012");
}

#[tokio::test]
async fn a_group_is_gone_round_one_machine_after_the_other() {
    let Some(peer) = peer().await else { return };
    let _turn = TURN.lock().await;
    peer.order(&["peer", "play"]).await.unwrap();
    let filter = GroupFilter::all().tag("environment", "prod").tag("service", "mesos-on-demand");
    let [group] = &peer.fleet.groups(&filter).await.unwrap()[..] else { panic!("one group") };
    let batches = Cycle::new(1).keeping(2).batches(group).unwrap();
    assert_eq!(batches.len(), 3);
    let mut looks = 0;
    for batch in &batches {
        for machine in batch {
            peer.fleet.replace(machine).await.unwrap();
        }
        let without = |group: &Group| group.is_whole() && batch.iter().all(|old| group.machine(old).is_none());
        let seen = |group: &Group| {
            looks += 1;
            assert!(group.in_service().count() >= 2, "{group:?}");
        };
        peer.fleet.wait_for_group(&group.name, without, Duration::from_secs(60), seen).await.unwrap();
    }
    assert!(looks > 3);
    let after = peer.fleet.group(&group.name).await.unwrap();
    assert!(group.machines.iter().all(|old| after.machine(&old.id).is_none()), "every machine is another one");
}
