#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails"))]

mod archive;
mod engine;
mod gate;
mod handlers;
mod run_id;
mod serve;
mod services;
mod shared;
mod status;
mod steps;
mod wire;

pub use archive::{Archive, Debt};
pub use engine::{Engine, Submitted};
pub use handlers::Handlers;
pub use serve::Serving;
pub use status::{Progress, Stage, Status};
