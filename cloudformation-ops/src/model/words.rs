//! The words that AWS has for states. New ones come with time: each list ends in `Other`.

use std::fmt;

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
            /// AWS's word.
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
    /// Where a stack is.
    StackStatus {
        /// It was created.
        CreateComplete = "CREATE_COMPLETE",
        /// It could not be created, and nothing was taken back.
        CreateFailed = "CREATE_FAILED",
        /// It is being created.
        CreateInProgress = "CREATE_IN_PROGRESS",
        /// It is gone.
        DeleteComplete = "DELETE_COMPLETE",
        /// It could not be deleted whole.
        DeleteFailed = "DELETE_FAILED",
        /// It is being deleted.
        DeleteInProgress = "DELETE_IN_PROGRESS",
        /// Resources were taken into it.
        ImportComplete = "IMPORT_COMPLETE",
        /// Resources are being taken into it.
        ImportInProgress = "IMPORT_IN_PROGRESS",
        /// Taking resources into it failed, and it is as before.
        ImportRollbackComplete = "IMPORT_ROLLBACK_COMPLETE",
        /// Taking resources into it failed, and it is not as before.
        ImportRollbackFailed = "IMPORT_ROLLBACK_FAILED",
        /// Taking resources into it failed; it goes back.
        ImportRollbackInProgress = "IMPORT_ROLLBACK_IN_PROGRESS",
        /// It has no resources yet: it waits for its first change set to be executed.
        ReviewInProgress = "REVIEW_IN_PROGRESS",
        /// It could not be created, and what was there of it is gone.
        RollbackComplete = "ROLLBACK_COMPLETE",
        /// It could not be created, and something is left of it.
        RollbackFailed = "ROLLBACK_FAILED",
        /// It could not be created; what is there of it goes.
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        /// It was updated.
        UpdateComplete = "UPDATE_COMPLETE",
        /// It was updated; what is no longer needed goes.
        UpdateCompleteCleanupInProgress = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        /// It could not be updated, and nothing was taken back.
        UpdateFailed = "UPDATE_FAILED",
        /// It is being updated.
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        /// It could not be updated, and is as before.
        UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE",
        /// It could not be updated, and is as before; what is no longer needed goes.
        UpdateRollbackCompleteCleanupInProgress = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        /// It could not be updated, nor brought back.
        UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED",
        /// It could not be updated, or the update was cancelled; it goes back.
        UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS",
    }
}

impl StackStatus {
    /// Whether AWS works on the stack: it takes no other order then, except to cancel an update. One that waits for a
    /// person is not in progress (`REVIEW_IN_PROGRESS`).
    pub fn is_in_progress(&self) -> bool {
        *self != Self::ReviewInProgress && self.as_str().ends_with("_IN_PROGRESS")
    }

    /// Whether AWS takes an update of the stack.
    pub fn takes_an_update(&self) -> bool {
        use StackStatus::*;
        matches!(
            self,
            CreateComplete | UpdateComplete | UpdateRollbackComplete | ImportComplete | ImportRollbackComplete
        )
    }

    /// Whether what was asked for last is done, all of it.
    pub fn is_complete(&self) -> bool {
        use StackStatus::*;
        matches!(self, CreateComplete | UpdateComplete | ImportComplete | DeleteComplete)
    }

    /// Whether what was asked for last has failed or was cancelled, and has been taken back.
    pub fn rolled_back(&self) -> bool {
        use StackStatus::*;
        matches!(
            self,
            RollbackComplete
                | UpdateRollbackComplete
                | UpdateRollbackCompleteCleanupInProgress
                | ImportRollbackComplete
        )
    }

    /// What a person must do before the stack takes an update; nothing where it takes one.
    pub fn remedy(&self) -> Option<&'static str> {
        use StackStatus::*;
        Some(match self {
            _ if self.takes_an_update() => return None,
            UpdateInProgress => "wait until the update has ended, or cancel it",
            UpdateRollbackFailed => {
                "continue the rollback; name the resources to skip if the same ones cannot be brought back again"
            }
            UpdateFailed => "roll the failed update back",
            ReviewInProgress => "the stack was never created: execute its first change set, or delete it",
            CreateFailed | RollbackComplete | RollbackFailed => {
                "the stack could not be created: delete it, and create it anew"
            }
            ImportRollbackFailed => "resources could not be taken out again: see the stack's events for which, and why",
            DeleteFailed => {
                "the stack could not be deleted whole: see its events for what is left, and delete it again"
            }
            DeleteComplete => "the stack is gone: create it anew",
            _ if self.is_in_progress() => "wait until it has ended",
            _ => "see the stack's events: this version does not know its state",
        })
    }
}

words! {
    /// Where a change set is.
    ChangeSetStatus {
        /// Its turn has not come.
        CreatePending = "CREATE_PENDING",
        /// It is being computed.
        CreateInProgress = "CREATE_IN_PROGRESS",
        /// It is computed.
        CreateComplete = "CREATE_COMPLETE",
        /// Its turn to be deleted has not come.
        DeletePending = "DELETE_PENDING",
        /// It is being deleted.
        DeleteInProgress = "DELETE_IN_PROGRESS",
        /// It is gone.
        DeleteComplete = "DELETE_COMPLETE",
        /// It could not be deleted.
        DeleteFailed = "DELETE_FAILED",
        /// It could not be computed, or [changes nothing](crate::ChangeSet::is_empty_change).
        Failed = "FAILED",
    }
}

