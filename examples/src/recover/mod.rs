//! The ladder for a failed run, as a person climbs it: look, propose, ask, run, wait, look again.

mod climb;
mod show;
mod which;

pub use climb::{Climber, climb};
pub use show::{evidence, ladder};
pub use which::{Goal, WhichLadder};
