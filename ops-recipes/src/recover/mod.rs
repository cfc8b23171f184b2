//! «Basic steps to handling Airflow DAG errors»: what to do when the run of `dagao` failed.
//!
//! The runbook's ladder: cycle the machines, create the job again with the same transaction, scale up, create it again, roll back to
//! a version that worked and create it again; and before all that, look whether it is the network at all. Here every rung is a plan
//! of its own, made by the recipe that does it anyhow, proposed from what is seen and approved by a person.
//!
//! 1. [`gather`] reads: failures of the transaction's jobs and their [`Class`], the run in Airflow, deploys, machines, and which
//!    rungs were climbed, from the folder of runs ([`Past`]) and from the world.
//! 2. [`next`] says what to do next. It is pure.
//! 3. [`RecoverRun`] is one rung as a recipe: it plans what [`CycleMachines`](crate::aurora::CycleMachines),
//!    [`CreateJob`](crate::aurora::CreateJob) or [`ScaleUp`](crate::aurora::ScaleUp) would, and adds the ladder's guards.
//!
//! Nothing is kept between rungs but what lies in the folder of runs: who takes over reads the same.

mod class;
mod deploys;
mod evidence;
mod gather;
mod ladder;
mod past;
mod rung;
mod ways;

pub use class::{Class, KNOWN, Patterns};
pub use deploys::{Deploy, GocdDeploys, RecentDeploys};
pub use evidence::{Attempt, Evidence, Failure, Open, RunSeen};
pub use gather::{RecoverReads, RecoverWrites, gather};
pub use ladder::{Rules, Rung, Step, next};
pub use past::Past;
pub use rung::{Climb, Ladder, RecoverRun, RungStep};
pub use ways::Ways;

/// Alert texts and symptoms that this ladder answers.
pub const ALERTS: &[&str] = &["the dagao run failed", "handling airflow dag errors", "reading non-existent files"];
