#![doc = include_str!("../README.md")]

mod api;
#[cfg(feature = "aws")]
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
mod ext;
mod model;
#[cfg(feature = "aws")]
mod wire;

#[cfg(feature = "mock")]
pub use api::{MockStacksRead, MockStacksWrite};
pub use api::{StacksRead, StacksWrite};
#[cfg(feature = "aws")]
pub use client::StacksClient;
pub use ext::StacksReadExt;
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
