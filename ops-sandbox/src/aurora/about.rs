//! What a call is about, as the log has it.

use aurora_client::{FrameworkId, JobKey};
use uuid::Uuid;

/// What a call to Aurora or Mesos is about. Each name has its own UUID in the log, made from it (version 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// Nothing in particular.
    Everything,
    /// A job.
    Job(&'a JobKey),
    /// A host; a call about several has the first one.
    Host(&'a str),
    /// A role.
    Role(&'a str),
    /// A framework.
    Framework(&'a FrameworkId),
}

impl About<'_> {
    /// What stands for it in the log.
    pub fn subject(self) -> Uuid {
        let name = match self {
            Self::Everything => return Uuid::nil(),
            Self::Job(key) => format!("aurora/jobs/{key}"),
            Self::Host(host) => format!("aurora/hosts/{host}"),
            Self::Role(role) => format!("aurora/roles/{role}"),
            Self::Framework(id) => format!("mesos/frameworks/{id}"),
        };
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    }
}
