//! A part of a plan: what one call of a distributed engine walks through.

use serde::{Deserialize, Serialize};

use crate::head::{BLOCK, Head};

/// Some neighbouring actions of a plan: of one phase, and of one block, so that they can be read and checked without the
/// rest of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Part {
    /// The phase, from 0.
    pub phase: usize,
    /// The first action's index in the plan.
    pub from: usize,
    /// The index behind the last action.
    pub to: usize,
}

impl Part {
    /// The block that its actions lie in, from 0.
    pub fn block(&self) -> usize {
        self.from / BLOCK
    }

    /// How many actions it has.
    pub fn len(&self) -> usize {
        self.to.saturating_sub(self.from)
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it lies where it says that it does.
    pub(crate) fn fits(&self, head: &Head) -> bool {
        let start: usize = head.phases.iter().take(self.phase).map(|phase| phase.len()).fold(0, usize::saturating_add);
        let end = head.phases.get(self.phase).map_or(0, |phase| start.saturating_add(phase.len()));
        !self.is_empty() && start <= self.from && self.to <= end && (self.to - 1) / BLOCK == self.block()
    }
}

impl Head {
    /// A phase cut into parts of at most `most` actions, to be walked. A phase that begins with a ramp begins with parts of
    /// one action: the canary, then as many as the ramp's steps take.
    pub fn parts(&self, phase: usize, most: usize) -> Vec<Part> {
        let alone = self.phases.get(phase).filter(|cut| cut.is_ramped()).map_or(0, |cut| in_ramp(cut.width));
        self.cut(phase, alone, most)
    }

    /// A phase cut into as few parts as it has blocks, to be looked at.
    pub fn surveys(&self, phase: usize) -> Vec<Part> {
        self.cut(phase, 0, BLOCK)
    }

    /// `alone` parts of one action, then parts of at most `most`.
    fn cut(&self, phase: usize, alone: usize, most: usize) -> Vec<Part> {
        let start: usize = self.phases.iter().take(phase).map(|phase| phase.len()).fold(0, usize::saturating_add);
        let Some(cut) = self.phases.get(phase) else { return Vec::new() };
        let end = start.saturating_add(cut.len()).min(self.blocks.len().saturating_mul(BLOCK));
        let mut parts = Vec::new();
        let mut from = start;
        while from < end {
            let border = (from / BLOCK + 1) * BLOCK;
            let size = if parts.len() < alone { 1 } else { most.max(1) };
            let to = from.saturating_add(size).min(border).min(end);
            parts.push(Part { phase, from, to });
            from = to;
        }
        parts
    }
}

/// How many are called in the ramp of so wide a phase: one, two, four … while that is less than the width.
fn in_ramp(width: usize) -> usize {
    let (mut step, mut all) = (1, 1);
    while step * 2 < width.min(BLOCK) {
        step *= 2;
        all += step;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(phases: &[usize]) -> Head {
        let actions: usize = phases.iter().sum();
        let phases: Vec<_> = phases
            .iter()
            .map(|&n| serde_json::json!({"name": "n", "width": 3, "waits": 0, "reversible": n, "disruptive": 0, "irreversible": 0}))
            .collect();
        let blocks = vec!["0".repeat(64); actions.div_ceil(BLOCK)];
        let json = serde_json::json!({
            "format": 1, "recipe": "r", "version": 1, "question": {},
            "target": {"environment": "e", "kind": "sandbox"}, "identity": [], "title": "", "subjects": [],
            "population": null, "one_by_one": false, "made_at": "2026-01-01T00:00:00Z", "findings": [], "phases": phases,
            "notes": [], "later": [], "settles": [], "blocks": blocks,
        });
        serde_json::from_str(&json.to_string()).unwrap()
    }

    #[test]
    fn every_action_is_in_one_part_of_its_phase_and_block() {
        for phases in [vec![1], vec![5, 6], vec![249, 2, 700], vec![250, 250], vec![0, 3], vec![1001]] {
            let head = head(&phases);
            for most in [1, 7, 100, 250, 1000] {
                let parts: Vec<Part> = (0..phases.len()).flat_map(|phase| head.parts(phase, most)).collect();
                let mut next = 0;
                for part in &parts {
                    assert_eq!(part.from, next);
                    assert!(part.fits(&head), "{part:?} of {phases:?}");
                    assert!(part.len() <= most.min(BLOCK));
                    next = part.to;
                }
                assert_eq!(next, phases.iter().sum::<usize>());
            }
        }
    }

    #[test]
    fn many_changes_begin_with_one() {
        let head = head(&[5, 6]);
        assert_eq!(head.parts(0, 250)[0].len(), 5);
        // The phase is three wide: one alone, two side by side, and then the rest.
        assert_eq!(head.parts(1, 250).iter().map(Part::len).collect::<Vec<_>>(), [1, 1, 1, 3]);
        assert_eq!([1, 2, 3, 4, 5, 10].map(in_ramp), [1, 1, 3, 3, 7, 15]);
    }

    #[test]
    fn a_look_needs_as_few_parts_as_there_are_blocks() {
        let head = head(&[5, 600]);
        assert_eq!(head.surveys(0).len(), 1);
        assert_eq!(head.surveys(1).iter().map(Part::len).collect::<Vec<_>>(), [245, 250, 105]);
    }

    #[test]
    fn what_lies_elsewhere_does_not_fit() {
        let head = head(&[100, 300]);
        for (phase, from, to) in [(0, 0, 0), (0, 0, 101), (1, 99, 120), (1, 240, 260), (2, 400, 401), (1, 399, 401)] {
            assert!(!Part { phase, from, to }.fits(&head), "{phase}: {from}..{to}");
        }
    }
}
