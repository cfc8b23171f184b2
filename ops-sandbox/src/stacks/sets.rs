//! Change sets: computed after a while, executed once.

use cloudformation_ops::{Change, ChangeSet, ChangeSetName, ChangeSetStatus, ClientToken, Execution, StackName};
use jiff::Timestamp;
use uuid::Uuid;

use super::held::{Held, physical_id};
use super::state::{Due, Stacks};
use super::template::{self, TOKEN, Values};
use crate::agenda::later;
use crate::refusal::Refusal;

const NO_CHANGES: &str =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

/// A change set, and the values that it sets.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    pub(crate) shown: ChangeSet,
    /// What it is once it is computed, until then.
    pub(super) to_come: Option<ChangeSet>,
    wanted: Values,
}

impl Set {
    /// The stack changes by something else: it can no longer be executed, nor once it is computed.
    pub(super) fn gets_stale(&mut self) {
        let all = [Some(&mut self.shown), self.to_come.as_mut()];
        for one in all.into_iter().flatten().filter(|one| one.execution == Execution::Available) {
            one.execution = Execution::Obsolete;
        }
    }
}

/// What is asked for: without a value, a parameter keeps the one that it has.
pub(crate) struct Wish<'a> {
    pub(crate) parameters: Vec<(&'a str, Option<&'a str>)>,
    pub(crate) description: Option<&'a str>,
}

impl<'a> From<&'a Change> for Wish<'a> {
    fn from(change: &'a Change) -> Self {
        Self { parameters: change.parameters().collect(), description: change.description() }
    }
}

impl Held {
    /// The values that a stack would have. Whoever leaves one out gets its default.
    fn wanted(&self, wish: &Wish<'_>) -> Result<Values, Refusal> {
        let invalid = |keys: Vec<&str>, why| {
            Refusal::Invalid(format!("ValidationError: Parameters: [{}] {why}", keys.join(", ")))
        };
        let listed = |key: &str| wish.parameters.iter().find(|(listed, _)| *listed == key);
        let keys = wish.parameters.iter().map(|(key, _)| *key);
        let unknown: Vec<&str> = keys.filter(|key| !self.values.contains_key(*key)).collect();
        if !unknown.is_empty() {
            return Err(invalid(unknown, "do not exist in the template"));
        }
        let mut wanted = Values::new();
        let mut missing = Vec::new();
        for (key, now) in &self.values {
            let value = match listed(key) {
                Some((_, Some(new))) => Some((*new).to_owned()),
                Some((_, None)) => Some(now.clone()),
                None => self.defaults.get(key).cloned(),
            };
            match value {
                Some(value) => drop(wanted.insert(key.clone(), value)),
                None => missing.push(key.as_str()),
            }
        }
        if !missing.is_empty() {
            return Err(invalid(missing, "must have values"));
        }
        template::check(&self.values, &wanted)?;
        Ok(wanted)
    }
}

