#![doc = include_str!("../README.md")]

mod api;
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
mod find;
mod model;
mod wire;

pub use api::MessagesRead;
#[cfg(feature = "mock")]
pub use api::MockMessagesRead;
pub use client::SlackClient;
pub use find::Finder;
pub use metapod_model::TransactionId;
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
