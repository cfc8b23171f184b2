//! Going round a group by hand: which machines, in which order, how many at a time. Pure; nothing is called.

use std::collections::BTreeSet;
use std::fmt;

use crate::{Group, InstanceId};

/// How to go round a group.
///
/// ```
/// use fleet_ops::{Cycle, Group, InstanceId, Life, Machine, Size};
///
/// let mut group = Group::new("masters", Size::new(3, 3, 5));
/// group.machines = ["i-1", "i-2", "i-3"].map(|id| Machine::new(InstanceId::new(id), Life::InService)).into();
///
/// let cycle = Cycle::new(2).keeping(2).except(InstanceId::new("i-2"));
/// let batches = cycle.batches(&group)?;
/// assert_eq!(batches, [[InstanceId::new("i-1")], [InstanceId::new("i-3")]], "one at a time: two must stay");
/// # Ok::<(), fleet_ops::Obstacle>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cycle {
    /// So many machines at a time, at most.
    pub at_once: usize,
    /// So many must be in service at every moment.
    pub floor: usize,
    /// These stay.
    pub except: BTreeSet<InstanceId>,
}

impl Cycle {
    /// So many machines at a time; zero counts as one.
    pub fn new(at_once: usize) -> Self {
        Self { at_once: at_once.max(1), floor: 0, except: BTreeSet::new() }
    }

    /// So many must be in service at every moment.
    #[must_use]
    pub fn keeping(mut self, floor: usize) -> Self {
        self.floor = floor;
        self
    }

    /// This machine stays.
    #[must_use]
    pub fn except(mut self, machine: InstanceId) -> Self {
        self.except.insert(machine);
        self
    }

    /// The machines to replace, batch by batch, by id. After each batch the group must be [whole](Group::is_whole) again.
    ///
    /// # Errors
    /// What stands in the way.
    pub fn batches(&self, group: &Group) -> Result<Vec<Vec<InstanceId>>, Obstacle> {
        for process in ["Launch", "Terminate"] {
            if group.suspended.iter().any(|suspended| suspended == process) {
                return Err(Obstacle::Suspended(process.to_owned()));
            }
        }
        if !group.is_whole() {
            return Err(Obstacle::Unsettled);
        }
        let working = group.in_service().count();
        let meant: Vec<InstanceId> =
            group.in_service().map(|machine| &machine.id).filter(|id| !self.except.contains(*id)).cloned().collect();
        let spare = working.saturating_sub(self.floor);
        if spare == 0 && !meant.is_empty() {
            return Err(Obstacle::Floor { working, floor: self.floor });
        }
        Ok(meant.chunks(self.at_once.min(spare).max(1)).map(<[_]>::to_vec).collect())
    }
}

/// Why a group cannot be gone round.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// The service does not do this for the group at this moment: no machine would come, or none would go.
    Suspended(String),
    /// Machines come or go, or are not well.
    Unsettled,
    /// One machine less would be too few.
    Floor {
        /// So many are in service.
        working: usize,
        /// So many must be.
        floor: usize,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suspended(process) => write!(f, "its process {process} is suspended"),
            Self::Unsettled => f.write_str("its machines come or go, or are not well"),
            Self::Floor { working, floor } => write!(f, "{working} machines are in service, and {floor} must be"),
        }
    }
}

impl std::error::Error for Obstacle {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Life, Machine, Size};

    fn group(count: u32) -> Group {
        let mut group = Group::new("masters", Size::new(0, count, 9));
        group.machines = (0..count).map(|n| Machine::new(InstanceId::new(format!("i-{n}")), Life::InService)).collect();
        group
    }

    fn sizes(cycle: &Cycle, group: &Group) -> Result<Vec<usize>, Obstacle> {
        Ok(cycle.batches(group)?.iter().map(Vec::len).collect())
    }

    #[test]
    fn batches_are_as_large_as_asked_and_as_the_floor_allows() {
        assert_eq!(sizes(&Cycle::new(2), &group(5)), Ok(vec![2, 2, 1]));
        assert_eq!(sizes(&Cycle::new(9).keeping(3), &group(5)), Ok(vec![2, 2, 1]));
        assert_eq!(sizes(&Cycle::new(0), &group(2)), Ok(vec![1, 1]));
        assert_eq!(sizes(&Cycle::new(1), &group(0)), Ok(vec![]));
        assert_eq!(sizes(&Cycle::new(1).keeping(1), &group(1)), Err(Obstacle::Floor { working: 1, floor: 1 }));
    }

    #[test]
    fn a_group_that_is_not_in_order_is_left_alone() {
        let mut comes = group(2);
        comes.machines[0].life = Life::Pending;
        assert_eq!(sizes(&Cycle::new(1), &comes), Err(Obstacle::Unsettled));
        let mut suspended = group(2);
        suspended.suspended = vec!["Launch".to_owned()];
        assert_eq!(sizes(&Cycle::new(1), &suspended), Err(Obstacle::Suspended("Launch".to_owned())));
    }
}
