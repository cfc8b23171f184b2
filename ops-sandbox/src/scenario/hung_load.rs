//! A load of the warehouse that hangs, or does not.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use metapod_client::TransactionId;
use ops_client::{Error, Result};
use redshift_ops::{ClusterId, SessionKey};
use uuid::Uuid;

use super::Nightly;
use crate::World;
use crate::metabase::loads;
use crate::redshift::{ClusterSpec, Intruder, LoadRow, LoaderId, LoaderSpec, Rights};

const FACTS: [&str; 16] = [
    "bills",
    "calls",
    "card_purchases",
    "charges",
    "churn_risk",
    "credit_line_policy",
    "disputes",
    "fraud_report_policy",
    "invites",
    "limit_raises",
    "payments",
    "ratings",
    "renegotiations",
    "retention_policy",
    "shipments",
    "tickets",
];
const DIMENSIONS: [&str; 8] = ["account", "calendar", "card", "city", "currency", "customer", "merchant", "partner"];

/// What is read while it is dropped: by the first one, and by the second.
const FIRST: &str = "fact.fraud_report_policy";
const SECOND: &str = "dimension.customer";

/// How long ago the load began: it has hung for a quarter of an hour by now. One that is well has loaded half of its
/// tables.
const HUNG: SignedDuration = SignedDuration::from_mins(20);
const WELL: SignedDuration = SignedDuration::from_secs(125);

/// What is wrong with a load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadTrouble {
    /// `sandrews` came in between with a query, and is idle in that transaction.
    #[default]
    Reader,
    /// The same, by the user `finance`, whose sessions nobody may end.
    ProtectedReader,
    /// Another load of the same user writes to one of the tables.
    OtherLoader,
    /// It hangs, and waits for nobody.
    NobodyBlocks,
    /// `sandrews` reads a table of the first schema, `metabase` one of the second: this one is seen only when the first
    /// is gone.
    SecondBlocker,
    /// Nothing: half of its tables are loaded.
    Healthy,
}

impl LoadTrouble {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Reader,
        Self::ProtectedReader,
        Self::OtherLoader,
        Self::NobodyBlocks,
        Self::SecondBlocker,
        Self::Healthy,
    ];

    fn made(self, load: LoaderSpec) -> LoaderSpec {
        match self {
            Self::Reader => load.intruder(Intruder::reads("sandrews", FIRST)),
            Self::ProtectedReader => load.intruder(Intruder::reads("finance", FIRST)),
            Self::OtherLoader => load.intruder(Intruder::writes("loader", FIRST)),
            Self::SecondBlocker => {
                load.intruder(Intruder::reads("sandrews", FIRST)).intruder(Intruder::reads("metabase", SECOND))
            }
            Self::NobodyBlocks => load.stalls(),
            Self::Healthy => load,
        }
    }
}

/// What is in the world after [`hung_load`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HungLoad {
    /// The cluster of the warehouse.
    pub cluster: ClusterId,
    /// Another cluster, paused.
    pub paused: ClusterId,
    /// What is loaded: Metapod's transaction.
    pub transaction: TransactionId,
    /// For which day.
    pub target_date: Date,
    /// What was loaded the day before, whole.
    pub yesterday: TransactionId,
    /// The loader.
    pub loader: LoaderId,
    /// Its session.
    pub loader_session: SessionKey,
    /// Who stands in its way, where somebody does.
    pub reader: Option<SessionKey>,
    /// Who stands in its way next.
    pub second: Option<SessionKey>,
    /// The table that the first one has.
    pub table: String,
    /// The user whose sessions shall not be ended.
    pub protected: String,
}

/// A load of 24 tables that has hung for a quarter of an hour, because a reader came in between its kill and its drop.
///
/// # Errors
/// `Other` where the world has another load already.
pub fn hung_load(world: &World) -> Result<HungLoad> {
    hung_load_with(world, LoadTrouble::Reader, None)
}

/// A load with this trouble, for the transaction of that night where there is one. The tables of the warehouse are
/// there from the day before; Metabase's session is, too, and does nothing. Metabase shows the Loads table.
///
/// # Errors
/// As [`hung_load`].
pub fn hung_load_with(world: &World, trouble: LoadTrouble, night: Option<&Nightly>) -> Result<HungLoad> {
    let now = world.now();
    let began = now - if trouble == LoadTrouble::Healthy { WELL } else { HUNG };
    let target_date = night.map_or_else(|| TimeZone::UTC.to_datetime(began).date(), |night| night.target_date);
    let day_before = target_date.yesterday().unwrap_or(target_date);
    let transaction = night.map_or_else(|| minted(target_date), |night| night.transaction);
    let yesterday = night.map_or_else(|| minted(day_before), |night| night.yesterday);

    let cluster = ClusterSpec::new("cantareira-k-redshift-redshiftcluster-1lp2x").serves();
    let paused = ClusterSpec::new("dev2-redshift-redshiftcluster-9ab3c").nodes(1, "ra3.xlplus").paused();
    world.put_cluster(cluster);
    world.put_cluster(paused);
    let protected = "finance".to_owned();
    world.put_user(&protected, Rights::Plain);
    fill(world, yesterday, day_before, began - SignedDuration::from_hours(24));
    world.open_session("metabase");
    world.put_metabase_table(loads())?;
    // It is killed before the drop.
    world.hold_table("sandrews", "fact.bills")?;
    let spec = LoaderSpec::new(transaction.to_string(), target_date).begins(began);
    let loader = world.put_loader(trouble.made(spec));
    let missing = || Error::invalid("sandbox.world", "the load has no session: another one is in this world");
    Ok(HungLoad {
        cluster: ClusterId::new("cantareira-k-redshift-redshiftcluster-1lp2x"),
        paused: ClusterId::new("dev2-redshift-redshiftcluster-9ab3c"),
        transaction,
        target_date,
        yesterday,
        loader,
        loader_session: world.loader_session(loader).ok_or_else(missing)?,
        reader: holder(world, FIRST),
        second: holder(world, SECOND),
        table: FIRST.to_owned(),
        protected,
    })
}

/// The id of a scheduled run's transaction (version 5).
fn minted(day: Date) -> TransactionId {
    TransactionId::from_uuid(Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("loads/{day}").as_bytes()))
}

/// The tables, and what the Loads table tells of them.
fn fill(world: &World, transaction: TransactionId, day: Date, began: Timestamp) {
    let all = [("fact", FACTS.as_slice()), ("dimension", DIMENSIONS.as_slice())];
    let mut at = began;
    for (schema, names) in all {
        for name in names {
            let rows = 1_000 + world.draw() % 1_000_000;
            world.put_table(&format!("{schema}.{name}"), rows);
            at += Duration::from_secs(10);
            let mut row = LoadRow::new(*name, transaction.to_string(), Some(at));
            (row.target_date, row.row_count) = (Some(day), rows);
            world.put_load_row(row);
        }
    }
}

/// Who has a table, apart from who drops it.
fn holder(world: &World, table: &str) -> Option<SessionKey> {
    let locks = world.locks();
    let holds = |lock: &&redshift_ops::Lock| {
        lock.granted
            && lock.relation.name.as_deref() == Some(table)
            && lock.mode != redshift_ops::LockMode::AccessExclusive
    };
    let pid = locks.iter().find(holds)?.pid;
    world.sessions().into_iter().find(|session| session.key.pid == pid).map(|session| session.key)
}
