//! Worlds worth looking at.

mod bulk;
mod nightly;
mod schemas;

pub use bulk::{Bulk, bulk};
pub use nightly::{Nightly, nightly};
