//! The client against a stand-in for AWS, `peers/aws`, whose address is in `AWS_PEER_URL`.

use std::io::Write;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{GlobalSecondaryIndexUpdate, ProvisionedThroughput, UpdateGlobalSecondaryIndexAction};
use dynamodb_ops::conformance::{CASES, Fault, Needs, Prepare, Scenario, Stage, run_all};
use dynamodb_ops::{
    Capacity, CapacityChange, Cause, Environment, Error, HeadRoom, Place, Remedy, Result, Table, TableName,
    TablesClient, TablesRead, TablesReadExt, TablesWrite, Unit, Usage, Window, diagnose,
};
use jiff::{SignedDuration, Timestamp};
use ops_client::http::{Endpoint, Idempotency};
use serde_json::{Value, json};

use crate::client_as;

struct Peer {
    tables: TablesClient,
    /// No fault applies to it.
    behind: TablesClient,
    region: &'static str,
    orders: Endpoint,
}

impl Peer {
    /// Tells the peer itself what to do.
    async fn order(&self, path: &[&str], body: Option<&Value>) -> Result<()> {
        let call = self.orders.post("peer.order").segments(path).query("region", self.region);
        let call = call.idempotency(Idempotency::Write);
        let call = match body {
            Some(body) => call.json(body),
            None => call.empty(),
        };
        call.timeout(Duration::from_secs(60)).send().await.map(drop)
    }

    /// What the table was asked for in this hour and the next minutes.
    async fn usage(&self, table: &TableName) -> Usage {
        let window = Window::before(Timestamp::now() + SignedDuration::from_mins(5), SignedDuration::from_mins(65));
        self.tables.usage(table, &Place::Table, &window).await.unwrap()
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

    async fn prepare(&self, _: &Scenario) -> Result<()> {
        let play = serde_json::from_str(Scenario::JSON).unwrap();
        self.order(&["peer", "play"], Some(&play)).await
    }
}

#[async_trait]
impl Stage for Peer {
    fn reads(&self) -> &dyn TablesRead {
        &self.tables
    }

    fn writes(&self) -> &dyn TablesWrite {
        &self.tables
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn look(&self, table: &TableName) -> Result<Table> {
        self.behind.table(table).await
    }

    async fn update(&self, table: &TableName, place: &Place, to: Capacity) -> Result<()> {
        let units = ProvisionedThroughput::builder()
            .read_capacity_units(to.read.try_into().unwrap())
            .write_capacity_units(to.write.try_into().unwrap())
            .build()
            .unwrap();
        let theirs = aws_sdk_dynamodb::Client::new(self.behind.aws().sdk()).update_table().table_name(table.as_str());
        let theirs = match place.index() {
            None => theirs.provisioned_throughput(units),
            Some(index) => {
                let update = UpdateGlobalSecondaryIndexAction::builder().index_name(index);
                let update = update.provisioned_throughput(units).build().unwrap();
                theirs.global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().update(update).build())
            }
        };
        theirs.send().await.unwrap();
        Ok(())
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
        self.order(&["peer", "fault", name], None).await
    }
}

/// `None`, said aloud, where no peer runs. In CI that is a failure. Each region is a world of its own.
#[expect(clippy::disallowed_methods, reason = "where the peer listens is known to the script that started it")]
#[expect(clippy::explicit_write, reason = "what a passing test prints is not shown, unless it goes straight out")]
async fn peer(region: &'static str) -> Option<Peer> {
    let Ok(address) = std::env::var("AWS_PEER_URL") else {
        assert!(std::env::var_os("CI").is_none(), "in CI the peer must run: AWS_PEER_URL is not set");
        writeln!(std::io::stderr(), "skipped: start peers/aws and set AWS_PEER_URL").unwrap();
        return None;
    };
    let orders = Endpoint::builder(Environment::new("test"), &address).build().unwrap();
    let tables = client_as("AKIAIOSFODNN7EXAMPLE", region, &address).await;
    Some(Peer { tables, behind: client_as("BEHIND", region, &address).await, region, orders })
}

#[tokio::test]
async fn a_stand_in_for_aws_conforms() {
    let Some(peer) = peer("ca-west-1").await else { return };
    let report = run_all(&peer).await;
    // Others find no fault there.
    peer.prepare(&Scenario::shipped().unwrap()).await.unwrap();
    assert!(report.failed().is_empty(), "{report}");
    assert_eq!(report.passed().len(), CASES.len(), "{report}");
}

#[tokio::test]
async fn what_is_raised_as_proposed_throttles_no_more() {
    let Some(peer) = peer("ap-south-2").await else { return };
    let name: TableName = "prod-s3-analytics-datomic".parse().unwrap();
    let most = Duration::from_secs(60);
    let calm = json!({ "tables": [{ "name": name, "read": 50, "write": 20 }] });
    peer.order(&["peer", "play"], Some(&calm)).await.unwrap();
    let demand = |from: i64, to: i64| json!([{ "table": name, "from": from, "to": to, "write": { "wanted": 24.0 } }]);
    peer.order(&["peer", "demand"], Some(&demand(-15, -1))).await.unwrap();

    let (table, usage) = (peer.tables.table(&name).await.unwrap(), peer.usage(&name).await);
    let (scaling, limits) = (peer.tables.scaling(&name).await.unwrap(), peer.tables.limits().await.unwrap());
    let found = diagnose(&table, &[usage], &scaling, &limits, HeadRoom::default());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].unit, found[0].cause, found[0].wanted), (Unit::Write, Cause::Provisioned, 24.0));
    assert_eq!(found[0].remedy, Remedy::Raise { from: 20, to: 30 });

    let seen = table.places[0].capacity;
    let to = seen.with(Unit::Write, 30);
    peer.tables.set_capacity(&name, &CapacityChange::new(Place::Table, seen, to)).await.unwrap();
    let there = |table: &Table| table.is_active() && table.places[0].capacity == to;
    peer.tables.wait_for_table(&name, there, most, |_| {}).await.unwrap();

    let throttled = peer.usage(&name).await.throttled(Unit::Write);
    peer.order(&["peer", "demand"], Some(&demand(1, 3))).await.unwrap();
    let after = peer.usage(&name).await;
    assert_eq!(after.throttled(Unit::Write), throttled, "what was refused before it is refused for ever, and no more");
    assert_eq!(after.writes.last().unwrap().consumed, Some(24.0));

    let back = CapacityChange::new(Place::Table, to, seen);
    peer.tables.set_capacity(&name, &back).await.unwrap();
    let back = |table: &Table| table.is_active() && table.places[0].capacity == seen;
    let table = peer.tables.wait_for_table(&name, back, most, |_| {}).await.unwrap();
    assert_eq!(table.places[0].decreases_today, 1);
}
