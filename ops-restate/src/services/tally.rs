//! What came of a run's parts, added up.

use jiff::Timestamp;
use ops_plan::{Account, Finding, Head, Obligation, Outcome, Part, Stop, Verdict};

use crate::archive::{End, Ends};
use crate::status::{Progress, Told};
use crate::wire::{PartEnd, Ranges};

/// How many failures of actions that are not destructive stop a run: as on one machine.
const FAILURES: usize = 3;
/// How many troubles a report names.
const NAMED: usize = 20;

#[derive(Debug)]
pub(super) struct Tally {
    ends: Vec<End>,
    performed: usize,
    tried: usize,
    failures: usize,
    /// What a part stopped for that does not stop the others: a failure which is not destructive.
    failed: Option<Stop>,
    stop: Option<Stop>,
    unknown: bool,
    troubled: usize,
    troubles: Vec<(usize, (String, String))>,
    debts: Vec<Obligation>,
    settles: Vec<String>,
}

impl Tally {
    pub(super) fn of(head: &Head) -> Self {
        Self {
            ends: vec![End::Left; head.len()],
            performed: 0,
            tried: 0,
            failures: 0,
            failed: None,
            stop: None,
            unknown: false,
            troubled: 0,
            troubles: Vec::new(),
            debts: Vec::new(),
            settles: head.settles.clone(),
        }
    }

    /// Nothing new begins from now on. The first reason stays.
    pub(super) fn stop(&mut self, why: Stop) {
        self.unknown |= matches!(why, Stop::Unknown(_));
        self.stop.get_or_insert(why);
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.is_some()
    }

    pub(super) fn take(&mut self, part: Part, end: PartEnd) {
        self.mark(&end.changed, End::Changed);
        self.mark(&end.already, End::Already);
        self.mark(&end.perhaps, End::Perhaps);
        self.performed += end.performed;
        self.tried += end.tried;
        self.failures += end.failed;
        self.unknown |= end.outcome == Outcome::Unknown;
        self.troubled += end.troubles.len();
        // In the order of the plan, whichever part ended first.
        self.troubles.extend(end.troubles.into_iter().map(|trouble| (part.from, trouble)));
        self.troubles.sort_by_key(|(from, _)| *from);
        self.troubles.truncate(NAMED);
        self.debts.extend(end.debts);
        match end.stop {
            // It was asked to stop, by us.
            None | Some(Stop::Asked) => {}
            Some(why @ Stop::Failures(_)) if !end.destructive && self.failures < FAILURES => {
                self.failed.get_or_insert(why);
            }
            Some(why) => self.stop(why),
        }
    }

    /// Where something failed in a phase, the next does not begin.
    pub(super) fn close_phase(&mut self) {
        if let Some(why) = self.failed.take() {
            self.stop(why);
        }
    }

    pub(super) fn done(&self) -> Vec<usize> {
        self.those(|end| matches!(end, End::Changed | End::Already))
    }

    /// What the board would say by now, if every message to it had arrived.
    pub(super) fn told(&self) -> Told {
        let (performed, tried, troubled) = (self.performed, self.tried, self.troubled);
        let progress = Progress { done: self.done().len(), performed, tried, troubled };
        Told { progress, troubles: self.troubles() }
    }

    pub(super) fn ends(&self) -> Ends {
        Ends(self.ends.clone())
    }

    pub(super) fn outcome(&self, findings: &[Finding]) -> Outcome {
        match &self.stop {
            _ if self.unknown => Outcome::Unknown,
            None if findings.iter().any(|finding| finding.verdict == Verdict::Block) => Outcome::VerificationFailed,
            None => Outcome::Done,
            Some(Stop::Asked) => Outcome::Cancelled,
            Some(_) => Outcome::Stopped,
        }
    }

    pub(super) fn account(
        &self,
        run: &str,
        operator: &str,
        began: Timestamp,
        outcome: Outcome,
        findings: Vec<Finding>,
    ) -> Account {
        let mut debts = self.debts.clone();
        if outcome == Outcome::Done {
            debts.retain(|debt| !self.settles.contains(&debt.id));
        }
        Account {
            run: run.to_owned(),
            operator: operator.to_owned(),
            host: "restate".into(),
            started_at: began,
            ended_at: began,
            outcome,
            stop: self.stop.clone(),
            changed: self.those(|end| end == End::Changed),
            already: self.those(|end| end == End::Already).len(),
            left: self.those(|end| matches!(end, End::Left | End::Perhaps)),
            troubles: self.troubles(),
            findings,
            debts,
        }
    }

    fn troubles(&self) -> Vec<(String, String)> {
        self.troubles.iter().map(|(_, trouble)| trouble.clone()).collect()
    }

    fn mark(&mut self, which: &Ranges, end: End) {
        for i in which.iter() {
            if let Some(place) = self.ends.get_mut(i) {
                *place = end;
            }
        }
    }

    fn those(&self, wanted: impl Fn(End) -> bool) -> Vec<usize> {
        (0..self.ends.len()).filter(|&i| wanted(self.ends[i])).collect()
    }
}
