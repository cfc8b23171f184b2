//! The words that Airflow has for states and rules. New ones come with new releases: each list ends in `Other`.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A word that this version does not know.
            Other(String),
        }

        impl $name {
            /// Airflow's word.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            fn from_str(word: &str) -> Result<Self, Infallible> {
                Ok(Self::from(word))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from).map(|word| Self::from(&*word))
            }
        }
    };
}

words! {
    /// How a task instance is.
    TaskState {
        /// Nothing happened yet: its turn has not come, or it was cleared (`null` in Airflow's JSON).
        NoStatus = "no_status",
        /// The scheduler has decided to run it.
        Scheduled = "scheduled",
        /// It waits for an executor.
        Queued = "queued",
        /// It works.
        Running = "running",
        /// It ended well, or somebody said so.
        Success = "success",
        /// It failed for good, or somebody said so.
        Failed = "failed",
        /// It failed and starts again by itself.
        UpForRetry = "up_for_retry",
        /// A sensor that looks again later.
        UpForReschedule = "up_for_reschedule",
        /// It was not started, because something before it failed.
        UpstreamFailed = "upstream_failed",
        /// It was passed over.
        Skipped = "skipped",
        /// The DAG no longer has it.
        Removed = "removed",
        /// It waits for a trigger, without a worker.
        Deferred = "deferred",
        /// It was cleared while it ran, and is being stopped.
        Restarting = "restarting",
        /// It waits for a person (3.3 and later).
        AwaitingInput = "awaiting_input",
    }
}

impl TaskState {
    /// Whether the scheduler is done with it: nothing happens to it by itself.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::UpstreamFailed | Self::Skipped | Self::Removed)
    }

    /// Whether a clear of only what failed takes it: `failed` and `upstream_failed` (measured).
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed | Self::UpstreamFailed)
    }

    /// Whether it works now, or may begin or go on by itself at any moment.
    pub fn is_live(&self) -> bool {
        matches!(
            self,
            Self::Scheduled
                | Self::Queued
                | Self::Running
                | Self::UpForRetry
                | Self::UpForReschedule
                | Self::Deferred
                | Self::Restarting
                | Self::AwaitingInput
        )
    }

    /// Whether a process of its may be at work at this moment.
    pub fn is_running(&self) -> bool {
        matches!(self, Self::Running | Self::Restarting)
    }
}

words! {
    /// How a DAG run is.
    RunState {
        /// It waits for its turn: `max_active_runs` are running, or the scheduler has not seen it yet.
        Queued = "queued",
        /// It runs.
        Running = "running",
        /// It ended, and its last tasks are well.
        Success = "success",
        /// It ended, and one of its last tasks is not.
        Failed = "failed",
    }
}

impl RunState {
    /// Whether it has ended.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Success | Self::Failed)
    }
}

words! {
    /// When a task may start, given how those before it ended.
    TriggerRule {
        /// All before it succeeded.
        AllSuccess = "all_success",
        /// All before it failed.
        AllFailed = "all_failed",
        /// All before it ended, however.
        AllDone = "all_done",
        /// All before it ended, and one succeeded.
        AllDoneMinOneSuccess = "all_done_min_one_success",
        /// All before it were passed over.
        AllSkipped = "all_skipped",
        /// One before it succeeded.
        OneSuccess = "one_success",
        /// One before it failed.
        OneFailed = "one_failed",
        /// One before it ended.
        OneDone = "one_done",
        /// None before it failed.
        NoneFailed = "none_failed",
        /// None before it failed, and one succeeded.
        NoneFailedMinOneSuccess = "none_failed_min_one_success",
        /// None before it was passed over.
        NoneSkipped = "none_skipped",
        /// At once.
        Always = "always",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_not_known_is_kept() {
        let state: TaskState = serde_json::from_str("\"frozen\"").unwrap();
        assert_eq!(state, TaskState::Other("frozen".into()));
        assert_eq!(serde_json::to_string(&state).unwrap(), "\"frozen\"");
        assert!(!state.is_final() && !state.is_live());
        assert_eq!(TaskState::from("upstream_failed"), TaskState::UpstreamFailed);
    }
}
