//! The HTTP path against servers that behave, and against servers that do not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bounds;
mod credentials;
mod failures;
mod lines;
mod logins;
mod requests;
mod retries;
mod secrets;
mod server;
mod support;
mod tls;
