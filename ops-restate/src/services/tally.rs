//! What came of a run's parts, added up.

use jiff::Timestamp;
use ops_plan::{Account, FAILURES, Finding, Head, Obligation, Outcome, Part, Stop, Verdict};

use crate::archive::{End, Ends};
use crate::status::{Progress, Told};
use crate::wire::{NAMED, PartEnd, Ranges};

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
            None => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    fn head(actions: usize) -> Head {
        let phase = serde_json::json!({"name": "n", "width": 3, "waits": 0, "reversible": actions, "disruptive": 0, "irreversible": 0});
        let json = serde_json::json!({
            "format": 1, "recipe": "r", "version": 1, "question": {}, "target": {"environment": "e", "kind": "ordinary"},
            "identity": [], "title": "", "subjects": [], "population": null, "one_by_one": false,
            "made_at": "2026-01-01T00:00:00Z", "findings": [], "phases": [phase], "notes": [], "later": [],
            "settles": ["old"], "blocks": ["0".repeat(64)],
        });
        serde_json::from_str(&json.to_string()).unwrap()
    }

    fn part(from: usize) -> Part {
        serde_json::from_value(serde_json::json!({"phase": 0, "from": from, "to": from + 10})).unwrap()
    }

    fn failing(failed: usize, destructive: bool) -> PartEnd {
        let stop = Some(Stop::Failures("no".into()));
        PartEnd { failed, destructive, stop, outcome: Outcome::Stopped, ..PartEnd::nothing() }
    }

    #[test]
    fn failures_of_all_parts_count_together() {
        let mut tally = Tally::of(&head(30));
        tally.take(part(0), failing(1, false));
        tally.take(part(10), failing(1, false));
        assert!(!tally.stopped(), "two failures of what is not destructive stop nothing yet");
        tally.take(part(20), failing(1, false));
        assert!(tally.stopped(), "the third does");
        assert_eq!(tally.outcome(&[]), Outcome::Stopped);
    }

    #[test]
    fn the_first_destructive_failure_stops() {
        let mut tally = Tally::of(&head(30));
        tally.take(part(0), failing(1, true));
        assert!(tally.stopped());
    }

    #[test]
    fn after_a_failure_the_next_phase_does_not_begin() {
        let mut tally = Tally::of(&head(30));
        tally.take(part(0), failing(1, false));
        assert!(!tally.stopped());
        tally.close_phase();
        assert!(tally.stopped());
    }

    #[test]
    fn what_cannot_be_told_outweighs_why_it_stopped() {
        let mut tally = Tally::of(&head(30));
        tally.stop(Stop::Asked);
        assert_eq!(tally.outcome(&[]), Outcome::Cancelled);
        tally.take(part(0), PartEnd::unknown("lost".into()));
        assert_eq!(tally.outcome(&[]), Outcome::Unknown);
    }

    #[test]
    fn every_action_has_one_end_and_the_last_word_counts() {
        let mut tally = Tally::of(&head(5));
        // Seen done before the phase began, then walked by a part.
        tally.take(part(0), PartEnd { already: [0, 1].into_iter().collect(), ..PartEnd::nothing() });
        let (already, changed) = ([0].into_iter().collect(), [2].into_iter().collect());
        let end = PartEnd { already, changed, perhaps: [3].into_iter().collect(), ..PartEnd::nothing() };
        tally.take(part(0), end);
        assert_eq!(tally.ends, [End::Already, End::Already, End::Changed, End::Perhaps, End::Left]);
        let account = tally.account("run", "ada", Timestamp::UNIX_EPOCH, Outcome::Done, Vec::new());
        assert_eq!((account.changed, account.already, account.left), (vec![2], 2, vec![3, 4]));
    }

    #[test]
    fn a_debt_that_the_plan_settles_is_not_owed_when_it_is_done() {
        let mut tally = Tally::of(&head(5));
        let debts = vec![Obligation::new("old", "again"), Obligation::new("new", "later")];
        tally.take(part(0), PartEnd { debts, ..PartEnd::nothing() });
        let owed = |outcome| {
            let account = tally.account("run", "ada", Timestamp::UNIX_EPOCH, outcome, Vec::new());
            account.debts.into_iter().map(|debt| debt.id).collect::<Vec<_>>()
        };
        assert_eq!(
            (owed(Outcome::Done), owed(Outcome::Stopped)),
            (vec!["new".into()], vec!["old".into(), "new".into()])
        );
    }

    #[test]
    fn troubles_are_told_in_the_order_of_the_plan() {
        let mut tally = Tally::of(&head(30));
        let trouble = |key: &str| PartEnd { troubles: vec![(key.into(), "why".into())], ..PartEnd::nothing() };
        tally.take(part(10), trouble("b"));
        tally.take(part(0), trouble("a"));
        assert_eq!(tally.troubles().into_iter().map(|(key, _)| key).collect::<Vec<_>>(), ["a", "b"]);
    }
}