impl Stacks {
    /// A change set is made, and will be computed. Its id.
    pub(crate) fn create_set(
        &mut self,
        stack: &StackName,
        wish: &Wish<'_>,
        name: &ChangeSetName,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        self.sets_made += 1;
        let (made, takes) = (self.sets_made, self.sets_take);
        let held = self.held_mut(stack)?;
        held.is_free()?;
        if held.sets.contains_key(name) {
            return Err(Refusal::Conflict(format!("AlreadyExistsException: ChangeSet {name} already exists")));
        }
        let wanted = held.wanted(wish)?;
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("set/{stack}/{name}/{made}").as_bytes());
        let id = format!("arn:aws:cloudformation:us-east-1:123456789012:changeSet/{name}/{id}");
        let (status, execution) = (ChangeSetStatus::CreateComplete, Execution::Available);
        let mut shown = ChangeSet::new(&id, name.clone(), stack.clone(), status, execution);
        shown.created = Some(now);
        shown.description = wish.description.map(str::to_owned);
        shown.parameters = template::shown(&wanted);
        shown.changes = template::changes(&held.values, &wanted);
        for change in &mut shown.changes {
            change.physical_id = Some(physical_id(stack.as_str(), &change.logical_id, &held.values));
        }
        if shown.changes.is_empty() {
            (shown.status, shown.execution) = (ChangeSetStatus::Failed, Execution::Unavailable);
            shown.reason = Some(NO_CHANGES.to_owned());
        }
        let mut set = Set { shown, to_come: None, wanted };
        if !takes.is_zero() {
            let mut pending = set.shown.clone();
            (pending.status, pending.execution) = (ChangeSetStatus::CreatePending, Execution::Unavailable);
            pending.reason = None;
            pending.changes.clear();
            set.to_come = Some(std::mem::replace(&mut set.shown, pending));
        }
        held.sets.insert(name.clone(), set);
        if !takes.is_zero() {
            self.agenda.write(later(now, takes), Due::Computed(stack.clone(), id.clone()));
        }
        Ok(id)
    }

    pub(super) fn computed(&mut self, stack: &StackName, id: &str) {
        let sets = self.all.get_mut(stack).into_iter().flat_map(|held| held.sets.values_mut());
        for set in sets.filter(|set| set.shown.id == id) {
            set.shown = set.to_come.take().unwrap_or_else(|| set.shown.clone());
        }
    }

    pub(crate) fn set(&self, stack: &StackName, name: &ChangeSetName) -> Result<&ChangeSet, Refusal> {
        self.held(stack)?.sets.get(name).map(|set| &set.shown).ok_or_else(|| unknown(name))
    }

    /// The stack begins to change. True where that is new.
    pub(crate) fn execute(
        &mut self,
        stack: &StackName,
        name: &ChangeSetName,
        token: &ClientToken,
        now: Timestamp,
    ) -> Result<bool, Refusal> {
        let number = self.number();
        let held = self.held_mut(stack)?;
        let what = format!("execute {name}");
        if held.had(token, &what)? {
            return Ok(false);
        }
        let Set { shown, wanted, .. } = held.sets.get(name).ok_or_else(|| unknown(name))?.clone();
        if !shown.is_available() {
            let state = match shown.status {
                ChangeSetStatus::CreateComplete => format!("execution status of [{}]", shown.execution),
                _ => format!("status of [{}]", shown.status),
            };
            let words =
                format!("InvalidChangeSetStatus: ChangeSet [{}] cannot be executed in its current {state}", shown.id);
            return Err(Refusal::Conflict(words));
        }
        held.is_free()?;
        held.tokens.insert(token.clone(), what);
        let wait = held.begin(number, wanted, Some(name.clone()), token.as_str(), now);
        self.ends_after(stack, number, wait, now);
        Ok(true)
    }

    /// True where it was there.
    pub(crate) fn delete_set(&mut self, stack: &StackName, name: &ChangeSetName) -> Result<bool, Refusal> {
        let held = self.held_mut(stack)?;
        let executes = |set: &Set| set.shown.execution == Execution::ExecuteInProgress;
        if held.sets.get(name).is_some_and(executes) {
            let words = format!("InvalidChangeSetStatus: ChangeSet [{name}] is being executed");
            return Err(Refusal::Conflict(words));
        }
        Ok(held.sets.remove(name).is_some())
    }

    /// Somebody updates a stack by no change set.
    pub(super) fn somebody_updates(
        &mut self,
        stack: &StackName,
        key: &str,
        value: &str,
        now: Timestamp,
    ) -> Result<u64, Refusal> {
        let number = self.number();
        let held = self.held_mut(stack)?;
        held.is_free()?;
        let keeps = held.values.keys().filter(|kept| *kept != key).map(|kept| (kept.as_str(), None));
        let parameters = keeps.chain([(key, Some(value))]).collect();
        let wanted = held.wanted(&Wish { parameters, description: None })?;
        if key == TOKEN || wanted == held.values {
            return Err(Refusal::Invalid("ValidationError: No updates are to be performed.".to_owned()));
        }
        let wait = held.begin(number, wanted, None, &format!("colleague-{number}"), now);
        self.ends_after(stack, number, wait, now);
        Ok(number)
    }
}

fn unknown(name: &ChangeSetName) -> Refusal {
    Refusal::NotFound(format!("ChangeSetNotFound: ChangeSet [{name}] does not exist"))
}
