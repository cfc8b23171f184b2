//! Worlds worth looking at.

mod announcements;
mod bulk;
mod dags;
mod files;
mod hung_load;
mod nightly;
mod on_aurora;
mod recovery;
mod schemas;
mod services;
mod stack;
mod tables;
mod tonight;

pub use announcements::announcements;
pub use bulk::{Bulk, bulk};
pub use dags::{dagao, dagao_with, shapes, wide};
pub use files::{files, workspace};
pub use hung_load::{HungLoad, LoadTrouble, hung_load, hung_load_with};
pub use nightly::{Nightly, nightly};
pub use on_aurora::{OnAuroraNight, dagao_on_aurora};
pub use recovery::{Recovery, TroubledNight, recovery};
pub use services::{Services, services};
pub use stack::{Stack, stack};
pub use tables::throttled_tables;
pub use tonight::{Tonight, tonight};
