//! «Controlling aurora jobs via the CLI»: create, kill, restart.

mod change;
pub mod kill_job;
pub(crate) mod look;
mod opening;
pub mod restart_job;

pub use change::{CapturedTask, Create, JobChange, KillTasks, Reach, RestartBatch, Until};
pub use kill_job::KillJob;
pub use restart_job::RestartJob;
