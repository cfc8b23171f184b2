#![doc = include_str!("../README.md")]

mod api;
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
mod detect;
mod ext;
mod id;
mod login;
mod model;
mod read;
mod wire;
mod write;

pub use api::{AirflowRead, AirflowTrigger, AirflowWrite};
#[cfg(feature = "mock")]
pub use api::{MockAirflowRead, MockAirflowTrigger, MockAirflowWrite};
pub use client::AirflowClient;
pub use ext::AirflowReadExt;
pub use id::{DagId, DagRunId, ExecutionDate, ParseError, RunKey, TargetDate, TaskId, TaskKey};
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
pub use write::AirflowTriggerClient;
