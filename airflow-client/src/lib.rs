#![doc = include_str!("../README.md")]

mod api;
#[cfg(feature = "conformance")]
pub mod conformance;
mod id;
mod model;

pub use api::{AirflowRead, AirflowTrigger, AirflowWrite};
#[cfg(feature = "mock")]
pub use api::{MockAirflowRead, MockAirflowTrigger, MockAirflowWrite};
pub use id::{DagId, DagRunId, ExecutionDate, ParseError, RunKey, TargetDate, TaskId, TaskKey};
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
