//! The DAG run: what the runbook does with Airflow.
//!
//! | recipe | the runbook's heading | changes |
//! |---|---|---|
//! | [`UnblockDownstream`] | «Making downstream jobs run when an upstream job fails» | passes over a task, clears what waits for it |
//! | [`HoldMachines`], [`ReleaseMachines`] | «Keep machines up after a model fails» | keeps machines for the logs, lets them go |
//! | [`StopRun`] | «Setting a DAG run as failed» | stops a run, its jobs too |
//! | [`RedeployDag`] | «Re-deploying the DAG during a run» | ends jobs, takes back what they wrote, runs them anew |
//! | [`ClearAndRerun`] | «Re-deploying the DAG during a run», its last step | runs tasks again with all that hangs on them |

pub mod change;
pub mod clear_and_rerun;
mod cluster;
pub mod forecast;
mod foretold;
pub mod hold_machines;
mod knowledge;
pub mod look;
mod opening;
mod outputs;
mod picture;
mod reads;
#[cfg(feature = "datasets")]
pub mod redeploy_dag;
pub mod release_machines;
pub mod stop_run;
#[cfg(feature = "datasets")]
mod transaction;
pub mod unblock_downstream;

pub use change::DagChange;
pub use clear_and_rerun::ClearAndRerun;
pub use cluster::{KillJobs, LiveJob, RunJobs};
pub use forecast::{Forecast, RunView};
pub use hold_machines::HoldMachines;
pub use knowledge::{DagKnowledge, TaskOwner, TaskPattern};
pub use outputs::{Output, Outputs};
pub use picture::{By, RunPicture};
pub use reads::{AirflowReads, AirflowWrites};
#[cfg(feature = "datasets")]
pub use redeploy_dag::{Build, Deploys, RedeployDag, RedeployReads, RedeployStep, RedeployWrites};
pub use release_machines::ReleaseMachines;
pub use stop_run::StopRun;
#[cfg(feature = "datasets")]
pub(crate) use transaction::about as runs_about;
#[cfg(feature = "datasets")]
pub use transaction::{AirflowJobs, SonarOutputs};
pub use unblock_downstream::UnblockDownstream;
