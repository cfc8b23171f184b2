//! Worlds worth looking at.

mod bulk;
mod dags;
mod nightly;
mod on_aurora;
mod schemas;
mod stack;
mod tonight;

pub use bulk::{Bulk, bulk};
pub use dags::{dagao, dagao_with, shapes, wide};
pub use nightly::{Nightly, nightly};
pub use on_aurora::{OnAuroraNight, dagao_on_aurora};
pub use stack::{Stack, stack};
pub use tonight::{Tonight, tonight};
