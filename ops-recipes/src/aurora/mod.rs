//! The cluster: what the runbook does with Aurora, Mesos and the machines below them.
//!
//! | recipe | the runbook's heading | changes |
//! |---|---|---|
//! | [`CycleMachines`] | «Cycle all machines» | replaces the machines of a group |

pub mod cycle_machines;
mod reads;
#[cfg(feature = "airflow")]
mod run_jobs;

pub use cycle_machines::{CycleMachines, ReplaceMachine};
pub use reads::{AuroraReads, AuroraWrites, FleetReads, FleetWrites};
#[cfg(feature = "airflow")]
pub use run_jobs::{AuroraKillJobs, AuroraRunJobs, JobPlace};
