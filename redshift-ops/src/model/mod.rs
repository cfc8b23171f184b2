//! Our words for what Redshift tells.

mod cluster;
mod load;
mod lock;
mod session;

pub use cluster::{Cluster, ClusterEvent, ClusterId, ClusterStatus, Host, Resize, Snapshot};
pub use load::{Load, LoadError, LoadFilter};
pub use lock::{Lock, LockMode, Relation};
pub use session::{LastQuery, Me, Pid, RunningQuery, SERVICE_USER, Session, SessionKey, UnknownPid};
