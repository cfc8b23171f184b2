#![doc = include_str!("../README.md")]

mod api;
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
mod databricks;
mod ext;
mod links;
mod model;
mod queries;
mod wire;

#[cfg(feature = "mock")]
pub use api::MockSonarRead;
pub use api::SonarRead;
pub use client::SonarClient;
pub use databricks::{DatabricksPath, Mounts};
pub use ext::{Progress, SonarReadExt};
pub use links::Links;
pub use metapod_model::*;
pub use model::{Dataset, DatasetDetail, DatasetFilter, State};
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
