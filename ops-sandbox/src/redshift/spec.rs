//! What shall be in the world: clusters, users, loaders.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use redshift_ops::{Cluster, ClusterId, ClusterStatus, Host, LockMode, Resize, Snapshot};

/// A cluster that shall be in the world.
#[derive(Clone, Debug)]
pub struct ClusterSpec {
    pub(super) cluster: Cluster,
    pub(super) snapshots: Vec<Snapshot>,
    pub(super) resize: Option<Resize>,
    pub(super) serves: bool,
}

impl ClusterSpec {
    /// A cluster of two nodes that works, with the database `belomonte`.
    pub fn new(id: impl Into<String>) -> Self {
        let id = ClusterId::new(id);
        let mut cluster = Cluster::new(id, ClusterStatus::Available);
        cluster.availability = Some("Available".to_owned());
        cluster.host = Some(Host::new(format!("{}.c0example.us-east-1.redshift.example.com", cluster.id), 5439));
        cluster.database = Some("belomonte".to_owned());
        cluster.node_type = "ra3.xlplus".to_owned();
        cluster.nodes = 2;
        Self { cluster, snapshots: Vec::new(), resize: None, serves: false }
    }

    /// The warehouse of the world is on it: its sessions end with a reboot.
    #[must_use]
    pub fn serves(mut self) -> Self {
        self.serves = true;
        self
    }

    /// It is paused.
    #[must_use]
    pub fn paused(mut self) -> Self {
        self.cluster.status = ClusterStatus::Paused;
        self.cluster.availability = Some("Paused".to_owned());
        self
    }

    /// With so many nodes of this type.
    #[must_use]
    pub fn nodes(mut self, nodes: u32, node_type: impl Into<String>) -> Self {
        self.cluster.nodes = nodes;
        self.cluster.node_type = node_type.into();
        self
    }

    /// With another database.
    #[must_use]
    pub fn database(mut self, name: impl Into<String>) -> Self {
        self.cluster.database = Some(name.into());
        self
    }

    /// Where its SQL is said to be reached.
    #[must_use]
    pub fn host(mut self, host: Host) -> Self {
        self.cluster.host = Some(host);
        self
    }

    /// This setting changes at its next reboot, too.
    #[must_use]
    pub fn pending(mut self, setting: impl Into<String>) -> Self {
        self.cluster.pending.push(setting.into());
        self
    }

    /// With this snapshot.
    #[must_use]
    pub fn snapshot(mut self, snapshot: Snapshot) -> Self {
        self.snapshots.push(snapshot);
        self
    }

    /// With this change of its size, which does not end by itself.
    #[must_use]
    pub fn resize(mut self, resize: Resize) -> Self {
        self.resize = Some(resize);
        self
    }
}

/// What a user of the warehouse may see and do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rights {
    /// Reads tables, sees their own sessions.
    #[default]
    Plain,
    /// `sys:monitor`: sees all sessions.
    Monitor,
    /// `sys:operator`: sees all sessions, ends those of all but superusers.
    Operator,
    /// Everything.
    Superuser,
}

/// Who reads or writes a table just between the loader's kill and its first drop, and stays idle in that transaction.
/// It happens once: a loader that starts again does not meet it again.
#[derive(Clone, Debug)]
pub struct Intruder {
    pub(super) user: String,
    pub(super) table: String,
    pub(super) mode: LockMode,
}

impl Intruder {
    /// This user reads this table (`schema.name`).
    pub fn reads(user: impl Into<String>, table: impl Into<String>) -> Self {
        Self { user: user.into(), table: table.into(), mode: LockMode::AccessShare }
    }

    /// This user writes to this table (`schema.name`).
    pub fn writes(user: impl Into<String>, table: impl Into<String>) -> Self {
        Self { mode: LockMode::ShareRowExclusive, ..Self::reads(user, table) }
    }

    pub(super) fn statement(&self) -> String {
        let table = &self.table;
        match self.mode {
            LockMode::AccessShare => format!("select count(*) from {table}"),
            _ => format!("COPY {table} FROM 's3://example-data/{table}/' FORMAT AVRO 'auto'"),
        }
    }
}

/// A load that shall run: of each schema the tables are loaded anew as `temporary_…`; then sessions that use the
/// schemas are killed, the schemas dropped, the temporary ones given their names, and the Loads table told, in one
/// transaction.
#[derive(Clone, Debug)]
pub struct LoaderSpec {
    pub(super) user: String,
    pub(super) transaction: String,
    pub(super) target_date: Date,
    pub(super) schemas: Vec<String>,
    pub(super) begins: Option<Timestamp>,
    pub(super) intruders: Vec<Intruder>,
    pub(super) stalls: bool,
    pub(super) table: Duration,
    pub(super) gap: Duration,
    pub(super) drop: Duration,
    pub(super) rename: Duration,
    pub(super) report: Duration,
    pub(super) again: Duration,
}

impl LoaderSpec {
    /// A load of `fact` and `dimension` for a transaction of Metapod, by the user `loader`, that begins now. A table
    /// takes 10 s, a dropped schema 11 s, the rest is quick. It reports every 30 s; where it fails it starts again
    /// after a minute.
    pub fn new(transaction: impl Into<String>, target_date: Date) -> Self {
        Self {
            user: "loader".to_owned(),
            transaction: transaction.into(),
            target_date,
            schemas: ["fact", "dimension"].map(str::to_owned).into(),
            begins: None,
            intruders: Vec::new(),
            stalls: false,
            table: Duration::from_secs(10),
            gap: Duration::from_millis(136),
            drop: Duration::from_secs(11),
            rename: Duration::from_millis(250),
            report: Duration::from_secs(30),
            again: Duration::from_secs(60),
        }
    }

    /// By this user.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = user.into();
        self
    }

    /// Of these schemas, in this order.
    #[must_use]
    pub fn schemas<S: Into<String>>(mut self, schemas: impl IntoIterator<Item = S>) -> Self {
        self.schemas = schemas.into_iter().map(Into::into).collect();
        self
    }

    /// It begins then: where that is past, what it did since has happened.
    #[must_use]
    pub fn begins(mut self, at: Timestamp) -> Self {
        self.begins = Some(at);
        self
    }

    /// This one comes in between, too.
    #[must_use]
    pub fn intruder(mut self, intruder: Intruder) -> Self {
        self.intruders.push(intruder);
        self
    }

    /// Its first drop never ends, although nobody stands in its way. Started again, it works.
    #[must_use]
    pub fn stalls(mut self) -> Self {
        self.stalls = true;
        self
    }

    /// How long a table takes to load, and a schema to drop.
    #[must_use]
    pub fn takes(mut self, table: Duration, drop: Duration) -> Self {
        (self.table, self.drop) = (table, drop);
        self
    }

    /// How long after a failure it starts again.
    #[must_use]
    pub fn starts_again_after(mut self, time: Duration) -> Self {
        self.again = time;
        self
    }
}
