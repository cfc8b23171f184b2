//! The cluster: what the runbook does with Aurora, Mesos and the machines below them.
//!
//! | recipe | the runbook's heading | changes |
//! |---|---|---|
//! | [`CreateJob`], [`KillJob`], [`RestartJob`] | «Controlling aurora jobs via the CLI» | creates a job, ends tasks, begins them anew |
//! | [`ScaleUp`], [`ScaleDown`] | «Increase the cluster size», and back | creates the job that makes machines |
//! | [`CycleMachines`] | «Cycle all machines» | replaces the machines of a group |
//! | [`RestartAurora`] | «Restart Aurora» | replaces the machine of a dead scheduler |

pub mod cycle_machines;
pub mod jobs;
mod reads;
pub mod restart_aurora;
#[cfg(feature = "airflow")]
mod run_jobs;
pub mod scale;

pub use cycle_machines::{CycleMachines, ReplaceMachine};
pub use jobs::{CreateJob, JobChange, KillJob, Order, RestartJob};
pub use reads::{AuroraReads, AuroraWrites, FleetReads, FleetWrites};
pub use restart_aurora::{Evidence, RestartAurora, RestartReads, RestartStep};
#[cfg(feature = "airflow")]
pub use run_jobs::{AuroraKillJobs, AuroraRunJobs, JobPlace};
pub use scale::{ScaleDown, ScaleReads, ScaleStep, ScaleUp, Scaling};
