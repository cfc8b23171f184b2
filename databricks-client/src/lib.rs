#![doc = include_str!("../README.md")]

mod api;
#[cfg(feature = "wait")]
mod ext;
mod model;

#[cfg(feature = "mock")]
pub use api::{MockWorkspaceRead, MockWorkspaceWrite};
pub use api::{WorkspaceRead, WorkspaceWrite};
#[cfg(feature = "wait")]
pub use ext::{CommandStep, WorkspaceReadExt, WorkspaceWriteExt};
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
