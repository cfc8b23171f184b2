//! Updates: how they begin, end, fail and go back.

use std::collections::BTreeSet;

use cloudformation_ops::{ChangeSetName, Execution, StackStatus};
use jiff::Timestamp;

use super::held::Held;
use super::template::{self, RESOURCES, SIDES, Side, Values};

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
    pub(super) fn of_somebody(values: &Values, back: bool) -> Self {
        Self {
            number: 0,
            token: Some("somebody".to_owned()),
            set: None,
            back,
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
    /// An update begins. Whether instances are to come.
    pub(super) fn begin(
        &mut self,
        number: u64,
        wanted: Values,
        set: Option<ChangeSetName>,
        token: &str,
        at: Timestamp,
    ) -> bool {
        let changes = template::changes(&self.values, &wanted);
        let touched = |name: &str| changes.iter().any(|change| change.logical_id == name);
        let changed = RESOURCES.iter().map(|(name, _)| *name).filter(|name| touched(name)).collect();
        let before = std::mem::replace(&mut self.values, wanted.clone());
        for (name, other) in &mut self.sets {
            if Some(name) == set.as_ref() {
                other.shown.execution = Execution::ExecuteInProgress;
            } else if other.shown.execution == Execution::Available {
                other.shown.execution = Execution::Obsolete;
            }
        }
        let order = Order { number, token: Some(token.to_owned()), set, changed, before, wanted, ..nothing() };
        self.order = Some(order);
        self.stack.updated = Some(at);
        self.own("UPDATE_IN_PROGRESS", Some("User Initiated"), Some(token), at);
        self.work(at)
    }

    /// The changed resources are worked on. Whether instances are to come.
    fn work(&mut self, at: Timestamp) -> bool {
        let Some(Order { token, changed, .. }) = self.order.clone() else { return false };
        // In the template's order: groups need what they launch.
        for (name, _) in RESOURCES.iter().filter(|(name, _)| changed.contains(name)) {
            self.tell(name, "UPDATE_IN_PROGRESS", None, token.as_deref(), at);
            if !template::is_group(name) {
                self.tell(name, "UPDATE_COMPLETE", None, token.as_deref(), at);
            }
        }
        self.balancer.lower(&self.values, &|group| changed.contains(group))
    }

    /// What goes on ends, well or not. Where it goes back now: whether instances are to come.
    pub(super) fn end(&mut self, at: Timestamp) -> Option<bool> {
        let order = self.order.clone()?;
        if order.back {
            self.end_back(&order, at);
            return None;
        }
        let token = order.token.as_deref();
        let fails = |side: &&&Side| order.changed.contains(side.group) && side.fails(&self.values);
        let failing: Vec<&Side> = SIDES.iter().filter(fails).copied().collect();
        let failed: Vec<&str> = failing.iter().map(|side| side.group).collect();
        for side in failing {
            let size = side.size(&self.values);
            let reason = format!(
                "Received 0 SUCCESS signal(s) out of {size}. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
            );
            self.tell(side.group, "UPDATE_FAILED", Some(&reason), token, at);
        }
        for group in order.groups().into_iter().filter(|group| !failed.contains(group)) {
            self.tell(group, "UPDATE_COMPLETE", None, token, at);
        }
        self.balancer.fill(&self.values, &|group| order.changed.contains(group) && !failed.contains(&group));
        if !failed.is_empty() {
            return Some(self.go_back(order.number, &failed_to_update(&failed), token, at));
        }
        self.executed(&order, Execution::ExecuteComplete);
        self.own("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None, token, at);
        self.own("UPDATE_COMPLETE", None, token, at);
        self.order = None;
        None
    }

    fn executed(&mut self, order: &Order, how: Execution) {
        if let Some(set) = order.set.as_ref().and_then(|name| self.sets.get_mut(name)) {
            set.shown.execution = how;
        }
    }

    /// The update goes back. Whether instances are to come.
    pub(super) fn go_back(&mut self, number: u64, reason: &str, token: Option<&str>, at: Timestamp) -> bool {
        let Some(mut order) = self.order.clone() else { return false };
        self.executed(&order, Execution::ExecuteFailed);
        self.values = order.before.clone();
        let cancelled = self.stack.status == StackStatus::UpdateInProgress && token != order.token.as_deref();
        self.own("UPDATE_ROLLBACK_IN_PROGRESS", Some(reason), token, at);
        if cancelled {
            let groups = order.groups();
            groups
                .iter()
                .for_each(|group| self.tell(group, "UPDATE_FAILED", Some("Resource update cancelled"), token, at));
        }
        (order.number, order.back, order.token, order.is_due) = (number, true, token.map(str::to_owned), false);
        self.order = Some(order);
        self.work(at)
    }

    /// A rollback that failed goes on. Whether instances are to come.
    pub(super) fn go_on(&mut self, number: u64, skip: &[String], token: &str, at: Timestamp) -> bool {
        let Some(order) = &mut self.order else { return false };
        order.skipped.extend(skip.iter().cloned());
        (order.number, order.token, order.is_due) = (number, Some(token.to_owned()), false);
        let failed = std::mem::take(&mut order.failed);
        self.own("UPDATE_ROLLBACK_IN_PROGRESS", Some("User Initiated"), Some(token), at);
        for name in failed.iter().filter(|name| !skip.contains(name)) {
            self.tell(name, "UPDATE_IN_PROGRESS", None, Some(token), at);
        }
        true
    }

    fn end_back(&mut self, order: &Order, at: Timestamp) {
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
            return;
        }
        self.own("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None, token, at);
        self.own("UPDATE_ROLLBACK_COMPLETE", None, token, at);
        self.order = None;
    }
}

fn nothing() -> Order {
    Order { token: None, is_due: false, ..Order::of_somebody(&Values::new(), false) }
}

fn failed_to_update(names: &[&str]) -> String {
    format!("The following resource(s) failed to update: [{}].", names.join(", "))
}
