//! Refreshes: all machines of a group are replaced, some at a time.

use std::time::Duration;

use fleet_ops::{InstanceId, Life, Refresh, RefreshRequest, RefreshState};
use jiff::Timestamp;
use uuid::Uuid;

use super::state::{Due, Fleet};
use crate::agenda::later;
use crate::refusal::Refusal;

/// How long the service takes to begin, and to cancel.
const LOOK: Duration = Duration::from_millis(100);

/// A refresh, and what is left to do.
#[derive(Clone, Debug)]
pub(crate) struct Refreshing {
    pub(crate) shown: Refresh,
    request: RefreshRequest,
    /// The machines that have not been replaced yet.
    left: Vec<InstanceId>,
    total: usize,
}

impl Refreshing {
    fn is_on(&self) -> bool {
        matches!(self.shown.state, RefreshState::Pending | RefreshState::InProgress)
    }
}

impl Fleet {
    /// Begins to replace all machines of a group. Its id.
    pub(super) fn start_refresh(
        &mut self,
        name: &str,
        request: RefreshRequest,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let group = self.group_mut(name)?;
        let busy = |one: &Refreshing| one.is_on() || one.shown.state == RefreshState::Cancelling;
        if group.refreshes.iter().any(busy) {
            let words =
                "InstanceRefreshInProgress: An Instance Refresh is already in progress and blocks the execution";
            return Err(Refusal::Conflict(words.to_owned()));
        }
        let number = group.refreshes.len();
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("refresh/{name}/{number}").as_bytes()).to_string();
        let mut shown = Refresh::new(&id, RefreshState::Pending);
        shown.began = Some(now);
        let left: Vec<InstanceId> = group.units.iter().map(|unit| unit.machine.id.clone()).collect();
        let total = left.len();
        group.refreshes.push(Refreshing { shown, request, left, total });
        self.agenda.write(later(now, LOOK), Due::Refresh(name.to_owned()));
        Ok(id)
    }

    /// Ends the refresh that is in progress. Its id.
    pub(super) fn cancel_refresh(&mut self, name: &str, now: Timestamp) -> Result<String, Refusal> {
        let on = self.group_mut(name)?.refreshes.iter_mut().find(|one| one.is_on());
        let words = "ActiveInstanceRefreshNotFound: No in progress or pending Instance Refresh found";
        let on = on.ok_or_else(|| Refusal::NotFound(words.to_owned()))?;
        on.shown.state = RefreshState::Cancelling;
        let id = on.shown.id.clone();
        self.agenda.write(later(now, LOOK), Due::Cancelled(name.to_owned()));
        Ok(id)
    }

    pub(super) fn cancelled(&mut self, name: &str) {
        let refreshes = self.groups.get_mut(name).map(|group| &mut group.refreshes);
        let mut refreshes = refreshes.into_iter().flatten();
        if let Some(one) = refreshes.find(|one| one.shown.state == RefreshState::Cancelling) {
            one.shown.state = RefreshState::Cancelled;
            one.shown.reason = Some("Cancelled due to user request".to_owned());
        }
    }

    /// A new machine counts once it is warm.
    pub(super) fn refresh_after_warmup(&mut self, name: &str, at: Timestamp) {
        let Some(group) = self.groups.get(name) else { return };
        let Some(on) = group.refreshes.iter().find(|one| one.is_on()) else { return };
        let warm = later(at, Duration::from_secs(on.request.warmup_s.into()));
        self.agenda.write(warm, Due::Refresh(name.to_owned()));
    }

    /// The next machines go, once the group is whole again.
    pub(super) fn refresh(&mut self, name: &str, at: Timestamp) {
        let Some(group) = self.groups.get_mut(name).filter(|group| group.is_whole()) else { return };
        let (units, desired) = (&group.units, group.size.desired as usize);
        let Some(on) = group.refreshes.iter_mut().find(|one| one.is_on()) else { return };
        // What was ended by others, or is kept aside, is not waited for.
        on.left.retain(|id| units.iter().any(|unit| unit.machine.id == *id && unit.machine.life == Life::InService));
        let done = on.total - on.left.len();
        on.shown.percent = u8::try_from(done * 100 / on.total.max(1)).unwrap_or(100);
        on.shown.state = RefreshState::InProgress;
        if on.left.is_empty() {
            (on.shown.state, on.shown.percent) = (RefreshState::Successful, 100);
            return;
        }
        let spare = desired * usize::from(100 - on.request.min_healthy_percent.min(100)) / 100;
        let next: Vec<InstanceId> = on.left.drain(..spare.clamp(1, on.left.len())).collect();
        for id in next {
            self.end(name, &id, at);
        }
    }
}
