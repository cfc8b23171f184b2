//! What must survive: killed processes, torn journals, full disks, races, a network that fails, answers that are none.
//!
//! The recipes, the clients and the runner are the real ones. What is played is the other end: the sandbox's server, which
//! counts how often each thing was asked for and how often it really happened.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bad_input;
mod child;
mod disk;
mod engine;
mod faults;
mod kills;
mod race;
mod schedule;
mod stage;
mod torn;
mod undo;
