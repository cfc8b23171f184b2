//! The steps of a restart.

use std::fmt;
use std::time::Duration;

use aurora_client::FrameworkId;
use ops_client::{Error, Result};
use ops_plan::{Action, Danger, Repeat};
use serde::{Deserialize, Serialize};

use crate::aurora::{FleetWrites, ReplaceMachine};

/// How long a scheduler may take until it leads.
const LEADS_WITHIN: Duration = Duration::from_secs(15 * 60);

/// A step of a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RestartStep {
    /// A machine of the masters is replaced.
    Replace(ReplaceMachine),
    /// Waits until a scheduler leads, and answers.
    Leads(Leads),
    /// What is left of an old scheduler is forgotten, with all of its tasks.
    Teardown(Teardown),
}

/// Waits until a scheduler leads, and answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Leads {
    /// The framework's name.
    pub framework: String,
}

/// What is left of an old scheduler is forgotten, with all of its tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Teardown {
    /// The framework.
    pub framework: FrameworkId,
    /// Its name.
    pub name: String,
    /// How many of its tasks ran when the plan was made.
    pub tasks: u64,
}

impl RestartStep {
    pub(super) async fn perform(&self, writes: &FleetWrites) -> Result<()> {
        match self {
            Self::Replace(replace) => writes.fleet.replace(&replace.machine).await,
            Self::Leads(_) => Ok(()),
            Self::Teardown(teardown) => match &writes.mesos {
                Some(mesos) => mesos.teardown(&teardown.framework).await,
                None => Err(Error::invalid("mesos.teardown", "no Mesos master is configured for this program")
                    .with_remedy("configure it, or tear the framework down by hand and resume")),
            },
        }
    }
}

impl Action for RestartStep {
    fn key(&self) -> String {
        match self {
            Self::Replace(replace) => replace.key(),
            Self::Leads(leads) => format!("leads/{}", leads.framework),
            Self::Teardown(teardown) => format!("teardown/{}", teardown.framework),
        }
    }

    fn danger(&self) -> Danger {
        match self {
            Self::Replace(replace) => replace.danger(),
            Self::Leads(_) => Danger::Nothing,
            Self::Teardown(_) => Danger::Irreversible,
        }
    }

    fn repeat(&self) -> Repeat {
        match self {
            Self::Replace(replace) => replace.repeat(),
            Self::Leads(_) => Repeat::Safe,
            Self::Teardown(_) => Repeat::IfPending,
        }
    }

    fn settle(&self) -> Duration {
        match self {
            Self::Replace(replace) => replace.settle(),
            Self::Leads(_) => LEADS_WITHIN,
            Self::Teardown(_) => Duration::from_secs(60),
        }
    }

    fn by_hand(&self) -> String {
        match self {
            Self::Replace(replace) => replace.by_hand(),
            Self::Leads(_) => {
                "curl -fsS \"$AURORA_URL/leaderhealth\"   # of every scheduler, until one answers 200".to_owned()
            }
            Self::Teardown(teardown) => format!(
                "curl -fsS -X POST \"$MESOS_URL/master/teardown\" -d frameworkId={}   # MESOS_URL is the leading master",
                teardown.framework
            ),
        }
    }
}

impl fmt::Display for RestartStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replace(replace) => replace.fmt(f),
            Self::Leads(leads) => write!(f, "wait until a scheduler of {} leads and answers", leads.framework),
            Self::Teardown(teardown) => {
                write!(f, "tear down the framework {} ({})", teardown.name, teardown.framework)?;
                if teardown.tasks == 0 { Ok(()) } else { write!(f, ", and end its {} tasks", teardown.tasks) }
            }
        }
    }
}
