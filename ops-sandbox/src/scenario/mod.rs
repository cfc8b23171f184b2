//! Worlds worth looking at.

mod bulk;
mod dags;
mod nightly;
mod schemas;

pub use bulk::{Bulk, bulk};
pub use dags::{dagao, shapes, wide};
pub use nightly::{Nightly, nightly};
