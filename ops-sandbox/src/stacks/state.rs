//! All stacks, and what will become of them.

use std::collections::BTreeMap;
use std::time::Duration;

use cloudformation_ops::{ClientToken, DriftCheckId, EventId, StackEvent, StackName, StackStatus};
use jiff::Timestamp;

use super::drift::Check;
use super::held::Held;
use super::spec::StackSpec;
use super::update::Wait;
use crate::agenda::{Agenda, later};
use crate::refusal::Refusal;

/// How many events are told where nobody says since when, and how many at most.
const LAST: usize = 100;
const MOST: usize = 10_000;

/// What needs no instances is done in this part of the time.
const QUICK: u32 = 20;

/// Something that happens by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// What goes on with a stack ends.
    Ends(StackName, u64),
    /// A change set is computed: of this stack, the one with this id.
    Computed(StackName, String),
    /// A check for drift ends.
    Checked(DriftCheckId),
}

/// All stacks.
#[derive(Debug)]
pub(crate) struct Stacks {
    pub(super) all: BTreeMap<StackName, Held>,
    pub(super) checks: BTreeMap<DriftCheckId, Check>,
    pub(super) agenda: Agenda<Due>,
    /// How long instances take to be healthy.
    pub(super) pace: Duration,
    /// How long change sets take to be computed.
    pub(super) sets_take: Duration,
    /// How long it takes to clear away what an update left over.
    pub(super) cleanup: Duration,
    pub(super) sets_made: u64,
    orders: u64,
}

impl Default for Stacks {
    fn default() -> Self {
        Self {
            all: BTreeMap::new(),
            checks: BTreeMap::new(),
            agenda: Agenda::default(),
            pace: Duration::from_secs(20),
            sets_take: Duration::ZERO,
            cleanup: Duration::ZERO,
            sets_made: 0,
            orders: 0,
        }
    }
}

