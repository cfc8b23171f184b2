#![doc = include_str!("../README.md")]

mod api;
#[cfg(feature = "cluster")]
mod cluster;
#[cfg(feature = "conformance")]
pub mod conformance;
mod ext;
mod graph;
pub mod loader;
mod model;
#[cfg(feature = "sql")]
pub mod sql;
pub mod statement;

pub use api::{ClusterRead, ClusterWrite, LoadsRead, WarehouseRead, WarehouseWrite};
#[cfg(feature = "mock")]
pub use api::{MockClusterRead, MockClusterWrite, MockLoadsRead, MockWarehouseRead, MockWarehouseWrite};
#[cfg(all(feature = "cluster", feature = "sql"))]
pub use cluster::TemporaryLogin;
#[cfg(feature = "cluster")]
pub use cluster::{ClusterClient, Credentials};
pub use ext::ClusterReadExt;
pub use graph::{LockGraph, LockWait};
pub use model::{
    Cluster, ClusterEvent, ClusterId, ClusterStatus, Host, LastQuery, Load, LoadError, LoadFilter, Lock, LockMode, Me,
    Pid, Relation, Resize, RunningQuery, SERVICE_USER, Session, SessionKey, Snapshot, UnknownPid,
};
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
