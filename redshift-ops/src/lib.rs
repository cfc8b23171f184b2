#![doc = include_str!("../README.md")]

mod api;
#[cfg(feature = "conformance")]
pub mod conformance;
mod ext;
mod graph;
mod model;

pub use api::{ClusterRead, ClusterWrite, LoadsRead, WarehouseRead, WarehouseWrite};
#[cfg(feature = "mock")]
pub use api::{MockClusterRead, MockClusterWrite, MockLoadsRead, MockWarehouseRead, MockWarehouseWrite};
pub use ext::ClusterReadExt;
pub use graph::{LockGraph, LockWait};
pub use model::{
    Cluster, ClusterEvent, ClusterId, ClusterStatus, Host, LastQuery, Load, LoadError, LoadFilter, Lock, LockMode, Me,
    Pid, Relation, Resize, RunningQuery, Session, SessionKey, Snapshot, UnknownPid,
};
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
