//! What the programs about the DAG run share: which run is meant, and its pictures.

mod draw;
mod which;

pub use draw::{DrawRun, tree, write_svg};
pub use which::{WhichRun, described, task_key, task_or_failed};
