//! The runbook's hang, on a real PostgreSQL: a reader sits on a table that the loader drops.

use std::sync::Arc;

use jiff::SignedDuration;
use ops_plan::{Observed, Outcome, Recipe, Registry, Target, Verdict};
use ops_recipes::redshift::{RestartRedshift, WarehouseReads, WarehouseStep, WarehouseWrites};
use redshift_ops::sql::{DataApiSql, Sql, Warehouse as SqlWarehouse};
use redshift_ops::{ClusterClient, ClusterId, ErrorKind, SessionKey};
use serde_json::json;

use super::aws::Peer;
use super::postgres::{Postgres, Warehouse};
use super::{CLUSTER, TRANSACTION, hung_for};
use crate::desk::Desk;

/// A warehouse in which the loader hangs.
struct Night {
    behind: Warehouse,
    /// The loader is a user of this night's own: those of other tests do not matter.
    user: String,
    reader: SessionKey,
    bystander: SessionKey,
    loader: SessionKey,
    aws: ops_aws::Aws,
}

impl Night {
    /// `None` where there are no servers.
    async fn begun(name: &str) -> Option<Self> {
        // Nothing ever changes in this region: its clusters are only looked at.
        let (postgres, peer) = (Postgres::there_is()?, Peer::there_is("us-east-2")?);
        let behind = postgres.warehouse(&format!("night_{name}")).await;
        let user = format!("loader_{name}");
        let made = format!(
            "do $$ begin if not exists (select 1 from pg_roles where rolname = '{user}') then \
             create role {user} login password '{user}' in role loader; end if; end $$"
        );
        behind.admin.batch_execute(&made).await.unwrap();
        let bystander = behind.open("sandrews", "begin; select count(*) from meta.loads").await;
        let reader = behind.open("metabase", "begin; select count(*) from fact.fraud_report_policy").await;
        let loader = behind.run(&user, &swap()).await;
        behind.until("select count(*) from svv_transactions where txn_db = current_database() and not granted").await;
        let aws = peer.aws("AKIAIOSFODNN7EXAMPLE").await;
        Some(Self { behind, user, reader, bystander, loader, aws })
    }

    fn wire(&self, user: &str) -> impl Sql + 'static {
        self.behind.postgres.wire(&self.behind.name, user)
    }

    fn data_api(&self, user: &str) -> impl Sql + 'static {
        DataApiSql::new(self.aws.clone(), ClusterId::new(CLUSTER), &self.behind.name, user)
    }

    fn registry(&self, sql: impl Sql + 'static) -> Registry {
        let cluster = Arc::new(ClusterClient::new(self.aws.clone()));
        let warehouse = Arc::new(SqlWarehouse::new(sql).protecting([self.user.clone()]));
        let reads =
            WarehouseReads::new(cluster.clone()).with_warehouse(warehouse.clone()).with_loads(warehouse.clone());
        Registry::new().with::<RestartRedshift>(reads, WarehouseWrites::new(cluster).with_warehouse(warehouse))
    }

    fn question(&self) -> RestartRedshift {
        RestartRedshift::new("cantareira-k").with_loader(&self.user).of_transaction(TRANSACTION)
    }

    async fn lives(&self, session: &SessionKey) -> bool {
        let query = format!("select count(*) from stv_sessions where process = {}", session.pid);
        self.behind.count(&query).await > 0
    }
}

/// What the loader does in the end, in one transaction.
fn swap() -> String {
    let mut sql = String::from("begin; ");
    for schema in ["fact", "dimension"] {
        sql += &format!("drop schema if exists {schema} cascade; alter schema temporary_{schema} rename to {schema}; ");
    }
    sql + &format!(
        "insert into meta.loads (table_name, metapod_transaction_id, target_date, load_time) \
         values ('fraud_report_policy', '{TRANSACTION}', '2018-01-18', getdate()); commit"
    )
}

