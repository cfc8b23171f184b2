#![doc = include_str!("../README.md")]

mod api;
mod ext;
mod find;
mod model;

pub use api::BuildsRead;
#[cfg(feature = "mock")]
pub use api::MockBuildsRead;
pub use ext::BuildsReadExt;
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
