//! The guide (`GUIDE.md`): its code is that of a program which is built here, its output is what that program says, and what
//! it promises is tried.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod engine;
mod faults;
#[expect(dead_code, reason = "its `main` is for the program")]
#[path = "../../examples/pause-consumers/main.rs"]
pub mod pause_consumers;
mod text;
