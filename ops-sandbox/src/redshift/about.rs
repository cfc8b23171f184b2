//! What a call is about, as the log has it.

use redshift_ops::{ClusterId, SessionKey};
use uuid::Uuid;

/// What a call to a cluster or to the warehouse is about. Each has its own UUID in the log, made from its name (version
/// 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// Nothing in particular.
    Everything,
    /// A cluster.
    Cluster(&'a ClusterId),
    /// A session.
    Session(&'a SessionKey),
}

impl About<'_> {
    /// What stands for it in the log.
    pub fn subject(self) -> Uuid {
        let name = match self {
            Self::Everything => return Uuid::nil(),
            Self::Cluster(id) => format!("redshift/clusters/{id}"),
            Self::Session(key) => format!("redshift/sessions/{}/{}", key.pid, key.started),
        };
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    }
}
