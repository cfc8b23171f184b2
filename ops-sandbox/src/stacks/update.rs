//! Updates: how they begin, end, fail and go back.

use std::collections::BTreeSet;

use cloudformation_ops::{ChangeSetName, Execution, StackStatus};
use jiff::Timestamp;

use super::held::Held;
use super::template::{self, RESOURCES, SIDES, Side, Values};

/// As AWS says it: by these words is told what failed from what was only stopped.
const CANCELLED: &str = "Resource update cancelled";

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Instances that shall be healthy.
    Instances,
    /// What needs none.
    Little,
    /// That what is left over is gone.
    Cleanup,
}

/// What goes on with a stack, or has failed and waits for a person.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// Tells the ends of different orders apart.
    pub(super) number: u64,
    token: Option<String>,
    /// The set that is executed.
    pub(super) set: Option<ChangeSetName>,
    /// Whether it goes back.
    back: bool,
    /// Whether it is done, apart from what is left over.
    cleans: bool,
    before: Values,
    wanted: Values,
    changed: BTreeSet<&'static str>,
    /// What could not be brought back.
    pub(super) failed: BTreeSet<String>,
    /// What counts as brought back without being so.
    skipped: BTreeSet<String>,
    /// It would have ended, had nobody stopped it.
    pub(super) is_due: bool,
}

impl Order {
    /// One that somebody else began, and that changes nothing.
    pub(super) fn of_somebody(values: &Values, status: &StackStatus) -> Self {
        use StackStatus::{
            UpdateCompleteCleanupInProgress, UpdateRollbackCompleteCleanupInProgress, UpdateRollbackInProgress,
        };
        Self {
            number: 0,
            token: Some("somebody".to_owned()),
            set: None,
            back: matches!(status, UpdateRollbackInProgress | UpdateRollbackCompleteCleanupInProgress),
            cleans: matches!(status, UpdateCompleteCleanupInProgress | UpdateRollbackCompleteCleanupInProgress),
            before: values.clone(),
            wanted: values.clone(),
            changed: BTreeSet::new(),
            failed: BTreeSet::new(),
            skipped: BTreeSet::new(),
            is_due: true,
        }
    }

    fn groups(&self) -> Vec<&'static str> {
        self.changed.iter().copied().filter(|name| template::is_group(name)).collect()
    }
}

impl Held {
    /// An update begins.
    pub(super) fn begin(
        &mut self,
        number: u64,
        wanted: Values,
        set: Option<ChangeSetName>,
        token: &str,
        at: Timestamp,
    ) -> Wait {
        let changes = template::changes(&self.values, &wanted);
        let touched = |name: &str| changes.iter().any(|change| change.logical_id == name);
        let changed = RESOURCES.iter().map(|(name, _)| *name).filter(|name| touched(name)).collect();
        let before = std::mem::replace(&mut self.values, wanted.clone());
        for (name, other) in &mut self.sets {
            if Some(name) == set.as_ref() {
                other.shown.execution = Execution::ExecuteInProgress;
            } else {
                other.gets_stale();
            }
        }
        let order = Order { number, token: Some(token.to_owned()), set, changed, before, wanted, ..nothing() };
        self.order = Some(order);
        self.stack.updated = Some(at);
        self.own("UPDATE_IN_PROGRESS", Some("User Initiated"), Some(token), at);
        self.work(at)
    }

    /// The changed resources are worked on.
    fn work(&mut self, at: Timestamp) -> Wait {
        let Some(Order { token, changed, back, .. }) = self.order.clone() else { return Wait::Little };
        // In the template's order: groups need what they launch.
        for (name, _) in RESOURCES.iter().filter(|(name, _)| changed.contains(name)) {
            let is_replaced = !back && template::made_for(name, &self.values).is_some();
            let reason = is_replaced.then_some("It cannot be changed: another one is made in its place");
            self.tell(name, "UPDATE_IN_PROGRESS", reason, token.as_deref(), at);
            if !template::is_group(name) {
                self.tell(name, "UPDATE_COMPLETE", None, token.as_deref(), at);
            }
        }
        let to_come = self.balancer.lower(&self.values, &|group| changed.contains(group));
        if to_come { Wait::Instances } else { Wait::Little }
    }

