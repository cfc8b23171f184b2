//! The steps of a redeployment: those of a DAG run, those of datasets, and two that only look.

use std::fmt;
use std::time::Duration;

use airflow_client::{RunKey, TaskId};
use metapod_model::{DatasetId, TransactionId};
use ops_client::Result;
use ops_plan::{Action, Danger, Repeat};
use serde::{Deserialize, Serialize};

use super::RedeployWrites;
use crate::airflow::change::DagChange;
use crate::airflow::cluster::LiveJob;
use crate::datasets::{Committed, DatasetChange};
use crate::words::{count, fit, names};

/// How long jobs may take to end.
const GONE_WITHIN: Duration = Duration::from_secs(15 * 60);
/// A line of a plan is no longer.
const LINE: usize = 100;

/// A step of a redeployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RedeployStep {
    /// The DAG run is changed, or its jobs are killed.
    Dag(DagChange),
    /// Waits until the jobs have ended, and looks that none took their place.
    Gone(Gone),
    /// Looks that what is committed is what was planned for.
    Unchanged(Unchanged),
    /// What was committed is taken back.
    Dataset(DatasetChange),
}

/// Waits until jobs have ended, and looks that none took their place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Gone {
    /// The run.
    pub run: RunKey,
    /// The jobs' names.
    pub jobs: Vec<String>,
    /// Their processes, as they were captured.
    pub processes: Vec<LiveJob>,
    /// Tasks that must not be at work: those that are cleared later.
    pub tasks: Vec<TaskId>,
    /// What comes next, which must not run beside them.
    pub before: String,
}

/// Looks that what is committed is what was planned for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Unchanged {
    /// The transaction.
    pub transaction: TransactionId,
    /// What the plan takes back.
    pub planned: Vec<(DatasetId, Committed)>,
}

impl RedeployStep {
    pub(super) async fn perform(&self, writes: &RedeployWrites) -> Result<()> {
        match self {
            Self::Dag(change) => change.perform(&writes.airflow).await,
            Self::Dataset(change) => match &writes.metapod {
                Some(metapod) => metapod.perform(change).await,
                None => Err(ops_client::Error::invalid("metapod.retract", "no Metapod is configured for this program")
                    .with_remedy("configure it, or take the datasets back by hand and resume")),
            },
            Self::Gone(_) | Self::Unchanged(_) => Ok(()),
        }
    }
}

impl Action for RedeployStep {
    fn key(&self) -> String {
        match self {
            Self::Dag(change) => change.key(),
            Self::Gone(gone) => format!("gone/{}/{}", gone.run.run, gone.before),
            Self::Unchanged(unchanged) => format!("unchanged/{}", unchanged.transaction),
            Self::Dataset(change) => change.key(),
        }
    }

    fn danger(&self) -> Danger {
        match self {
            Self::Dag(change) => change.danger(),
            Self::Gone(_) | Self::Unchanged(_) => Danger::Nothing,
            Self::Dataset(change) => change.danger(),
        }
    }

    fn repeat(&self) -> Repeat {
        match self {
            Self::Dag(change) => change.repeat(),
            Self::Gone(_) | Self::Unchanged(_) => Repeat::Safe,
            Self::Dataset(change) => change.repeat(),
        }
    }

    fn settle(&self) -> Duration {
        match self {
            Self::Dag(change) => change.settle(),
            Self::Gone(_) => GONE_WITHIN,
            Self::Unchanged(_) => Duration::from_secs(30),
            Self::Dataset(change) => change.settle(),
        }
    }

    fn by_hand(&self) -> String {
        match self {
            Self::Dag(change) => change.by_hand(),
            Self::Gone(gone) => {
                let ids: Vec<&str> = gone.processes.iter().map(|process| process.id.as_str()).collect();
                format!(
                    "look on the cluster until these have ended and no newer process of {} is alive:\n{}",
                    names(&gone.jobs),
                    ids.join("\n")
                )
            }
            Self::Unchanged(unchanged) => format!(
                "look in Sonar that what is committed of {} is still what this plan takes back, and no more",
                unchanged.transaction
            ),
            Self::Dataset(change) => change.by_hand(),
        }
    }
}

impl fmt::Display for RedeployStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self {
            Self::Dag(change) => return change.fmt(f),
            Self::Dataset(change) => return change.fmt(f),
            Self::Gone(gone) => format!("wait until no job of {} is alive, before {}", names(&gone.jobs), gone.before),
            Self::Unchanged(unchanged) => {
                format!("look that still the same {} committed", be(unchanged.planned.len()))
            }
        };
        f.write_str(&fit(&line, LINE))
    }
}

fn be(number: usize) -> String {
    format!("{} {}", count(number, "dataset"), if number == 1 { "is" } else { "are" })
}
