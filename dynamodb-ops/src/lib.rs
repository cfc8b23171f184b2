#![doc = include_str!("../README.md")]

mod api;
#[cfg(feature = "aws")]
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
mod diagnose;
mod ext;
#[cfg(feature = "aws")]
mod metrics;
mod model;
#[cfg(feature = "aws")]
mod wire;

#[cfg(feature = "mock")]
pub use api::{MockTablesRead, MockTablesWrite};
pub use api::{TablesRead, TablesWrite};
#[cfg(feature = "aws")]
pub use client::TablesClient;
pub use diagnose::{Finding, HeadRoom, Remedy, diagnose};
pub use ext::TablesReadExt;
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
