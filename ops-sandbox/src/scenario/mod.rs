//! Worlds worth looking at.

mod bulk;
mod dags;
mod nightly;
mod schemas;
mod tonight;

pub use bulk::{Bulk, bulk};
pub use dags::{dagao, shapes, wide};
pub use nightly::{Nightly, nightly};
pub use tonight::{Tonight, tonight};
