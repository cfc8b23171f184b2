#![doc = include_str!("../README.md")]

mod api;
#[cfg(feature = "aws")]
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
mod cycle;
mod ext;
mod model;
#[cfg(feature = "aws")]
mod wire;

pub use api::{FleetRead, FleetWrite};
#[cfg(feature = "mock")]
pub use api::{MockFleetRead, MockFleetWrite};
#[cfg(feature = "aws")]
pub use client::FleetClient;
pub use cycle::{Cycle, Obstacle};
pub use ext::FleetReadExt;
pub use model::{Group, GroupFilter, InstanceId, Life, Machine, Refresh, RefreshRequest, RefreshState, Size};
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
