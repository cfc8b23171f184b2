use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::Fault;
use crate::rng::Rng;
use crate::{Operation, System};

/// Which calls a fault is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// Every call.
    All,
    /// Every call that changes something.
    Changes,
    /// Every call to one system.
    System(System),
    /// One operation.
    Operation(Operation),
}

impl Target {
    fn covers(self, operation: Operation) -> bool {
        match self {
            Self::All => true,
            Self::Changes => operation.changes(),
            Self::System(system) => operation.system() == system,
            Self::Operation(one) => one == operation,
        }
    }
}

impl From<System> for Target {
    fn from(system: System) -> Self {
        Self::System(system)
    }
}

impl From<Operation> for Target {
    fn from(operation: Operation) -> Self {
        Self::Operation(operation)
    }
}

#[derive(Debug)]
enum When {
    Next(u64),
    Share(f64),
}

#[derive(Debug)]
struct Rule {
    target: Target,
    when: When,
    faults: Vec<Fault>,
    /// Who was told once that the token expired, where the faults are mixed.
    renewed: HashSet<(Operation, Uuid)>,
}

impl Rule {
    fn new(target: Target, when: When, faults: Vec<Fault>) -> Self {
        Self { target, when, faults, renewed: HashSet::new() }
    }

    /// The fault, where this rule covers the call and its turn has come.
    fn fires(&mut self, operation: Operation, subject: Uuid, rng: &mut Rng) -> Option<Fault> {
        let now = self.target.covers(operation)
            && match &mut self.when {
                When::Next(0) => false,
                When::Next(left) => {
                    *left -= 1;
                    true
                }
                When::Share(share) => rng.chance(*share),
            };
        if !now {
            return None;
        }
        let fault = *self.faults.get(rng.below(self.faults.len()))?;
        if fault != Fault::ExpiredToken || self.faults.len() == 1 || self.renewed.insert((operation, subject)) {
            return Some(fault);
        }
        let others: Vec<Fault> = self.faults.iter().copied().filter(|&other| other != fault).collect();
        others.get(rng.below(others.len())).copied()
    }
}

#[derive(Debug)]
struct Plan {
    rules: Vec<Rule>,
    rng: Rng,
}

/// What shall go wrong. Rules may be laid one over another: the newest one that covers a call and fires decides.
#[derive(Debug)]
pub struct Faults {
    plan: Mutex<Plan>,
    /// Spares the fast path the lock.
    any: AtomicBool,
    fired: AtomicU64,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            plan: Mutex::new(Plan { rules: Vec::new(), rng: Rng::new(seed) }),
            any: AtomicBool::new(false),
            fired: AtomicU64::new(0),
        }
    }

    /// The next `calls` calls to `target` go wrong in this way.
    pub fn next(&self, calls: u64, target: impl Into<Target>, fault: Fault) {
        self.add(Rule::new(target.into(), When::Next(calls), vec![fault]));
    }

    /// A share of the calls to `target` goes wrong in this way: 0 is none, 1 is all.
    pub fn sometimes(&self, share: f64, target: impl Into<Target>, fault: Fault) {
        self.add(Rule::new(target.into(), When::Share(share), vec![fault]));
    }

    /// A share of the calls to `target` goes wrong, in all of these ways equally often. Each subject is told at most once
    /// that the token expired: who has renewed it can go on, as in life.
    pub fn mixed(&self, share: f64, target: impl Into<Target>, faults: impl Into<Vec<Fault>>) {
        self.add(Rule::new(target.into(), When::Share(share), faults.into()));
    }

    /// A share of all calls goes wrong, in every way that there is ([`Fault::EVERY_WAY`]), as [`mixed`](Self::mixed) does.
    /// The same seed and the same order of calls give the same faults.
    pub fn everything(&self, share: f64, seed: u64) {
        self.lock().rng = Rng::new(seed);
        self.mixed(share, Target::All, Fault::EVERY_WAY.concat());
    }

    /// From now on all is well.
    pub fn clear(&self) {
        let mut plan = self.lock();
        plan.rules.clear();
        self.any.store(false, Ordering::Release);
    }

    /// How many calls went wrong so far.
    pub fn fired(&self) -> u64 {
        self.fired.load(Ordering::Relaxed)
    }

    /// What happens to this call.
    pub(crate) fn draw(&self, operation: Operation, subject: Uuid) -> Option<Fault> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let mut plan = self.lock();
        let Plan { rules, rng } = &mut *plan;
        let fault = rules.iter_mut().rev().find_map(|rule| rule.fires(operation, subject, rng))?;
        rules.retain(|rule| !matches!(rule.when, When::Next(0)));
        self.any.store(!rules.is_empty(), Ordering::Release);
        self.fired.fetch_add(1, Ordering::Relaxed);
        Some(fault)
    }

    fn add(&self, rule: Rule) {
        let mut plan = self.lock();
        plan.rules.push(rule);
        self.any.store(true, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_calls_and_no_others() {
        let faults = Faults::new(1);
        faults.next(2, Operation::RetractCommittedDataset, Fault::DropAfterEffect);
        assert_eq!(faults.draw(Operation::SonarDatasets, Uuid::nil()), None);
        assert_eq!(faults.draw(Operation::RetractCommittedDataset, Uuid::nil()), Some(Fault::DropAfterEffect));
        assert_eq!(faults.draw(Operation::RetractCommittedDataset, Uuid::nil()), Some(Fault::DropAfterEffect));
        assert_eq!(faults.draw(Operation::RetractCommittedDataset, Uuid::nil()), None);
        assert_eq!(faults.fired(), 2);
    }

    #[test]
    fn the_newest_rule_decides() {
        let faults = Faults::new(1);
        faults.sometimes(1.0, System::Sonar, Fault::Html);
        faults.next(1, Target::All, Fault::Status(503));
        assert_eq!(faults.draw(Operation::SonarDatasets, Uuid::nil()), Some(Fault::Status(503)));
        assert_eq!(faults.draw(Operation::SonarDatasets, Uuid::nil()), Some(Fault::Html));
        assert_eq!(faults.draw(Operation::RetractAttribute, Uuid::nil()), None);
    }

    #[test]
    fn everything_comes_in_its_share_and_in_every_way() {
        let draws = |seed| {
            let faults = Faults::new(0);
            faults.everything(0.3, seed);
            let subjects = (0..10_000).map(Uuid::from_u128);
            subjects.map(|subject| faults.draw(Operation::RetractCommittedDataset, subject)).collect::<Vec<_>>()
        };
        let first = draws(7);
        let failed = first.iter().flatten().count();
        assert!((2_800..3_200).contains(&failed), "{failed}");
        for way in Fault::EVERY_WAY.concat() {
            assert!(first.contains(&Some(way)), "{way:?}");
        }
        assert_eq!(first, draws(7));
        assert_ne!(first, draws(8));
    }

    #[test]
    fn a_renewed_token_is_good() {
        let faults = Faults::new(1);
        faults.everything(1.0, 1);
        let expired = |subject: u128| {
            let subject = Uuid::from_u128(subject);
            let draws = (0..200).map(|_| faults.draw(Operation::RetractCommittedDataset, subject));
            draws.filter(|fault| *fault == Some(Fault::ExpiredToken)).count()
        };
        assert_eq!((expired(1), expired(2)), (1, 1));
        faults.sometimes(1.0, Target::All, Fault::ExpiredToken);
        assert_eq!(expired(1), 200, "asked for by itself it stays");
    }
}
