//! Proves the engine against a small world that counts what was done to it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "what was measured is shown where it is asked for")]

mod approval;
#[cfg(feature = "local")]
mod crash;
#[cfg(feature = "local")]
mod due;
#[cfg(feature = "local")]
mod full_disk;
mod history;
#[cfg(feature = "local")]
mod journal;
#[cfg(feature = "local")]
mod lab;
#[cfg(feature = "local")]
mod locks;
mod parts;
mod replay;
#[cfg(feature = "local")]
mod reports;
#[cfg(feature = "local")]
mod size;
#[cfg(feature = "local")]
mod undo;
mod walk;
#[cfg_attr(not(feature = "local"), allow(dead_code, reason = "the runner's tests need more of the world"))]
mod world;
