#![doc = include_str!("../README.md")]

mod api;
mod ext;
mod model;

#[cfg(feature = "mock")]
pub use api::{MockStacksRead, MockStacksWrite};
pub use api::{StacksRead, StacksWrite};
pub use ext::StacksReadExt;
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
