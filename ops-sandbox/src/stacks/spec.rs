//! Stacks that shall be in the world.

use std::collections::BTreeMap;

use cloudformation_ops::{ServiceStack, StackName, StackStatus};

use super::template::{ALARM, BLUE, GREEN, SERVICE, TOKEN, Values};

/// A service's stack that shall be in the world. All of its instances that can be healthy are when it is put there.
#[derive(Clone, Debug)]
pub struct StackSpec {
    pub(super) name: StackName,
    pub(super) values: Values,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) status: StackStatus,
}

impl StackSpec {
    /// A stack that was created and never updated, with no instances on either side.
    pub fn new(name: StackName) -> Self {
        let service = ServiceStack::parse(&name).map_or_else(|| name.to_string(), |stack| stack.service);
        let spec = Self { name, values: Values::new(), tags: BTreeMap::new(), status: StackStatus::CreateComplete };
        let spec = spec.blue(0, "none").green(0, "none");
        spec.parameter(SERVICE, service).parameter(ALARM, "on").parameter(TOKEN, "not-a-secret")
    }

    /// So many instances of this version on the blue side.
    #[must_use]
    pub fn blue(self, size: u32, version: impl Into<String>) -> Self {
        self.parameter(BLUE.size, size.to_string()).parameter(BLUE.version, version)
    }

    /// So many instances of this version on the green side.
    #[must_use]
    pub fn green(self, size: u32, version: impl Into<String>) -> Self {
        self.parameter(GREEN.size, size.to_string()).parameter(GREEN.version, version)
    }

    /// With this value of a parameter, whatever its template would say to it. `ApiToken` is never shown.
    #[must_use]
    pub fn parameter(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(key.into(), value.into());
        self
    }

    /// Its template has no such parameter.
    #[must_use]
    pub fn without_parameter(mut self, key: &str) -> Self {
        self.values.remove(key);
        self
    }

    /// With this tag.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// It is in this state, of somebody else's doing. What is in progress stays so until [it is
    /// released](crate::World::release_updates).
    #[must_use]
    pub fn status(mut self, status: StackStatus) -> Self {
        self.status = status;
        self
    }
}
