//! What users of the crate rely on: requests to the letter, failures with what they may have done, and real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod aws;
mod cluster;
mod connecting;
mod loader;
mod postgres;
mod warehouse;
