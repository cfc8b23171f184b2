#![doc = include_str!("../README.md")]

mod api;
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
mod detect;
mod ext;
mod find;
mod model;
mod wire;

pub use api::BuildsRead;
#[cfg(feature = "mock")]
pub use api::MockBuildsRead;
pub use client::GocdClient;
pub use detect::Generation;
pub use ext::BuildsReadExt;
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
