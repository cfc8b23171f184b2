//! A table that refuses requests, on a stand-in for AWS: DynamoDB with time, and CloudWatch as its own library asks it.

use std::sync::Arc;
use std::time::Duration;

use dynamodb_ops::{Capacity, CapacityChange, Place, Prices, TableName, TablesClient, TablesRead, TablesWrite};
use ops_plan::{Outcome, Plan, Registry, Target, Verdict};
use ops_recipes::services::{RelieveThrottling, TableReads, TableWrites};
use serde_json::{Value, json};

use super::peer::Peer;
use crate::desk::{Desk, approved, blocks};
use crate::stage::{texts, verdict, word};

const ANALYTICS: &str = "prod-s3-analytics-datomic";

struct Tables {
    peer: Peer,
    client: Arc<TablesClient>,
}

impl Tables {
    async fn there_are(region: &'static str, tables: Value) -> Option<Self> {
        let peer = Peer::there_is(region).await?;
        peer.play_tables(tables).await;
        let client = Arc::new(TablesClient::new(peer.aws().await));
        Some(Self { peer, client })
    }

    fn registry(&self) -> Registry {
        let reads = TableReads::new(Arc::clone(&self.client) as Arc<dyn TablesRead>);
        let reads = reads.with_prices(Prices::of_region("sa-east-1").unwrap());
        let writes = TableWrites::new(Arc::clone(&self.client) as Arc<dyn TablesWrite>);
        Registry::new().with::<RelieveThrottling>(reads, writes)
    }

    async fn plan(&self, question: &RelieveThrottling) -> Plan {
        self.registry().propose(question, Target::new("prod")).await.unwrap()
    }

    async fn units(&self, table: &str) -> Capacity {
        self.client.table(&table.parse().unwrap()).await.unwrap().places[0].capacity
    }

