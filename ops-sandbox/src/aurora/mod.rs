//! Aurora and Mesos: schedulers of which one leads, jobs and their tasks, the machines that run them, the Mesos master that
//! gives them out; and how Airflow's tasks stand on Aurora's jobs.
//!
//! States and their order, what a call refuses and in which words, and what each scheduler tells when something is wrong are
//! as the sources of Aurora 0.23 have them. What is simpler here: a step of a task takes fractions of a second, offers come at
//! once, nothing is preempted or throttled, and there are neither updates nor cron runs. What is not known of the real
//! platform is *assumed*: how jobs tell their transaction, and what becomes of a cluster whose master was replaced.

mod about;
mod backing;
mod cluster;
mod direct;
mod hosts;
mod http;
mod kill;
mod life;
mod mesos;
mod place;
mod port;
mod spec;
mod state;
mod thermos;
mod trouble;

pub use about::About;
pub use backing::OnAurora;
pub(crate) use hosts::Agent;
pub(crate) use http::{master, master_door, scheduler, scheduler_door};
pub(crate) use life::{Link, News};
pub use port::{AuroraPort, MesosPort};
pub use spec::{Ailment, FailsWhile, JobOrder, JobSpec};
pub(crate) use state::Aurora;
pub use trouble::Trouble;
