//! What the name of a service's stack says.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{BadName, StackName};

/// A service's stack, by the parts of its name: `prod-global-k-metapod`. There is one for each shard (prototype), and
/// more than one for each shard while the stack is being exchanged (suffix).
///
/// ```
/// use cloudformation_ops::ServiceStack;
///
/// let stack = ServiceStack::parse(&"prod-s0-k-itaipu-contracts".parse()?).ok_or("no service's stack")?;
/// assert_eq!((&*stack.environment, &*stack.prototype), ("prod", "s0"));
/// assert_eq!((&*stack.suffix, &*stack.service), ("k", "itaipu-contracts"));
/// assert_eq!(stack.name()?.as_str(), "prod-s0-k-itaipu-contracts");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServiceStack {
    /// The environment: `prod`.
    pub environment: String,
    /// The shard, or `global`.
    pub prototype: String,
    /// Which of the stacks that follow each other: a letter once, a colour later.
    pub suffix: String,
    /// The service; hyphens may be in it.
    pub service: String,
}

impl ServiceStack {
    /// A stack of these parts.
    pub fn new(
        environment: impl Into<String>,
        prototype: impl Into<String>,
        suffix: impl Into<String>,
        service: impl Into<String>,
    ) -> Self {
        let (environment, prototype) = (environment.into(), prototype.into());
        Self { environment, prototype, suffix: suffix.into(), service: service.into() }
    }

    /// What a name says, if it has four parts.
    pub fn parse(name: &StackName) -> Option<Self> {
        let mut parts = name.as_str().splitn(4, '-').filter(|part| !part.is_empty());
        Some(Self::new(parts.next()?, parts.next()?, parts.next()?, parts.next()?))
    }

    /// Its name.
    ///
    /// # Errors
    /// Where its parts make none.
    pub fn name(&self) -> Result<StackName, BadName> {
        self.to_string().parse()
    }
}

impl fmt::Display for ServiceStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}-{}", self.environment, self.prototype, self.suffix, self.service)
    }
}

/// Which stacks are meant: those of an environment, of one service or of all, of some shards and suffixes or of all.
///
/// ```
/// use cloudformation_ops::Family;
///
/// let shards = Family::new("prod", "correnteza").prototype("s0").prototype("s1");
/// assert!(shards.matches(&"prod-s1-k-correnteza".parse()?));
/// assert!(!shards.matches(&"prod-s2-k-correnteza".parse()?));
/// assert!(!shards.matches(&"prod-s1-k-correnteza-tests".parse()?));
/// # Ok::<(), cloudformation_ops::BadName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Family {
    /// The environment.
    pub environment: String,
    /// The service; without one, every service.
    pub service: Option<String>,
    /// The shards; without any, every shard.
    pub prototypes: BTreeSet<String>,
    /// The suffixes; without any, every suffix.
    pub suffixes: BTreeSet<String>,
}

impl Family {
    /// All stacks of a service.
    pub fn new(environment: impl Into<String>, service: impl Into<String>) -> Self {
        Self { service: Some(service.into()), ..Self::of_environment(environment) }
    }

    /// All services' stacks of an environment.
    pub fn of_environment(environment: impl Into<String>) -> Self {
        let environment = environment.into();
        Self { environment, service: None, prototypes: BTreeSet::new(), suffixes: BTreeSet::new() }
    }

    /// Only of this shard, or of one of those that were named so.
    #[must_use]
    pub fn prototype(mut self, prototype: impl Into<String>) -> Self {
        self.prototypes.insert(prototype.into());
        self
    }

    /// Only of this suffix, or of one of those that were named so.
    #[must_use]
    pub fn suffix(mut self, suffix: impl Into<String>) -> Self {
        self.suffixes.insert(suffix.into());
        self
    }

    /// Whether a stack of this name is meant.
    pub fn matches(&self, name: &StackName) -> bool {
        ServiceStack::parse(name).is_some_and(|stack| {
            let one_of = |wanted: &BTreeSet<String>, part| wanted.is_empty() || wanted.contains(part);
            stack.environment == self.environment
                && self.service.as_ref().is_none_or(|service| *service == stack.service)
                && one_of(&self.prototypes, &stack.prototype)
                && one_of(&self.suffixes, &stack.suffix)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_other_forms_are_no_services_stacks() {
        for name in ["prod", "prod-global-k", "prod-global--metapod", "prod--k-metapod", "prod-global-k-"] {
            assert_eq!(ServiceStack::parse(&name.parse().unwrap()), None, "{name}");
        }
    }

    #[test]
    fn a_family_without_a_service_is_every_service_of_the_environment() {
        let shard = Family::of_environment("prod").prototype("s0");
        for (name, meant) in [
            ("prod-s0-k-correnteza", true),
            ("prod-s0-x-metapod", true),
            ("prod-s1-k-correnteza", false),
            ("staging-s0-k-correnteza", false),
            ("prod-s0", false),
        ] {
            assert_eq!(shard.matches(&name.parse().unwrap()), meant, "{name}");
        }
        assert!(!shard.suffix("x").matches(&"prod-s0-k-correnteza".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn parts_and_name_say_the_same(
            environment in "[a-z][a-z0-9]{0,9}", prototype in "[a-z0-9]{1,9}", suffix in "[a-z]{1,9}",
            service in "[a-z][a-z0-9-]{0,30}",
        ) {
            let stack = ServiceStack::new(environment, prototype, suffix, service);
            prop_assert_eq!(ServiceStack::parse(&stack.name().unwrap()), Some(stack));
        }
    }
}
