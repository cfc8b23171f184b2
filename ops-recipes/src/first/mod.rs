//! What to run first: [`triage`] says what is wrong everywhere and what to do next, [`doctor`] says whether every system can
//! be worked with from here, [`recipes_for`] names the recipe for an alert. All of them only read.
//!
//! Each system that is configured joins in as a [`System`].

#[cfg(feature = "airflow")]
mod airflow;
mod alerts;
mod ask;
#[cfg(feature = "aurora")]
mod aurora;
#[cfg(any(
    feature = "airflow",
    feature = "aurora",
    feature = "datasets",
    feature = "redshift",
    feature = "services",
    feature = "slack"
))]
mod checkup;
#[cfg(feature = "databricks")]
mod databricks;
#[cfg(feature = "datasets")]
mod datasets;
mod doctor;
#[cfg(feature = "datasets")]
mod files;
#[cfg(feature = "redshift")]
mod redshift;
#[cfg(feature = "services")]
mod services;
#[cfg(feature = "slack")]
mod slack;
mod system;
mod triage;

#[cfg(feature = "airflow")]
pub use airflow::AirflowSystem;
pub use alerts::{Known, Match, RECIPES, recipes_for};
#[cfg(feature = "aurora")]
pub use aurora::AuroraSystem;
#[cfg(feature = "databricks")]
pub use databricks::WorkspaceSystem;
#[cfg(feature = "datasets")]
pub use datasets::{MetapodSystem, SonarSystem};
pub use doctor::{Diagnosis, Seen, doctor};
#[cfg(feature = "datasets")]
pub use files::FilesSystem;
#[cfg(feature = "redshift")]
pub use redshift::{MetabaseSystem, RedshiftSystem};
#[cfg(feature = "services")]
pub use services::{BuildsSystem, StacksSystem, TablesSystem};
#[cfg(feature = "slack")]
pub use slack::SlackSystem;
pub use system::{Access, Checkup, Severity, Sign, System};
pub use triage::{Overview, triage};

use std::time::Duration;

/// How long one system may take before it counts as not answering.
pub const PATIENCE: Duration = Duration::from_secs(10);
