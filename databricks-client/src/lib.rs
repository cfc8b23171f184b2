#![doc = include_str!("../README.md")]

mod api;
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "wait")]
mod ext;
mod login;
mod model;
mod read;
mod wire;
mod write;

#[cfg(feature = "mock")]
pub use api::{MockWorkspaceRead, MockWorkspaceWrite};
pub use api::{WorkspaceRead, WorkspaceWrite};
pub use client::DatabricksClient;
#[cfg(feature = "wait")]
pub use ext::{CommandStep, WorkspaceReadExt, WorkspaceWriteExt};
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