    /// What goes on ends, well or not. What is waited for next, unless that was all.
    pub(super) fn end(&mut self, at: Timestamp) -> Option<Wait> {
        let order = self.order.clone()?;
        if order.cleans {
            self.cleaned(&order, at);
            return None;
        }
        if order.back {
            return self.end_back(&order, at);
        }
        let token = order.token.as_deref();
        let fails = |side: &&&Side| order.changed.contains(side.group) && side.fails(&self.values);
        let mut failed: Vec<&str> = Vec::new();
        if let Some(side) = SIDES.iter().find(fails) {
            let size = side.size(&self.values);
            let reason = format!("No new instance got healthy, out of {size} that were waited for");
            self.tell(side.group, "UPDATE_FAILED", Some(&reason), token, at);
            failed.push(side.group);
        }
        for group in order.groups() {
            if failed.is_empty() || self.balancer.is_full(&self.values, group) {
                self.tell(group, "UPDATE_COMPLETE", None, token, at);
            } else if !failed.contains(&group) {
                self.tell(group, "UPDATE_FAILED", Some(CANCELLED), token, at);
                failed.push(group);
            }
        }
        self.balancer.fill(&self.values, &|group| order.changed.contains(group) && !failed.contains(&group));
        if !failed.is_empty() {
            return Some(self.go_back(order.number, &failed_to_update(&failed), token, at));
        }
        self.executed(&order, Execution::ExecuteComplete);
        self.own("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None, token, at);
        Some(self.clean(&order, at))
    }

    /// What is left over begins to go.
    fn clean(&mut self, order: &Order, at: Timestamp) -> Wait {
        self.tell_left_over(order, "DELETE_IN_PROGRESS", at);
        if let Some(order) = &mut self.order {
            order.cleans = true;
        }
        Wait::Cleanup
    }

    fn cleaned(&mut self, order: &Order, at: Timestamp) {
        self.tell_left_over(order, "DELETE_COMPLETE", at);
        let status = if order.back { "UPDATE_ROLLBACK_COMPLETE" } else { "UPDATE_COMPLETE" };
        self.own(status, None, order.token.as_deref(), at);
        self.order = None;
    }

    /// What was replaced, or what would have replaced it.
    fn tell_left_over(&mut self, order: &Order, status: &str, at: Timestamp) {
        let values = if order.back { &order.wanted } else { &order.before };
        for name in order.changed.iter().filter(|name| template::made_for(name, values).is_some()) {
            self.tell_of_former(name, values, status, order.token.as_deref(), at);
        }
    }

    fn executed(&mut self, order: &Order, how: Execution) {
        if let Some(set) = order.set.as_ref().and_then(|name| self.sets.get_mut(name)) {
            set.shown.execution = how;
        }
    }

    /// The update goes back.
    pub(super) fn go_back(&mut self, number: u64, reason: &str, token: Option<&str>, at: Timestamp) -> Wait {
        let Some(mut order) = self.order.clone() else { return Wait::Little };
        self.executed(&order, Execution::ExecuteFailed);
        self.values = order.before.clone();
        let cancelled = self.stack.status == StackStatus::UpdateInProgress && token != order.token.as_deref();
        self.own("UPDATE_ROLLBACK_IN_PROGRESS", Some(reason), token, at);
        if cancelled {
            order.groups().iter().for_each(|group| self.tell(group, "UPDATE_FAILED", Some(CANCELLED), token, at));
        }
        (order.number, order.back, order.token, order.is_due) = (number, true, token.map(str::to_owned), false);
        self.order = Some(order);
        self.work(at)
    }

    /// A rollback that failed goes on.
    pub(super) fn go_on(&mut self, number: u64, skip: &[String], token: &str, at: Timestamp) -> Wait {
        let Some(order) = &mut self.order else { return Wait::Little };
        order.skipped.extend(skip.iter().cloned());
        (order.number, order.token, order.is_due) = (number, Some(token.to_owned()), false);
        let failed = std::mem::take(&mut order.failed);
        self.own("UPDATE_ROLLBACK_IN_PROGRESS", Some("User Initiated"), Some(token), at);
        for name in failed.iter().filter(|name| !skip.contains(name)) {
            self.tell(name, "UPDATE_IN_PROGRESS", None, Some(token), at);
        }
        Wait::Instances
    }

    fn end_back(&mut self, order: &Order, at: Timestamp) -> Option<Wait> {
        let token = order.token.as_deref();
        let stuck = |group: &str| {
            let side = SIDES.iter().find(|side| side.group == group);
            side.is_some_and(|side| side.fails(&order.wanted) && side.version(&order.wanted).contains("stuck"))
        };
        let lost = |group: &str| order.changed.contains(group) && stuck(group);
        self.balancer.fill(&self.values, &|group| order.changed.contains(group) && !stuck(group));
        let failed: Vec<&str> =
            order.groups().into_iter().filter(|group| lost(group) && !order.skipped.contains(*group)).collect();
        for group in order.groups() {
            if failed.contains(&group) {
                let reason = "The group does not take its former launch template";
                self.tell(group, "UPDATE_FAILED", Some(reason), token, at);
            } else {
                self.tell(group, "UPDATE_COMPLETE", None, token, at);
            }
        }
        if !failed.is_empty() {
            self.own("UPDATE_ROLLBACK_FAILED", Some(&failed_to_update(&failed)), token, at);
            if let Some(order) = &mut self.order {
                order.failed = failed.iter().map(|&name| name.to_owned()).collect();
            }
            return None;
        }
        self.own("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None, token, at);
        Some(self.clean(order, at))
    }
}

fn nothing() -> Order {
    Order { token: None, is_due: false, ..Order::of_somebody(&Values::new(), &StackStatus::UpdateInProgress) }
}

fn failed_to_update(names: &[&str]) -> String {
    format!("The following resource(s) failed to update: [{}].", names.join(", "))
}
