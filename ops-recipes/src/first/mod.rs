//! What to run first: [`triage`] says what is wrong everywhere and what to do next, [`doctor`] says whether every system can
//! be worked with from here, [`recipes_for`] names the recipe for an alert. All of them only read.
//!
//! Each system that is configured joins in as a [`System`].

mod alerts;
mod ask;
#[cfg(feature = "datasets")]
mod datasets;
mod doctor;
mod system;
mod triage;

pub use alerts::{Known, Match, RECIPES, recipes_for};
#[cfg(feature = "datasets")]
pub use datasets::{MetapodSystem, SonarSystem};
pub use doctor::{Diagnosis, Seen, doctor};
pub use system::{Access, Checkup, Severity, Sign, System};
pub use triage::{Overview, triage};

use std::time::Duration;

/// How long one system may take before it counts as not answering.
pub const PATIENCE: Duration = Duration::from_secs(10);
