//! «Controlling aurora jobs via the CLI»: create, kill, restart.

mod change;
pub mod create_job;
pub mod kill_job;
pub(crate) mod look;
mod opening;
pub mod restart_job;

#[cfg(feature = "airflow")]
pub(super) use change::MESSAGE;
pub use change::{CapturedTask, Create, JobChange, KillTasks, Reach, RestartBatch, Until};
pub use create_job::{CreateJob, Order};
pub use kill_job::KillJob;
pub use restart_job::RestartJob;
