//! The locks: held, or waited for, first come first served.

use redshift_ops::{LockMode, Pid};

/// A lock on a table, or a wish for one.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) pid: Pid,
    pub(super) oid: u32,
    pub(super) mode: LockMode,
    pub(super) granted: bool,
}

impl Claim {
    /// That both cannot have the table at once. Nobody stands in their own way.
    fn excludes(&self, other: &Self) -> bool {
        self.oid == other.oid && self.pid != other.pid && self.mode.excludes(&other.mode)
    }
}

/// All of them, in the order in which they were asked for.
#[derive(Debug, Default)]
pub(super) struct Locks(Vec<Claim>);

impl Locks {
    /// Asks for a table. True where it is granted at once; otherwise the wish stands in the queue.
    pub(super) fn ask(&mut self, pid: Pid, oid: u32, mode: LockMode) -> bool {
        let same = |claim: &&Claim| claim.pid == pid && claim.oid == oid && claim.mode == mode;
        if let Some(known) = self.0.iter().find(same) {
            return known.granted;
        }
        self.0.push(Claim { pid, oid, mode, granted: false });
        self.grant();
        self.0.last().is_some_and(|claim| claim.granted)
    }

    /// Lets go of all that a session has and wants.
    pub(super) fn free(&mut self, pid: Pid) {
        self.0.retain(|claim| claim.pid != pid);
    }

    /// Lets go of the tables that are gone.
    pub(super) fn forget(&mut self, is_gone: impl Fn(u32) -> bool) {
        self.0.retain(|claim| !is_gone(claim.oid));
    }

    /// Grants what can be granted. Whose waits ended.
    pub(super) fn grant(&mut self) -> Vec<Pid> {
        let mut served = Vec::new();
        for at in 0..self.0.len() {
            let (before, rest) = self.0.split_at(at);
            let Some((one, after)) = rest.split_first().filter(|(one, _)| !one.granted) else { continue };
            // Whoever came before is served first, whether granted yet or not.
            let is_free = !before.iter().any(|other| other.excludes(one))
                && !after.iter().any(|other| other.granted && other.excludes(one));
            if is_free {
                served.push(one.pid);
                self.0[at].granted = true;
            }
        }
        served
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use redshift_ops::LockMode::{AccessExclusive, AccessShare, ShareRowExclusive};

    use super::*;

    fn pid(number: i32) -> Pid {
        Pid::new(number).unwrap()
    }

    #[test]
    fn who_comes_first_is_served_first() {
        let mut locks = Locks::default();
        assert!(locks.ask(pid(1), 7, AccessShare) && locks.ask(pid(2), 7, AccessShare));
        assert!(!locks.ask(pid(3), 7, AccessExclusive), "two read it");
        assert!(!locks.ask(pid(4), 7, AccessShare), "it queues behind the drop");
        assert!(locks.ask(pid(4), 8, AccessShare), "another table");
        locks.free(pid(1));
        assert!(locks.grant().is_empty());
        locks.free(pid(2));
        assert_eq!(locks.grant(), [pid(3)]);
        assert!(!locks.ask(pid(4), 7, AccessShare));
        locks.free(pid(3));
        assert_eq!(locks.grant(), [pid(4)]);
    }

    #[test]
    fn nobody_waits_for_themselves() {
        let mut locks = Locks::default();
        assert!(locks.ask(pid(1), 7, AccessShare) && locks.ask(pid(1), 7, AccessExclusive));
        assert!(!locks.ask(pid(2), 7, AccessShare));
        assert!(locks.ask(pid(1), 7, ShareRowExclusive), "who has it all may have more");
    }
}
