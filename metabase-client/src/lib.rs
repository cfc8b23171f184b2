#![doc = include_str!("../README.md")]

mod api;
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
mod ext;
mod find;
mod login;
mod model;
mod wire;

pub use api::MetabaseRead;
#[cfg(feature = "mock")]
pub use api::MockMetabaseRead;
pub use client::MetabaseClient;
pub use ext::MetabaseReadExt;
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
