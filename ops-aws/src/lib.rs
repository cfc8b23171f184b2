#![doc = include_str!("../README.md")]

mod call;
mod config;
pub mod error;
mod identity;
mod pages;

pub use call::Call;
pub use config::{Aws, AwsBuilder, Limits, patient};
pub use identity::CallerIdentity;
pub use ops_client::retry::{Idempotency, RetryPolicy};
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
pub use pages::Pages;
