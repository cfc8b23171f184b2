//! The trigger rules: what becomes of a task, given how those directly before it are. The table is Airflow's own
//! (`trigger_rule_dep`, the same in 2.11 and 3.3).

use airflow_client::{TaskState, TriggerRule};

/// How many task instances directly before one ended, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) all: usize,
    pub(crate) success: usize,
    pub(crate) skipped: usize,
    pub(crate) failed: usize,
    pub(crate) upstream_failed: usize,
    pub(crate) removed: usize,
}

impl Before {
    /// There is one more in this state.
    pub(crate) fn count(&mut self, state: &TaskState) {
        self.all += 1;
        if let Some(number) = self.of(state) {
            *number += 1;
        }
    }

    /// One of them has another state.
    pub(crate) fn moved(&mut self, from: &TaskState, to: &TaskState) {
        if let Some(number) = self.of(from) {
            *number -= 1;
        }
        if let Some(number) = self.of(to) {
            *number += 1;
        }
    }

    fn of(&mut self, state: &TaskState) -> Option<&mut usize> {
        Some(match state {
            TaskState::Success => &mut self.success,
            TaskState::Skipped => &mut self.skipped,
            TaskState::Failed => &mut self.failed,
            TaskState::UpstreamFailed => &mut self.upstream_failed,
            TaskState::Removed => &mut self.removed,
            _ => return None,
        })
    }

    fn done(&self) -> usize {
        self.success + self.skipped + self.failed + self.upstream_failed + self.removed
    }
}

/// What the scheduler makes of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its turn has not come.
    Wait,
    /// It starts.
    Start,
    /// It never starts: something before it failed.
    UpstreamFailed,
    /// It is passed over.
    Skip,
}

/// What becomes of a task under this rule. Some rules decide before everything ended.
pub(crate) fn verdict(rule: &TriggerRule, before: &Before) -> Verdict {
    if before.all == 0 {
        return Verdict::Start;
    }
    let Before { all, success, skipped, failed, upstream_failed, removed } = *before;
    let bad = failed + upstream_failed;
    let ended = before.done() >= all;
    let decided = match rule {
        TriggerRule::AllSuccess if bad > 0 => Some(Verdict::UpstreamFailed),
        TriggerRule::AllSuccess if skipped > 0 => Some(Verdict::Skip),
        TriggerRule::AllFailed if success + skipped > 0 => Some(Verdict::Skip),
        TriggerRule::OneSuccess if ended && before.done() == skipped => Some(Verdict::Skip),
        TriggerRule::OneSuccess if ended && success == 0 => Some(Verdict::UpstreamFailed),
        TriggerRule::OneFailed if ended && bad == 0 => Some(Verdict::Skip),
        TriggerRule::OneDone if ended && failed + success == 0 => Some(Verdict::Skip),
        TriggerRule::NoneFailed if bad > 0 => Some(Verdict::UpstreamFailed),
        TriggerRule::NoneFailedMinOneSuccess if bad > 0 => Some(Verdict::UpstreamFailed),
        TriggerRule::NoneFailedMinOneSuccess if skipped == all => Some(Verdict::Skip),
        TriggerRule::NoneFailedMinOneSuccess if ended && success == 0 => Some(Verdict::UpstreamFailed),
        TriggerRule::NoneSkipped if skipped > 0 => Some(Verdict::Skip),
        TriggerRule::AllSkipped if success + bad > 0 => Some(Verdict::Skip),
        TriggerRule::AllDoneMinOneSuccess if skipped > 0 => Some(Verdict::Skip),
        TriggerRule::AllDoneMinOneSuccess if success + bad + removed >= all - skipped && success == 0 => {
            Some(Verdict::UpstreamFailed)
        }
        _ => None,
    };
    if let Some(decided) = decided {
        return decided;
    }
    let met = match rule {
        TriggerRule::AllSuccess => success + removed >= all,
        TriggerRule::AllFailed => bad + removed >= all,
        TriggerRule::OneSuccess => success > 0,
        TriggerRule::OneFailed => bad > 0,
        TriggerRule::OneDone => success + failed > 0,
        TriggerRule::NoneFailed => success + skipped + removed >= all,
        TriggerRule::NoneFailedMinOneSuccess => success + skipped + removed >= all && success > 0,
        TriggerRule::NoneSkipped => ended && skipped == 0,
        TriggerRule::AllSkipped => skipped >= all,
        TriggerRule::AllDoneMinOneSuccess => success + bad >= all - skipped - removed && success > 0,
        TriggerRule::Always => true,
        // `all_done`; and a rule that this sandbox does not know is taken for it.
        _ => ended,
    };
    if met { Verdict::Start } else { Verdict::Wait }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [TriggerRule; 12] = [
        TriggerRule::AllSuccess,
        TriggerRule::AllFailed,
        TriggerRule::AllDone,
        TriggerRule::AllDoneMinOneSuccess,
        TriggerRule::AllSkipped,
        TriggerRule::OneSuccess,
        TriggerRule::OneFailed,
        TriggerRule::OneDone,
        TriggerRule::NoneFailed,
        TriggerRule::NoneFailedMinOneSuccess,
        TriggerRule::NoneSkipped,
        TriggerRule::Always,
    ];

    /// S success, F failed, U `upstream_failed`, K skipped, R removed, - not ended.
    fn before(states: &str) -> Before {
        let mut before = Before::default();
        for state in states.chars() {
            before.count(&match state {
                'S' => TaskState::Success,
                'F' => TaskState::Failed,
                'U' => TaskState::UpstreamFailed,
                'K' => TaskState::Skipped,
                'R' => TaskState::Removed,
                _ => TaskState::Running,
            });
        }
        before
    }

    /// In the order of `RULES`: R it runs, . it waits, U it is `upstream_failed`, K it is skipped.
    fn row(states: &str) -> String {
        let sign = |rule| match verdict(rule, &before(states)) {
            Verdict::Start => 'R',
            Verdict::Wait => '.',
            Verdict::UpstreamFailed => 'U',
            Verdict::Skip => 'K',
        };
        RULES.iter().map(sign).collect()
    }

    #[test]
    fn every_rule_on_every_kind_of_end() {
        let table = [
            //      all: success failed done done+1 skipped | one: success failed done | none: failed f+1 skipped | always
            ("SS", "RKRRKRKRRRRR"),
            ("SF", "UKRRKRRRUURR"),
            ("FF", "URRUKURRUURR"),
            ("UU", "URRUKURKUURR"),
            ("SK", "KKRKKRKRRRKR"),
            ("KK", "KKRKRKKKRKKR"),
            ("FK", "UKRKKURRUUKR"),
            ("S-", ".K..KR.R...R"),
            ("F-", "U...K.RRUU.R"),
            ("K-", "KK.K......KR"),
            ("--", "...........R"),
            ("SR", "RKRRKRKRRRRR"),
            ("", "RRRRRRRRRRRR"),
        ];
        for (states, expected) in table {
            assert_eq!(row(states), expected, "after {states:?}");
        }
    }
}
