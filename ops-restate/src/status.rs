//! How a run stands, for those who watch.

use ops_plan::{Digest, Outcome, Report};
use serde::{Deserialize, Serialize};

use crate::wire::Step;

/// How a run stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Status {
    /// The run.
    pub run: String,
    /// What it does, in one line.
    pub title: String,
    /// Its plan's digest: what an approval is for.
    pub digest: Digest,
    /// How many actions its plan has, waits included.
    pub planned: usize,
    /// Where it stands.
    pub stage: Stage,
    /// How far it is.
    pub progress: Progress,
    /// Actions that failed, drifted or are unknown so far: their keys, and why. At most 20.
    #[serde(default)]
    pub troubles: Vec<(String, String)>,
}

/// How many troubles a text names.
const IN_TEXT: usize = 3;

impl Status {
    /// How the run stands, at most six lines without tables, colours or mentions: to be pasted into an incident channel.
    pub fn text(&self) -> String {
        let Progress { done, performed, tried, troubled } = self.progress;
        let first = match &self.stage {
            Stage::Waiting => format!("[waits for its approval] {} — nothing done", self.title),
            Stage::Running { phase } => {
                format!("[running, phase {}] {} — {done} of {} done", phase + 1, self.title, self.planned)
            }
            Stage::Ended { line, .. } => line.clone(),
        };
        let mut lines =
            vec![first, format!("{performed} calls accepted, {tried} failed; {troubled} actions in trouble")];
        lines.extend(self.troubles.iter().take(IN_TEXT).map(|(what, why)| format!("trouble: {what}: {why}")));
        lines.push(format!("run {}, plan {}", self.run, self.digest.short()));
        let clean =
            |line: String| line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>() + "\n";
        lines.into_iter().map(clean).collect()
    }

    /// Where a run stood at its end.
    pub(crate) fn of(report: &Report) -> (Stage, Told) {
        let done = report.changed + report.already;
        let progress = Progress { done, troubled: report.troubles.len(), ..Progress::default() };
        let stage = Stage::Ended { outcome: report.outcome, line: report.line() };
        (stage, Told { progress, troubles: report.troubles.clone() })
    }
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stage {
    /// It waits for a person's approval.
    Waiting,
    /// It runs.
    Running {
        /// The phase that is walked now, from 0.
        phase: usize,
    },
    /// It is over.
    Ended {
        /// How.
        outcome: Outcome,
        /// The report's first line.
        line: String,
    },
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Progress {
    /// How many actions are done, whosever effect it is.
    pub done: usize,
    /// How many calls were accepted.
    pub performed: usize,
    /// How many calls failed.
    pub tried: usize,
    /// How many actions failed, drifted or are unknown.
    pub troubled: usize,
}

/// What a run's parts told so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Told {
    pub(crate) progress: Progress,
    pub(crate) troubles: Vec<(String, String)>,
}

impl Told {
    pub(crate) fn add(&mut self, step: Step) {
        self.progress.done += step.done;
        self.progress.performed += step.performed;
        self.progress.tried += step.tried;
        self.progress.troubled += step.troubles.len();
        let room = crate::wire::NAMED.saturating_sub(self.troubles.len());
        self.troubles.extend(step.troubles.into_iter().take(room));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_in_six_lines() {
        let digest = "ab".repeat(32);
        let json = serde_json::json!({
            "run": "night", "title": "retract 700", "digest": digest, "planned": 700, "stage": {"stage": "running", "phase": 0},
            "progress": {"done": 120, "performed": 130, "tried": 2, "troubled": 4},
            "troubles": [["a", "no\nway"], ["b", "why"], ["c", "why"], ["d", "why"]],
        });
        let status: Status = serde_json::from_value(json).unwrap();
        let expected = "[running, phase 1] retract 700 — 120 of 700 done\n\
                        130 calls accepted, 2 failed; 4 actions in trouble\n\
                        trouble: a: no way\ntrouble: b: why\ntrouble: c: why\nrun night, plan abababababab\n";
        assert_eq!(status.text(), expected);
    }
}
