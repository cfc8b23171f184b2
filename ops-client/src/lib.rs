#![doc = include_str!("../README.md")]

#[cfg(feature = "conformance")]
pub mod conformance;
mod environment;
mod error;
#[cfg(feature = "http")]
pub mod http;
mod probe;
#[cfg(feature = "retry")]
pub mod retry;
#[cfg(feature = "wait")]
pub mod wait;

pub use environment::Environment;
pub use error::{Effect, Error, ErrorKind, Result};
pub use probe::Probe;
