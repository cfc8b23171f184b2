//! Runs over a real Restate server.

#![allow(clippy::print_stdout, reason = "what was measured is shown where it is asked for")]
#![allow(clippy::future_not_send, reason = "tests wait where they are")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod child;
mod death;
mod promises;
mod stage;
