//! What a call is about, as the log has it.

use cloudformation_ops::StackName;
use uuid::Uuid;

/// What a call about stacks or to a service is about. Each stack has its own UUID in the log, made from its name (version 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// Nothing in particular.
    Everything,
    /// A stack.
    Stack(&'a StackName),
    /// The service that a stack runs, asked by its address.
    Service(&'a StackName),
}

impl About<'_> {
    /// What stands for it in the log.
    pub fn subject(self) -> Uuid {
        let name = match self {
            Self::Everything => return Uuid::nil(),
            Self::Stack(name) => format!("cloudformation/stacks/{name}"),
            Self::Service(name) => format!("services/{name}"),
        };
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    }
}
