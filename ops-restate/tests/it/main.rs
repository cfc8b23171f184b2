//! Runs over a real Restate server.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod child;
mod death;
mod promises;
mod stage;
