//! Who waits for whom, from the locks alone.

mod draw;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{Lock, LockMode, Pid, Relation};

/// One session waits for another one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockWait {
    /// Who waits.
    pub waiter: Pid,
    /// For whom.
    pub holder: Pid,
    /// In which database the table is.
    pub database: String,
    /// For which table.
    pub relation: Relation,
    /// How the waiter wants it.
    pub wanted: LockMode,
    /// How the other one has it, or wants it where the waiter is only [`queued`](Self::queued).
    pub held: LockMode,
    /// Nobody *has* the table in a way that excludes the waiter: it stands behind one who waits for it, too.
    pub queued: bool,
}

/// Who waits for whom. Made of locks as they were at one moment; what was not seen is not in it.
///
/// ```
/// use redshift_ops::{Lock, LockGraph, LockMode, Pid, Relation};
///
/// let [reader, loader] = [19805, 20011].map(|pid| Pid::new(pid).unwrap());
/// let (bills, since) = (Relation::new(16390, Some("fact.bills".to_owned())), "2018-01-18T09:02:49Z".parse()?);
/// let graph = LockGraph::of(&[
///     Lock::held(reader, "sandrews", bills.clone(), LockMode::AccessShare, since),
///     Lock::held(loader, "loader", bills, LockMode::AccessExclusive, since).waited_for(),
/// ]);
/// assert_eq!(graph.roots_of(loader), [reader]);
/// assert_eq!(graph.blocked_by(reader), [loader]);
/// assert_eq!(
///     graph.to_string(),
///     "19805 sandrews\n\
///      └ 20011 loader wants AccessExclusive\n  \
///        of fact.bills\n"
/// );
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockGraph {
    waits: Vec<LockWait>,
    users: BTreeMap<Pid, String>,
    /// For whom each waiter waits, and who waits for each holder.
    below: BTreeMap<Pid, BTreeSet<Pid>>,
    above: BTreeMap<Pid, BTreeSet<Pid>>,
    unexplained: BTreeSet<Pid>,
}

impl LockGraph {
    /// The graph of these locks.
    pub fn of(locks: &[Lock]) -> Self {
        let mut graph = Self::default();
        let mut tables: BTreeMap<(&str, u32), Vec<&Lock>> = BTreeMap::new();
        for lock in locks {
            graph.users.entry(lock.pid).or_insert_with(|| lock.user.clone());
            let table = tables.entry((&lock.database, lock.relation.oid)).or_default();
            if !table.contains(&lock) {
                table.push(lock);
            }
        }
        for locks in tables.values() {
            graph.add_table(locks);
        }
        for wait in &graph.waits {
            graph.below.entry(wait.waiter).or_default().insert(wait.holder);
            graph.above.entry(wait.holder).or_default().insert(wait.waiter);
        }
        let below = &graph.below;
        graph.unexplained.retain(|pid| !below.contains_key(pid));
        graph
    }

    /// The waits for one table. Who is excluded by no holder stands behind those who are; who is excluded by neither,
    /// behind these; and so on. In which order those of one row came, the locks do not tell.
    fn add_table(&mut self, locks: &[&Lock]) {
        let mut ahead: Vec<&Lock> = locks.iter().copied().filter(|lock| lock.granted).collect();
        let mut waiting: Vec<&Lock> = locks.iter().copied().filter(|lock| !lock.granted).collect();
        let mut queued = false;
        while !waiting.is_empty() && !ahead.is_empty() {
            let (mut row, mut rest) = (Vec::new(), Vec::new());
            for one in waiting {
                let before = self.waits.len();
                for other in ahead.iter().filter(|other| other.pid != one.pid && other.mode.excludes(&one.mode)) {
                    self.waits.push(wait(one, other, queued));
                }
                if self.waits.len() > before { row.push(one) } else { rest.push(one) }
            }
            (ahead, waiting, queued) = (row, rest, true);
        }
        self.unexplained.extend(waiting.iter().map(|lock| lock.pid));
    }

