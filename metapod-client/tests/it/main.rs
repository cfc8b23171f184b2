//! The client against a server that says what it is told to say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[cfg(feature = "conformance")]
mod conformance;
mod failures;
#[cfg(feature = "mock")]
mod mocks;
mod peer;
mod requests;
mod secrets;
mod support;
