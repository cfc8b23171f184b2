//! Datasets and transactions: what the runbook does with Metapod and Sonar.
//!
//! | recipe | the runbook's heading | changes |
//! |---|---|---|
//! | [`RetractDatasets`] | «Retracting datasets in bulk», «Removing bad data from Metapod» | retracts committed datasets |
//! | [`RetractAttribute`] | «Removing bad data from Metapod» | takes attributes out of a schema, for good |
//! | [`CommitEmptyDataset`] | «Manually commit a dataset to metapod» | commits an empty file, and makes it if wanted |
//! | [`FindTransaction`] | «Get the transaction id» | nothing |
//! | [`TriageFailure`] | «Determining if it was the dataset or model that failed» | nothing |

mod change;
pub mod commit_empty_dataset;
pub mod find_transaction;
mod ids;
mod jobs;
mod knowledge;
mod live_writer;
#[cfg(feature = "databricks")]
pub mod load_dataset;
pub(crate) mod look;
pub(crate) mod opening;
mod pages;
pub(crate) mod proof;
mod reads;
mod restoring;
pub mod retract_attribute;
pub mod retract_datasets;
mod selection;
mod subjects;
pub mod triage_failure;
mod triage_text;
mod writes;

pub use change::{Commit, Committed, DatasetChange, Retract, Why};
pub use commit_empty_dataset::{CommitEmptyDataset, CommitEmptyReads, Empty, EmptyFile, EmptyStep, Made, MakeFile};
pub use find_transaction::{FindReads, FindTransaction, Sought};
pub use ids::{IdList, InputError, ListedId, MAX_BYTES, MAX_IDS, read_ids};
pub use jobs::{Job, JobState, Jobs};
pub use knowledge::{Knowledge, NamePattern, Owner, Successors, Writer};
#[cfg(feature = "databricks")]
pub use load_dataset::{LoadDataset, LoadReads};
pub use reads::DatasetReads;
pub use retract_attribute::{AttributeChange, AttributeSelection, RetractAttribute};
pub use retract_datasets::{Facts, RetractDatasets, RetractReads};
pub use selection::Selection;

pub use subjects::{Kind, Subject, subject_of};
pub use triage_failure::{Failed, Standing, SubjectReport, Triage, TriageFailure, TriageReads};
pub use writes::MetapodWrites;
