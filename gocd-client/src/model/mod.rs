//! What GoCD knows: pipelines, their builds, and the commits that these were built from.

mod build;
mod id;
mod page;
mod stage;

pub use build::{Build, MaterialRevision, Modification};
pub use id::{ParseError, PipelineName, Sha, ShaPrefix};
pub use page::{Cursor, HistoryPage, PipelineStatus};
pub use stage::{Job, Stage, StageResult};
