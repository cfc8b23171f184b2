//! Tables, their capacity, and what they were asked for.

mod capacity;
mod decreases;
mod name;
mod prices;
mod scaling;
mod table;
mod usage;

pub use capacity::{Capacity, CapacityChange, Place, Unit};
pub use decreases::Decreases;
pub use name::{BadName, TableName};
pub use prices::{Cost, Prices};
pub use scaling::{AccountLimits, Bounds, ScalingChange, ScalingTarget};
pub use table::{Billing, Provision, Table, TableStatus};
pub use usage::{Cause, Point, Throttled, Usage, Window};
