#![doc = include_str!("../README.md")]

mod api;
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
mod model;
mod wire;

pub use api::{MetapodRead, MetapodWrite};
#[cfg(feature = "mock")]
pub use api::{MockMetapodRead, MockMetapodWrite};
pub use client::MetapodClient;
pub use metapod_model::*;
pub use model::{CommitDataset, Component, CreateTransaction, CreatedDataset, CreatedTransaction, Health};
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result, http};
