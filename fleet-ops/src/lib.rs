#![doc = include_str!("../README.md")]

mod api;
#[cfg(feature = "conformance")]
pub mod conformance;
mod model;

pub use api::{FleetRead, FleetWrite};
#[cfg(feature = "mock")]
pub use api::{MockFleetRead, MockFleetWrite};
pub use model::{Group, GroupFilter, InstanceId, Life, Machine, Refresh, RefreshRequest, RefreshState, Size};
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