impl Stacks {
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.agenda.next_at()
    }

    /// Lets the next thing happen.
    pub(crate) fn step(&mut self) {
        match self.agenda.pop() {
            Some((at, Due::Ends(name, number))) => self.end(&name, number, at),
            Some((_, Due::Computed(name, id))) => self.computed(&name, &id),
            Some((_, Due::Checked(id))) => self.checked(&id),
            None => {}
        }
    }

    pub(super) fn put(&mut self, spec: StackSpec, now: Timestamp) {
        let number = self.number();
        self.all.insert(spec.name.clone(), Held::new(spec, number, now));
    }

    pub(crate) fn held(&self, name: &StackName) -> Result<&Held, Refusal> {
        self.all.get(name).ok_or_else(|| unknown(name))
    }

    pub(super) fn held_mut(&mut self, name: &StackName) -> Result<&mut Held, Refusal> {
        self.all.get_mut(name).ok_or_else(|| unknown(name))
    }

    /// Another order's number.
    pub(super) fn number(&mut self) -> u64 {
        self.orders += 1;
        self.orders
    }

    pub(super) fn quickly(&self) -> Duration {
        self.pace / QUICK
    }

    pub(super) fn ends_after(&mut self, name: &StackName, number: u64, wait: Wait, now: Timestamp) {
        let time = match wait {
            Wait::Instances => self.pace,
            Wait::Little => self.quickly(),
            Wait::Cleanup => self.cleanup,
        };
        self.agenda.write(later(now, time), Due::Ends(name.clone(), number));
    }

    /// What goes on with a stack ends, unless it is another thing by now.
    pub(super) fn end(&mut self, name: &StackName, number: u64, at: Timestamp) {
        let at_once = self.cleanup.is_zero();
        while let Some(wait) = self.end_stage(name, number, at) {
            if wait != Wait::Cleanup || !at_once {
                return self.ends_after(name, number, wait, at);
            }
        }
    }

    /// All that goes on with a stack ends now, unless somebody stopped it.
    pub(super) fn finish(&mut self, name: &StackName, number: u64, at: Timestamp) {
        while self.end_stage(name, number, at).is_some() {}
    }

    /// What is waited for next.
    fn end_stage(&mut self, name: &StackName, number: u64, at: Timestamp) -> Option<Wait> {
        let held = self.all.get_mut(name).filter(|held| held.stack.status.is_in_progress())?;
        let order = held.order.as_mut().filter(|order| order.number == number)?;
        order.is_due = held.stopped;
        if held.stopped { None } else { held.end(at) }
    }

    /// What happened after an event, the oldest first.
    pub(crate) fn events(&self, name: &StackName, after: Option<&EventId>) -> Result<&[StackEvent], Refusal> {
        let all = &self.held(name)?.events;
        let since = match after {
            None => all.len().saturating_sub(LAST),
            Some(id) => all.iter().rposition(|event| event.id == *id).map_or(0, |seen| seen + 1),
        };
        let told = all.get(since..).unwrap_or_default();
        if told.len() > MOST {
            return Err(Refusal::Rejected(format!("more than {MOST} events of {name} are not read at once")));
        }
        Ok(told)
    }

    /// An update goes back at a person's wish. True where that is new.
    pub(crate) fn cancel(&mut self, name: &StackName, token: &ClientToken, now: Timestamp) -> Result<bool, Refusal> {
        self.take_back(name, token, "cancel", StackStatus::UpdateInProgress, "CancelUpdateStack", now)
    }

    /// An update that failed and was left so goes back. True where that is new.
    pub(crate) fn roll_back(&mut self, name: &StackName, token: &ClientToken, now: Timestamp) -> Result<bool, Refusal> {
        self.take_back(name, token, "roll back", StackStatus::UpdateFailed, "RollbackStack", now)
    }

    fn take_back(
        &mut self,
        name: &StackName,
        token: &ClientToken,
        what: &str,
        from: StackStatus,
        action: &str,
        now: Timestamp,
    ) -> Result<bool, Refusal> {
        let number = self.number();
        let held = self.held_mut(name)?;
        if held.had(token, what)? {
            return Ok(false);
        }
        is_in(held, from, action)?;
        held.tokens.insert(token.clone(), what.to_owned());
        let wait = held.go_back(number, "User Initiated", Some(token.as_str()), now);
        self.ends_after(name, number, wait, now);
        Ok(true)
    }

    /// A rollback that failed goes on. True where that is new.
    pub(crate) fn continue_rollback(
        &mut self,
        name: &StackName,
        skip: &[String],
        token: &ClientToken,
        now: Timestamp,
    ) -> Result<bool, Refusal> {
        let number = self.number();
        let held = self.held_mut(name)?;
        let what = format!("continue without {}", skip.join(", "));
        if held.had(token, &what)? {
            return Ok(false);
        }
        is_in(held, StackStatus::UpdateRollbackFailed, "ContinueUpdateRollback")?;
        let failed = held.order.as_ref().map(|order| order.failed.clone()).unwrap_or_default();
        if let Some(other) = skip.iter().find(|name| !failed.contains(*name)) {
            let words = format!("ValidationError: The following resource(s) are not in a failed state: [{other}]");
            return Err(Refusal::Invalid(words));
        }
        held.tokens.insert(token.clone(), what);
        let wait = held.go_on(number, skip, token.as_str(), now);
        self.ends_after(name, number, wait, now);
        Ok(true)
    }
}

fn is_in(held: &Held, wanted: StackStatus, action: &str) -> Result<(), Refusal> {
    let status = &held.stack.status;
    if *status == wanted {
        return Ok(());
    }
    let words = format!("ValidationError: {action} cannot be called from current stack status {status}");
    Err(Refusal::Conflict(words))
}

fn unknown(name: &StackName) -> Refusal {
    Refusal::NotFound(format!("ValidationError: Stack with id {name} does not exist"))
}
