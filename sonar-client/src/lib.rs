#![doc = include_str!("../README.md")]

mod api;
mod model;

#[cfg(feature = "mock")]
pub use api::MockSonarRead;
pub use api::SonarRead;
pub use metapod_model::*;
pub use model::{Dataset, DatasetDetail, DatasetFilter, State, Transaction};
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
