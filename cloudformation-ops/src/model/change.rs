//! What a stack shall become: the only way to ask for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Error, ParameterValue, Result, Stack, StackName};

/// What services' templates need: they make roles, with names of their own.
const ALWAYS: [&str; 2] = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"];

/// A change of some parameters of a stack, and of nothing else.
///
/// It is made of the stack as it was seen, because AWS must be told of *every* parameter: one that is left out falls
/// back to its template's default, silently. So all are listed, and all but the few that are set keep the value that
/// they have. The template stays, and tags are not sent, which keeps them.
///
/// ```
/// use cloudformation_ops::{Change, Stack, StackStatus};
/// # let now = "2018-01-17T00:00:00Z".parse()?;
///
/// let mut stack = Stack::new("arn:…", "prod-global-k-metapod".parse()?, StackStatus::UpdateComplete, now);
/// stack.parameters.insert("GreenSize".to_owned(), "0".into());
/// stack.parameters.insert("Service".to_owned(), "metapod".into());
///
/// let change = Change::of(&stack).with("GreenSize", "2")?;
/// assert_eq!(change.parameters().collect::<Vec<_>>(), [("GreenSize", Some("2")), ("Service", None)]);
/// assert!(Change::of(&stack).with("GrenSize", "2").is_err());
/// assert!(Change::of(&stack).with("GreenSize", "0")?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    stack: StackName,
    seen: BTreeMap<String, ParameterValue>,
    set: BTreeMap<String, String>,
    capabilities: BTreeSet<String>,
    description: Option<String>,
}

impl Change {
    /// Of this stack, as it was seen. Nothing is set yet.
    pub fn of(stack: &Stack) -> Self {
        let mut capabilities = stack.capabilities.clone();
        capabilities.extend(ALWAYS.map(str::to_owned));
        let (seen, set) = (stack.parameters.clone(), BTreeMap::new());
        Self { stack: stack.name.clone(), seen, set, capabilities, description: None }
    }

    /// Sets a parameter.
    ///
    /// # Errors
    /// `Invalid` where the stack has no such parameter, with those that it has; and where the parameter is hidden: a
    /// secret is not changed from here.
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Result<Self> {
        match self.seen.get(key) {
            None => {
                let there: Vec<&str> = self.seen.keys().map(String::as_str).collect();
                let error = invalid(format!("{} has no parameter {key:?}", self.stack));
                Err(error.with_remedy(format!("it has: {}", there.join(", "))))
            }
            Some(ParameterValue::Hidden) => {
                Err(invalid(format!("the parameter {key} of {} is hidden: it keeps its value", self.stack)))
            }
            Some(ParameterValue::Plain(_)) => {
                self.set.insert(key.to_owned(), value.into());
                Ok(self)
            }
        }
    }

    /// Says what the change is for; people see it with the change set.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The stack.
    pub fn stack(&self) -> &StackName {
        &self.stack
    }

    /// Every parameter of the stack, by key; without a value, it keeps the one that it has.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.seen.keys().map(|key| (key.as_str(), self.set.get(key).map(String::as_str)))
    }

    /// The parameters that become another, by key: what was seen, and what is set.
    pub fn new_values(&self) -> impl Iterator<Item = (&str, &ParameterValue, &str)> {
        let all = self.set.iter().filter_map(|(key, value)| Some((key.as_str(), self.seen.get(key)?, value.as_str())));
        all.filter(|(_, seen, value)| seen.plain() != Some(value))
    }

    /// Whether nothing that is set is new.
    pub fn is_empty(&self) -> bool {
        self.new_values().next().is_none()
    }

    /// What is acknowledged: what the stack was allowed to do, and to make roles.
    pub fn capabilities(&self) -> impl Iterator<Item = &str> {
        self.capabilities.iter().map(String::as_str)
    }

    /// What the change is for.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }
}

fn invalid(message: String) -> Error {
    Error::invalid("cloudformation.change", message).with_attempts(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, StackStatus};

    fn stack() -> Stack {
        let name = "prod-s0-k-correnteza".parse().unwrap();
        let mut stack = Stack::new("id", name, StackStatus::CreateComplete, "2018-01-17T00:00:00Z".parse().unwrap());
        let values = [("BlueSize", "1"), ("BlueVersion", "a1b2c3d"), ("ApiToken", "****"), ("Alarms", "")];
        stack.parameters = values.map(|(key, value)| (key.to_owned(), value.into())).into();
        stack.capabilities.insert("CAPABILITY_AUTO_EXPAND".to_owned());
        stack
    }

    #[test]
    fn every_parameter_is_listed_and_only_what_is_set_is_told() {
        let change = Change::of(&stack()).with("BlueSize", "2").unwrap().with("Alarms", "on").unwrap();
        let all: Vec<_> = change.parameters().collect();
        assert_eq!(all, [("Alarms", Some("on")), ("ApiToken", None), ("BlueSize", Some("2")), ("BlueVersion", None)]);
        let new: Vec<_> = change.new_values().map(|(key, seen, value)| format!("{key}: {seen} → {value}")).collect();
        assert_eq!(new, ["Alarms:  → on", "BlueSize: 1 → 2"]);
        let capabilities: Vec<_> = change.capabilities().collect();
        assert_eq!(capabilities, ["CAPABILITY_AUTO_EXPAND", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]);
    }

    #[test]
    fn what_the_stack_does_not_have_cannot_be_set() {
        let error = Change::of(&stack()).with("BlueVersoin", "e4f5a6b").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.remedy(), Some("it has: Alarms, ApiToken, BlueSize, BlueVersion"));
        for secret in ["****", "another"] {
            let error = Change::of(&stack()).with("ApiToken", secret).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        }
    }

    #[test]
    fn the_same_values_again_are_no_change() {
        assert!(Change::of(&stack()).is_empty());
        let same = Change::of(&stack()).with("BlueSize", "1").unwrap();
        assert!(same.is_empty());
        assert_eq!(same.parameters().filter(|(_, value)| value.is_some()).count(), 1, "what is asked for is sent");
        assert!(!same.with("Alarms", "on").unwrap().is_empty());
    }
}
