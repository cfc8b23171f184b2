//! What any implementation of the ports must do: a fake in memory, the real service, a stand-in for it.
//!
//! There are two suites: [`cluster`] over [`ClusterRead`](crate::ClusterRead) and
//! [`ClusterWrite`](crate::ClusterWrite), and [`warehouse`] over [`WarehouseRead`](crate::WarehouseRead),
//! [`WarehouseWrite`](crate::WarehouseWrite) and [`LoadsRead`](crate::LoadsRead). In each an implementation is put on a
//! stage, which says what can be done there; `run_all` runs every case that is possible on it, and names those that are
//! not.

pub mod cluster;
mod support;
pub mod warehouse;

pub use ops_client::conformance::{Fault, Needs, Prepare, Report, Verdict};
