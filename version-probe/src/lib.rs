#![doc = include_str!("../README.md")]

mod api;
mod ext;
mod model;

#[cfg(feature = "mock")]
pub use api::MockVersionsRead;
pub use api::VersionsRead;
pub use ext::VersionsReadExt;
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Result};
