#![doc = include_str!("../README.md")]

mod api;
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
mod convert;
mod diagnose;
mod id;
mod mesos;
mod model;
mod ops;
mod outcome;
pub mod rpc;
mod status;
#[cfg(feature = "template")]
mod template;
mod thermos;
pub mod wire;

pub use api::{AuroraAdmin, AuroraRead, AuroraWrite, MesosRead, MesosWrite};
#[cfg(feature = "mock")]
pub use api::{MockAuroraAdmin, MockAuroraRead, MockAuroraWrite, MockMesosRead, MockMesosWrite};
pub use client::AuroraClient;
pub use diagnose::{Condition, Diagnosis, diagnose};
pub use id::{ClusterJob, FrameworkId, InstanceSet, Instances, JobKey, ParseError, TaskId};
pub use mesos::MesosClient;
pub use model::*;
pub use ops::{
    AuroraReadExt, AuroraWriteExt, Created, KilledTasks, Patience, RestartStep, RestartTrouble, Restarted,
    RollingRestart,
};
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
pub use outcome::{Fate, JobOutcome, TaskOutcome, Verdict};
pub use status::{Generation, InstanceStatus, JobStatus};
#[cfg(feature = "template")]
pub use template::{Binds, JobTemplate, TemplateError};
