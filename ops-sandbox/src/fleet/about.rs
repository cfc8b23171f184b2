//! What a call is about, as the log has it.

use fleet_ops::InstanceId;
use uuid::Uuid;

/// What a call to the fleet is about. Each name has its own UUID in the log, made from it (version 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// Nothing in particular.
    Everything,
    /// A group.
    Group(&'a str),
    /// A machine.
    Machine(&'a InstanceId),
}

impl About<'_> {
    /// What stands for it in the log.
    pub fn subject(self) -> Uuid {
        let name = match self {
            Self::Everything => return Uuid::nil(),
            Self::Group(name) => format!("fleet/groups/{name}"),
            Self::Machine(id) => format!("fleet/machines/{id}"),
        };
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    }
}