    /// All waits.
    pub fn waits(&self) -> &[LockWait] {
        &self.waits
    }

    /// Whether nobody is seen to wait.
    pub fn is_empty(&self) -> bool {
        self.waits.is_empty() && self.unexplained.is_empty()
    }

    /// Whose session it is, where it has a lock or waits for one.
    pub fn user(&self, pid: Pid) -> Option<&str> {
        self.users.get(&pid).map(String::as_str)
    }

    /// The sessions that wait, and nobody is seen for whom: whoever asked does not see everything, or looked just when
    /// a lock was passed on. Sorted.
    pub fn unexplained(&self) -> Vec<Pid> {
        self.unexplained.iter().copied().collect()
    }

    /// The sessions that block somebody and wait for nobody. Sorted. A deadlock has none: see [`cycles`](Self::cycles).
    pub fn roots(&self) -> Vec<Pid> {
        self.above.keys().copied().filter(|pid| !self.is_waiting(*pid)).collect()
    }

    /// Those of the [roots](Self::roots) that this session waits for, directly or behind others. Sorted.
    pub fn roots_of(&self, pid: Pid) -> Vec<Pid> {
        reached(pid, &self.below).into_iter().filter(|one| !self.is_waiting(*one)).collect()
    }

    /// Everybody who waits because of this session, directly or behind others. Sorted.
    pub fn blocked_by(&self, pid: Pid) -> Vec<Pid> {
        reached(pid, &self.above).into_iter().filter(|one| *one != pid).collect()
    }

    /// The waits from this session down to the roots, the nearest first, each once.
    pub fn chain(&self, pid: Pid) -> Vec<&LockWait> {
        let mut waits: BTreeMap<Pid, Vec<&LockWait>> = BTreeMap::new();
        for wait in &self.waits {
            waits.entry(wait.waiter).or_default().push(wait);
        }
        let (mut next, mut chain) = (VecDeque::from([pid]), Vec::new());
        while let Some(from) = next.pop_front() {
            // Taken out, they come once.
            let found = waits.remove(&from).unwrap_or_default();
            next.extend(found.iter().map(|wait| wait.holder));
            chain.extend(found);
        }
        chain
    }

    /// The deadlocks: sessions that wait for each other in a circle, each set sorted. They have no root; the warehouse
    /// ends one of them by itself, after a while.
    pub fn cycles(&self) -> Vec<Vec<Pid>> {
        let is_between = |pid: &Pid| self.below.contains_key(pid);
        let mut left: BTreeSet<Pid> = self.above.keys().copied().filter(is_between).collect();
        let mut cycles = Vec::new();
        while let Some(pid) = left.pop_first() {
            let below = reached(pid, &self.below);
            // Whoever is in a circle is reached from itself; what it reaches and what reaches it is its circle.
            if below.contains(&pid) {
                let above = reached(pid, &self.above);
                let cycle: Vec<Pid> = below.intersection(&above).copied().collect();
                left.retain(|one| !cycle.contains(one));
                cycles.push(cycle);
            }
        }
        cycles
    }

    fn is_waiting(&self, pid: Pid) -> bool {
        self.below.contains_key(&pid) || self.unexplained.contains(&pid)
    }
}

fn wait(waiter: &Lock, holder: &Lock, queued: bool) -> LockWait {
    LockWait {
        waiter: waiter.pid,
        holder: holder.pid,
        database: waiter.database.clone(),
        relation: waiter.relation.clone(),
        wanted: waiter.mode.clone(),
        held: holder.mode.clone(),
        queued,
    }
}

/// All that is reached from this one; itself only where a way leads back.
fn reached(from: Pid, steps: &BTreeMap<Pid, BTreeSet<Pid>>) -> BTreeSet<Pid> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(pid) = next.pop() {
        next.extend(steps.get(&pid).into_iter().flatten().filter(|one| seen.insert(**one)));
    }
    seen
}

#[cfg(test)]
mod tests;
