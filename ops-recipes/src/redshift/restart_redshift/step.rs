//! The steps: sessions end, the loader goes on; or the cluster restarts.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use ops_client::{Error, Result};
use ops_plan::{Action, Danger, Repeat};
use redshift_ops::{ClusterId, SessionKey};
use serde::{Deserialize, Serialize};

use crate::redshift::WarehouseWrites;
use crate::words::fit;

/// How long an ended session may take: a long write is taken back first.
const ENDS_WITHIN: Duration = Duration::from_secs(2 * 60);
/// How long the loader may take for the rest of its swap.
const SWAPS_WITHIN: Duration = Duration::from_secs(10 * 60);
/// Until a reboot is seen to have begun.
const BEGINS_WITHIN: Duration = Duration::from_secs(2 * 60);
/// Until the cluster is there again: minutes as a rule.
const AVAILABLE_WITHIN: Duration = Duration::from_secs(45 * 60);

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WarehouseStep {
    /// A session that blocks the loader ends.
    Terminate(Terminate),
    /// Waits until the loader has swapped its tables.
    Swap(Swap),
    /// The cluster restarts: all sessions end.
    Reboot(Reboot),
    /// Waits until the cluster is there again.
    Available(Available),
}

/// A session that blocks the loader ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Terminate {
    /// The session.
    pub session: SessionKey,
    /// Whose.
    pub user: String,
    /// What it holds: `AccessShareLock on fact.bills`.
    pub holds: String,
    /// What it last ran, cut.
    pub last: Option<String>,
    /// How many wait because of it.
    pub waiting: usize,
}

/// Waits until the loader has swapped its tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Swap {
    /// The loader's session.
    pub loader: SessionKey,
    /// The sessions that were ended for it.
    pub ended: Vec<SessionKey>,
    /// The transaction that it loads, where that is known.
    pub transaction: Option<String>,
    /// The newest load of that transaction when the plan was made.
    pub newest: Option<Timestamp>,
}

/// The cluster restarts: all sessions end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reboot {
    /// The cluster.
    pub cluster: ClusterId,
    /// Events of a restart after this tell of ours.
    pub since: Timestamp,
    /// How many sessions there are, where that is seen.
    pub sessions: Option<usize>,
}

/// Waits until the cluster is there again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Available {
    /// The cluster.
    pub cluster: ClusterId,
}

impl WarehouseStep {
    pub(super) async fn perform(&self, writes: &WarehouseWrites) -> Result<()> {
        match self {
            Self::Terminate(terminate) => match &writes.warehouse {
                Some(warehouse) => warehouse.terminate(&terminate.session).await,
                None => Err(Error::invalid("redshift.terminate", "no way to the warehouse by SQL is configured")
                    .with_remedy("configure it, or end the session by hand and resume")),
            },
            Self::Reboot(reboot) => writes.cluster.reboot(&reboot.cluster).await,
            Self::Swap(_) | Self::Available(_) => Ok(()),
        }
    }
}

impl Action for WarehouseStep {
    fn key(&self) -> String {
        match self {
            Self::Terminate(terminate) => format!("terminate/{}/{}", terminate.session.pid, terminate.session.started),
            Self::Swap(swap) => format!("swap/{}", swap.loader.pid),
            Self::Reboot(reboot) => format!("reboot/{}", reboot.cluster),
            Self::Available(available) => format!("available/{}", available.cluster),
        }
    }

    fn danger(&self) -> Danger {
        match self {
            Self::Terminate(_) | Self::Reboot(_) => Danger::Disruptive,
            Self::Swap(_) | Self::Available(_) => Danger::Nothing,
        }
    }

    fn repeat(&self) -> Repeat {
        match self {
            // Its pid may be another session's by then: it is looked for first.
            Self::Terminate(_) | Self::Reboot(_) => Repeat::IfPending,
            Self::Swap(_) | Self::Available(_) => Repeat::Safe,
        }
    }

    fn settle(&self) -> Duration {
        match self {
            Self::Terminate(_) => ENDS_WITHIN,
            Self::Swap(_) => SWAPS_WITHIN,
            Self::Reboot(_) => BEGINS_WITHIN,
            Self::Available(_) => AVAILABLE_WITHIN,
        }
    }

    fn by_hand(&self) -> String {
        match self {
            Self::Terminate(Terminate { session, user, .. }) => {
                let started = session.started.strftime("%Y-%m-%d %H:%M:%S%.6f");
                format!(
                    "select starttime, user_name from stv_sessions where process = {pid};   -- only if {started} of {user}:\n\
                     select pg_terminate_backend({pid});",
                    pid = session.pid
                )
            }
            Self::Swap(swap) => format!(
                "select lock_mode, granted, relation from svv_transactions where pid = {};   -- until there is none",
                swap.loader.pid
            ),
            Self::Reboot(reboot) => format!("aws redshift reboot-cluster --cluster-identifier {}", reboot.cluster),
            Self::Available(available) => format!(
                "aws redshift describe-clusters --cluster-identifier {} --query 'Clusters[0].ClusterStatus'   # until available",
                available.cluster
            ),
        }
    }
}

impl fmt::Display for WarehouseStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terminate(Terminate { session, user, holds, last, .. }) => {
                write!(f, "end {session} of {user} ({holds}")?;
                match last {
                    Some(last) => write!(f, "; last ran «{}»)", fit(last, 60)),
                    None => f.write_str(")"),
                }
            }
            Self::Swap(swap) => write!(f, "wait until the loader ({}) has swapped its tables", swap.loader),
            Self::Reboot(reboot) => {
                write!(f, "reboot the cluster {}", reboot.cluster)?;
                match reboot.sessions {
                    Some(1) => f.write_str(", and end its one session"),
                    Some(sessions) => write!(f, ", and end its {sessions} sessions"),
                    None => f.write_str(", and end all sessions"),
                }
            }
            Self::Available(available) => write!(f, "wait until {} is available and answers SQL", available.cluster),
        }
    }
}
