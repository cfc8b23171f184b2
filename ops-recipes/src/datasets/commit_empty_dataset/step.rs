//! The steps: a file is made, a dataset is committed with it.

use std::fmt;
use std::time::Duration;

use metapod_model::DatasetName;
use ops_plan::{Action, Danger, Repeat};
use serde::{Deserialize, Serialize};

use super::make::MakeFile;
use crate::datasets::DatasetChange;
use crate::words::shell;

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EmptyStep {
    /// An empty file is made.
    Make(Box<MakeFile>),
    /// A dataset is committed with an empty file; on the way back it is retracted.
    Dataset(DatasetChange),
}

impl EmptyStep {
    /// The change of a dataset, where it is one.
    pub fn as_dataset(&self) -> Option<&DatasetChange> {
        match self {
            Self::Dataset(change) => Some(change),
            Self::Make(_) => None,
        }
    }

    pub(super) fn name(&self) -> Option<&DatasetName> {
        self.as_dataset().map(DatasetChange::name)
    }
}

impl fmt::Display for EmptyStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Make(make) => make.fmt(f),
            Self::Dataset(change) => change.fmt(f),
        }
    }
}

impl Action for EmptyStep {
    fn key(&self) -> String {
        match self {
            Self::Make(make) => format!("make:{}", make.path),
            Self::Dataset(change) => change.key(),
        }
    }

    fn danger(&self) -> Danger {
        match self {
            // A file at a place where nothing was: nobody reads it before it is committed.
            Self::Make(_) => Danger::Nothing,
            Self::Dataset(change) => change.danger(),
        }
    }

    fn repeat(&self) -> Repeat {
        match self {
            // The store refuses a second one.
            Self::Make(_) => Repeat::Safe,
            Self::Dataset(change) => change.repeat(),
        }
    }

    fn settle(&self) -> Duration {
        match self {
            Self::Make(_) => Duration::from_secs(30),
            Self::Dataset(change) => change.settle(),
        }
    }

    fn by_hand(&self) -> String {
        match self {
            Self::Make(make) => format!(
                "echo {} | base64 -d >empty.parquet\n\
                 aws s3api put-object --bucket {} --key {} --body empty.parquet --if-none-match '*'",
                make.content,
                shell(make.path.bucket()),
                shell(make.path.key())
            ),
            Self::Dataset(change) => change.by_hand(),
        }
    }
}
