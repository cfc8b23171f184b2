#![doc = include_str!("../README.md")]

mod api;
mod model;

#[cfg(feature = "mock")]
pub use api::{MockMetapodRead, MockMetapodWrite};
pub use api::{MetapodRead, MetapodWrite};
pub use metapod_model::*;
pub use model::{CommitDataset, Component, CreateTransaction, CreatedDataset, CreatedTransaction, Health, Transaction};
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
