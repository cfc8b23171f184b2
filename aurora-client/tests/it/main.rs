//! What the client sends, what it makes of answers, and what of broken ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod failures;
mod mesos;
mod peer;
mod redirects;
mod requests;
mod secrets;
mod support;
mod wire;