async fn frees(night: Night, sql: impl Sql + 'static) {
    let registry = night.registry(sql);
    let plan = registry.propose(&night.question(), Target::new("test")).await.unwrap();
    let steps: Vec<String> = plan.cards().map(|card| card.text).collect();
    assert_eq!(steps.len(), 2, "{steps:?}");
    assert!(steps[0].starts_with(&format!("end {} of metabase (AccessShareLock on fact.", night.reader)), "{steps:?}");
    assert!(steps[0].contains("last ran «begin; select count(*) from fact.fraud_report_policy»"), "{steps:?}");
    let report = Desk::new().apply(&registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(report.text().contains(&format!("1 loads of {TRANSACTION} are logged since")), "{}", report.text());
    assert!(!night.lives(&night.reader).await && night.lives(&night.bystander).await);
    let rows = "select count(*) from fact.fraud_report_policy";
    assert_eq!(night.behind.count(rows).await, 120, "the tables are the new ones");
    let gone = "select count(*) from pg_namespace where nspname like 'temporary%'";
    assert_eq!(night.behind.count(gone).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reader_alone_is_ended_and_the_swap_commits() {
    let Some(night) = Night::begun("wire").await else { return };
    let sql = night.wire("sao_pedro");
    frees(night, sql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_data_api_and_without_a_superuser_too() {
    let Some(night) = Night::begun("data_api").await else { return };
    let sql = night.data_api("operator");
    frees(night, sql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_may_be_ended_a_reboot_is_offered() {
    let Some(night) = Night::begun("offered").await else { return };
    let question = night.question().with_log(hung_for(SignedDuration::from_mins(9)));
    let plan_of = async |user: &str, question: RestartRedshift| {
        night.registry(night.wire(user)).propose(&question, Target::new("test")).await.unwrap()
    };
    let says = |plan: &ops_plan::Plan, guard: &str, verdict, words: &str| {
        let found = plan
            .head()
            .findings
            .iter()
            .any(|finding| finding.guard == guard && finding.verdict == verdict && finding.text.contains(words));
        assert!(found, "{guard} {words}: {:#?}", plan.head().findings);
    };
    let reboots = |plan: &ops_plan::Plan| plan.cards().next().is_some_and(|card| card.text.starts_with("reboot"));

    let protected = plan_of("sao_pedro", question.clone().protecting(["metabase"])).await;
    says(&protected, "blockers", Verdict::Warn, "metabase is protected");
    let powerless = plan_of("monitor", question.clone()).await;
    says(&powerless, "blockers", Verdict::Warn, "monitor has no right to end sessions of metabase");
    let blind = plan_of("sandrews", question.clone()).await;
    says(&blind, "no-evidence", Verdict::Ask, "sandrews sees only its own sessions");
    assert!(reboots(&protected) && reboots(&powerless) && reboots(&blind));

    // It hangs only since a moment ago, by the warehouse: too young for a reboot.
    says(&protected, "age", Verdict::Block, "hangs only since");
    says(&blind, "age", Verdict::Pass, "9 min ago");
    // Nothing was ended by looking.
    assert!(night.lives(&night.reader).await && night.lives(&night.loader).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_blocks_nobody_any_more_is_left_alone() {
    let Some(night) = Night::begun("moved").await else { return };
    let registry = night.registry(night.wire("sao_pedro"));
    let plan = registry.propose(&night.question(), Target::new("test")).await.unwrap();
    // The reader's client ends its transaction by itself, and goes on with something else.
    let other = night.behind.open("metabase", "begin; select count(*) from meta.loads").await;
    night.behind.close(&night.reader).await;
    night
        .behind
        .until(&format!("select (count(*) = 0)::int from stv_sessions where process = {}", night.loader.pid))
        .await;
    let report = Desk::new().apply(&registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(night.lives(&other).await && night.lives(&night.bystander).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_session_of_the_same_process_is_not_touched() {
    let Some(night) = Night::begun("reused").await else { return };
    let cluster = Arc::new(ClusterClient::new(night.aws.clone()));
    let warehouse = Arc::new(SqlWarehouse::new(night.wire("sao_pedro")));
    let reads = WarehouseReads::new(cluster).with_warehouse(warehouse.clone());
    // The session that the plan saw began earlier: by now its process serves the reader's.
    let earlier = SessionKey::new(night.reader.pid, night.reader.started - SignedDuration::from_secs(60));
    let json = json!({ "terminate": { "session": earlier, "user": "ada", "holds": "", "last": null, "waiting": 1 } });
    let stale: WarehouseStep = serde_json::from_value(json).unwrap();
    let seen = night.question().observe(&reads, &[&stale]).await.unwrap();
    assert!(matches!(&seen[..], [Observed::Drifted(words)] if words.contains("another session by now, of metabase")));
    let refused = night
        .question()
        .perform(
            &WarehouseWrites::new(Arc::new(ClusterClient::new(night.aws.clone()))).with_warehouse(warehouse),
            &stale,
        )
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    assert!(night.lives(&night.reader).await);
}
