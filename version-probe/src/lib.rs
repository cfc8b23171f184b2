#![doc = include_str!("../README.md")]

mod api;
#[cfg(feature = "http")]
mod client;
mod ext;
mod model;
#[cfg(feature = "http")]
mod read;

#[cfg(feature = "mock")]
pub use api::MockVersionsRead;
pub use api::VersionsRead;
#[cfg(feature = "http")]
pub use client::{VersionsBuilder, VersionsClient};
pub use ext::VersionsReadExt;
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Result};
