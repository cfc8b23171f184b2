//! The warehouse: Redshift, its loader, and what was loaded.

pub mod dataset_loaded;
mod loads;
mod ports;
pub mod restart_redshift;

pub use dataset_loaded::{DatasetLoaded, Loaded, LoadedReads, TableName};
pub use loads::MetabaseLoads;
pub use ports::{WarehouseReads, WarehouseWrites};
pub use restart_redshift::{RestartRedshift, WarehouseStep};