impl ChangeSetStatus {
    /// Whether AWS works on it.
    pub fn is_in_progress(&self) -> bool {
        matches!(self, Self::CreatePending | Self::CreateInProgress | Self::DeletePending | Self::DeleteInProgress)
    }
}

words! {
    /// Whether a change set can be executed, or was.
    Execution {
        /// It can be.
        Available = "AVAILABLE",
        /// It cannot be, or not yet.
        Unavailable = "UNAVAILABLE",
        /// It can no longer be: the stack has changed since.
        Obsolete = "OBSOLETE",
        /// It is being executed.
        ExecuteInProgress = "EXECUTE_IN_PROGRESS",
        /// It was executed.
        ExecuteComplete = "EXECUTE_COMPLETE",
        /// Its execution failed.
        ExecuteFailed = "EXECUTE_FAILED",
    }
}

words! {
    /// What happens to a resource.
    ChangeAction {
        /// It comes.
        Add = "Add",
        /// It changes.
        Modify = "Modify",
        /// It goes.
        Remove = "Remove",
        /// It is taken into the stack.
        Import = "Import",
        /// It is only known when the change set is executed.
        Dynamic = "Dynamic",
        /// It stays as it is, in the stack or outside of it.
        SyncWithActual = "SyncWithActual",
    }
}

words! {
    /// Whether a changed resource becomes another one.
    Replacement {
        /// It stays the same one.
        Never = "False",
        /// It depends on what is only known when the change set is executed.
        Sometimes = "Conditional",
        /// It is replaced by a new one.
        Always = "True",
    }
}

words! {
    /// Whether a stack is as its template says, as far as somebody has checked.
    DriftStatus {
        /// Nobody has checked.
        NotChecked = "NOT_CHECKED",
        /// It is.
        InSync = "IN_SYNC",
        /// Something was changed behind CloudFormation's back.
        Drifted = "DRIFTED",
        /// AWS cannot tell.
        Unknown = "UNKNOWN",
    }
}

words! {
    /// What has become of a resource behind CloudFormation's back.
    ResourceDrift {
        /// It is as its template says.
        InSync = "IN_SYNC",
        /// It was changed.
        Modified = "MODIFIED",
        /// It is gone.
        Deleted = "DELETED",
        /// Nobody has checked, or it cannot be checked.
        NotChecked = "NOT_CHECKED",
        /// AWS does not know resources of its type well enough.
        Unsupported = "UNSUPPORTED",
        /// AWS cannot tell.
        Unknown = "UNKNOWN",
    }
}

words! {
    /// Where a check for drift is.
    DriftCheckStatus {
        /// It goes on.
        InProgress = "DETECTION_IN_PROGRESS",
        /// Every resource was checked that can be.
        Complete = "DETECTION_COMPLETE",
        /// At least one resource could not be checked that could be; the others were.
        Failed = "DETECTION_FAILED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_in_progress_or_takes_an_update_or_tells_what_to_do() {
        let all = "CREATE_COMPLETE CREATE_FAILED CREATE_IN_PROGRESS DELETE_COMPLETE DELETE_FAILED DELETE_IN_PROGRESS \
                   IMPORT_COMPLETE IMPORT_IN_PROGRESS IMPORT_ROLLBACK_COMPLETE IMPORT_ROLLBACK_FAILED \
                   IMPORT_ROLLBACK_IN_PROGRESS REVIEW_IN_PROGRESS ROLLBACK_COMPLETE ROLLBACK_FAILED \
                   ROLLBACK_IN_PROGRESS UPDATE_COMPLETE UPDATE_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_FAILED \
                   UPDATE_IN_PROGRESS UPDATE_ROLLBACK_COMPLETE UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS \
                   UPDATE_ROLLBACK_FAILED UPDATE_ROLLBACK_IN_PROGRESS";
        for word in all.split_whitespace() {
            let status = StackStatus::from(word);
            assert!(!matches!(status, StackStatus::Other(_)), "{word}");
            assert_eq!(status.as_str(), word);
            assert_eq!(status.takes_an_update(), status.remedy().is_none(), "{word}");
            assert!(!(status.takes_an_update() && status.is_in_progress()), "{word}");
            assert!(!(status.is_complete() && status.rolled_back()), "{word}");
        }
        let takes: Vec<_> = all.split_whitespace().filter(|word| StackStatus::from(*word).takes_an_update()).collect();
        assert_eq!(
            takes,
            [
                "CREATE_COMPLETE",
                "IMPORT_COMPLETE",
                "IMPORT_ROLLBACK_COMPLETE",
                "UPDATE_COMPLETE",
                "UPDATE_ROLLBACK_COMPLETE"
            ]
        );
        let new = StackStatus::from("REFACTOR_IN_PROGRESS");
        assert_eq!((new.is_in_progress(), new.takes_an_update()), (true, false));
        assert!(!StackStatus::ReviewInProgress.is_in_progress(), "it waits for a person");
    }
}
