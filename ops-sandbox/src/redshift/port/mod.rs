//! The ports in memory.

mod cluster;
mod warehouse;

pub use cluster::ClusterPort;
pub use warehouse::WarehousePort;
