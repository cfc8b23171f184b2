//! Which rungs were climbed, as the folder of runs has it.

use jiff::Timestamp;
use ops_plan::{Outcome, Recipe, RunState, Runs, Summary, Target};

use super::{Attempt, Ladder, Open, RecoverRun, Rung};
use crate::aurora::{CycleMachines, ScaleUp};

/// What earlier runs did for a ladder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Past {
    /// Rungs of this very ladder.
    pub climbed: Vec<Attempt>,
    /// Rungs of this very ladder that have not come to their end.
    pub opens: Vec<Open>,
    /// What people did to the same machines without the ladder. It counts where it came after the last failure.
    pub beside: Vec<Attempt>,
    /// Runs that cannot be read: each may be a rung.
    pub unreadable: Vec<String>,
}

impl Past {
    /// Reads the folder of runs.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn read(runs: &Runs, target: &Target, ladder: &Ladder) -> ops_plan::Result<Self> {
        let mut past = Self::default();
        for summary in runs.list()? {
            match summary {
                Ok(summary) if summary.info.target == *target => past.add(&summary, ladder),
                Ok(_) => {}
                Err(error) => past.unreadable.push(error.to_string()),
            }
        }
        // A rung that another of the same ladder has gone past is history.
        let Self { climbed, opens, .. } = &mut past;
        opens.retain(|open| !climbed.iter().any(|done| done.rung >= open.rung && done.at >= open.at));
        Ok(past)
    }

    /// Only what was begun at this time or later: an embedded sandbox knows nothing of what was done in another one.
    #[must_use]
    pub fn since(mut self, at: Timestamp) -> Self {
        self.climbed.retain(|attempt| attempt.at >= at);
        self.opens.retain(|open| open.at >= at);
        self.beside.retain(|attempt| attempt.at >= at);
        self
    }

    fn add(&mut self, summary: &Summary, ladder: &Ladder) {
        let (info, question) = (&summary.info, summary.info.question.get());
        let at = summary.history.started_at.unwrap_or(info.created_at);
        // What was verified and not found as wanted was climbed all the same: what it came to is seen in the world.
        let ended = matches!(summary.state, RunState::Ended(Outcome::Done | Outcome::VerificationFailed));
        let beside = |rung| Attempt::new(rung, summary.history.last_at.unwrap_or(at)).by(&info.id);
        match info.recipe.as_str() {
            RecoverRun::ID => {
                let Ok(rung) = serde_json::from_str::<RecoverRun>(question) else {
                    return self.unreadable.push(format!("{}: its question is of another version", info.id));
                };
                if rung.ladder.transaction == ladder.transaction && rung.ladder.job == ladder.job {
                    self.rung(summary, rung.rung(), at, ended);
                }
            }
            CycleMachines::ID if ended => {
                let same = |cycle: CycleMachines| cycle.group == ladder.group;
                if serde_json::from_str(question).is_ok_and(same) {
                    self.beside.push(beside(Rung::Cycle));
                }
            }
            ScaleUp::ID if ended => {
                let same = |scale: ScaleUp| scale.scaling.group == ladder.group;
                if serde_json::from_str(question).is_ok_and(same) {
                    self.beside.push(beside(Rung::ScaleUp));
                }
            }
            _ => {}
        }
    }

    fn rung(&mut self, summary: &Summary, rung: Rung, at: Timestamp, ended: bool) {
        let id = &summary.info.id;
        let open = Open::new(rung, at, id);
        match summary.state {
            // Nobody approved it: nothing happened.
            RunState::Planned => {}
            _ if ended => self.climbed.push(Attempt::new(rung, at).by(id)),
            RunState::Running => self.opens.push(open.running()),
            RunState::Interrupted => self.opens.push(open),
            _ => self.opens.push(open.stopped()),
        }
    }
}