    /// The same demand goes on: data of the minutes after, as soon as the table has these units.
    async fn demand_goes_on(&self, table: &'static str, units: Capacity, demand: Value) {
        while self.units(table).await != units {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut order = demand;
        (order["table"], order["from"], order["to"]) = (table.into(), 1.into(), 7.into());
        self.peer.demand(order).await;
    }
}

fn analytics() -> RelieveThrottling {
    RelieveThrottling::new("analytics").in_shard("s3")
}

/// Writes want 24 a second, and there are 20.
fn throttled() -> Value {
    json!({ "name": ANALYTICS, "read": 50, "write": 20, "demand": [{ "write": { "wanted": 24 }, "read": { "wanted": 5 } }] })
}

#[tokio::test]
async fn a_raise_is_proved_by_later_data_and_owed_until_it_is_taken_back() {
    let Some(tables) = Tables::there_are("eu-north-1", json!([throttled()])).await else { return };
    let plan = tables.plan(&analytics()).await;
    assert!(blocks(&plan).is_empty(), "{:?}", plan.head().findings);
    assert_eq!(texts(&plan)[0], format!("{ANALYTICS}: 50 read, 20 write → 50 read, 30 write"));
    let notes = plan.head().notes.join("\n");
    assert!(notes.contains("+0.010 USD an hour") && notes.contains("4 more times today"), "{notes}");
    let (registry, desk) = (tables.registry(), Desk::new());
    let raised = Capacity::new(50, 30);
    let goes_on = tables.demand_goes_on(ANALYTICS, raised, json!({ "write": { "wanted": 24 } }));
    let (report, ()) = tokio::join!(desk.apply(&registry, plan), goes_on);
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(report.text().contains("none refused any more"), "{}", report.text());
    let due = desk.due(&registry).await;
    assert_eq!(due.len(), 1, "{due:?}");
    assert!(due[0].contains("lower the capacity of prod-s3-analytics-datomic again to 50 read, 20 write"), "{due:?}");

    let done = desk.runner.runs().list().unwrap().remove(0).unwrap();
    let undo = desk.runner.plan_undo(&registry, &done.dir).await.unwrap();
    assert_eq!(verdict(&undo, "decreases"), Some(Verdict::Pass));
    assert_eq!(verdict(&undo, "demand"), Some(Verdict::Ask), "24 a second are still wanted");
    let report = desk.apply(&registry, undo).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(tables.units(ANALYTICS).await, Capacity::new(50, 20));
    assert!(desk.due(&registry).await.is_empty());
}

#[tokio::test]
async fn the_way_back_waits_until_the_service_takes_a_decrease() {
    let mut table = throttled();
    (table["decreases_today"], table["last_decrease"]) = (4.into(), 60.into());
    let Some(tables) = Tables::there_are("eu-south-1", json!([table])).await else { return };
    let plan = tables.plan(&analytics()).await;
    let notes = plan.head().notes.join("\n");
    assert!(notes.contains("the table may be lowered again from"), "{notes}");
    let (registry, desk) = (tables.registry(), Desk::new());
    let goes_on = tables.demand_goes_on(ANALYTICS, Capacity::new(50, 30), json!({ "write": { "wanted": 24 } }));
    let (report, ()) = tokio::join!(desk.apply(&registry, plan), goes_on);
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    let done = desk.runner.runs().list().unwrap().remove(0).unwrap();
    let undo = desk.runner.plan_undo(&registry, &done.dir).await.unwrap();
    assert!(blocks(&undo)[0].contains("may be lowered again from"), "{:?}", blocks(&undo));
    assert_eq!(desk.due(&registry).await.len(), 1, "still owed");
}

#[tokio::test]
async fn a_raise_that_was_not_enough_is_no_success() {
    let Some(tables) = Tables::there_are("eu-west-2", json!([throttled()])).await else { return };
    let (registry, plan) = (tables.registry(), tables.plan(&analytics()).await);
    let goes_on = tables.demand_goes_on(ANALYTICS, Capacity::new(50, 30), json!({ "write": { "wanted": 70 } }));
    let (report, ()) = tokio::join!(async { Desk::new().apply(&registry, plan).await }, goes_on);
    assert_eq!(report.outcome, Outcome::VerificationFailed, "{}", report.text());
}

#[tokio::test]
async fn what_units_do_not_help_is_said_and_not_raised() {
    let tables = json!([
        { "name": "prod-correnteza-datomic", "read": 4000, "write": 10,
          "demand": [{ "read": { "consumed": 180_000, "throttled": { "key-range": 600 } } }] },
        { "name": "prod-s3-skyler-datomic", "billing": "on-demand", "max_write": 100,
          "demand": [{ "write": { "consumed": 6_000, "throttled": { "on-demand": 60 } } }] },
        { "name": "prod-metapod-datomic", "read": 100, "write": 100,
          "demand": [{ "write": { "wanted": 5 }, "read": { "wanted": 15 } }] },
        { "name": "prod-silent-datomic" },
    ]);
    let Some(tables) = Tables::there_are("eu-west-3", tables).await else { return };
    let hot = tables.plan(&RelieveThrottling::new("correnteza")).await;
    assert_eq!(
        (texts(&hot).len(), verdict(&hot, "hot-partition")),
        (0, Some(Verdict::Warn)),
        "{:?}",
        hot.head().findings
    );
    let on_demand = tables.plan(&RelieveThrottling::new("skyler").in_shard("s3")).await;
    let told = word(&on_demand.head().findings, "on-demand").unwrap();
    assert_eq!((texts(&on_demand).len(), told.verdict), (0, Verdict::Warn));
    assert!(format!("{told}").contains("its limit is 100 a second"), "{told}");
    let well = tables.plan(&RelieveThrottling::new("metapod").in_shard("global")).await;
    assert_eq!((texts(&well).len(), verdict(&well, "throttles")), (0, Some(Verdict::Pass)));
    let silent = tables.plan(&RelieveThrottling::new("silent")).await;
    assert_eq!((texts(&silent).len(), verdict(&silent, "throttles")), (0, Some(Verdict::Warn)), "no data is no proof");
    let unknown = blocks(&tables.plan(&RelieveThrottling::new("analytics").in_shard("s3")).await);
    assert!(unknown[0].contains("there is no table prod-s3-analytics-datomic"), "{unknown:?}");
}

#[tokio::test]
async fn what_scales_by_itself_gets_other_bounds_and_units_at_once() {
    let scaled = |name: &str, min: u32, max: u32| {
        json!({ "name": name, "read": 50, "write": 20, "scaling": [{ "unit": "write", "min": min, "max": max }],
                "demand": [{ "write": { "wanted": 24 } }] })
    };
    let tables = json!([scaled("prod-slow-datomic", 5, 400), scaled("prod-full-datomic", 5, 20)]);
    let Some(tables) = Tables::there_are("ca-central-1", tables).await else { return };
    let slow = tables.plan(&RelieveThrottling::new("slow")).await;
    assert_eq!(texts(&slow)[1], "prod-slow-datomic: writes scale between 30 to 400, not 5 to 400");
    let full = tables.plan(&RelieveThrottling::new("full")).await;
    assert_eq!(texts(&full)[1], "prod-full-datomic: writes scale between 5 to 30, not 5 to 20");
    let (registry, desk) = (tables.registry(), Desk::new());
    let raised = Capacity::new(50, 30);
    let goes_on = tables.demand_goes_on("prod-full-datomic", raised, json!({ "write": { "wanted": 24 } }));
    let (report, ()) = tokio::join!(desk.apply(&registry, full), goes_on);
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    let name: TableName = "prod-full-datomic".parse().unwrap();
    assert_eq!(tables.client.scaling(&name).await.unwrap()[0].bounds.max, 30);
    assert_eq!(desk.due(&registry).await.len(), 2, "the bounds and the units");
}

#[tokio::test]
async fn a_colleagues_change_is_not_lost() {
    let Some(tables) = Tables::there_are("me-south-1", json!([throttled()])).await else { return };
    let plan = approved(tables.plan(&analytics()).await);
    let name: TableName = ANALYTICS.parse().unwrap();
    let seen = tables.units(ANALYTICS).await;
    let change = CapacityChange::new(Place::Table, seen, Capacity::new(80, 20));
    tables.client.set_capacity(&name, &change).await.unwrap();
    while !tables.client.table(&name).await.unwrap().is_active() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let report = Desk::new().runner.start(&tables.registry(), plan).await.unwrap();
    assert_eq!((report.outcome, report.changed), (Outcome::Stopped, 0), "{}", report.text());
    assert_eq!(tables.units(ANALYTICS).await, Capacity::new(80, 20));
}
