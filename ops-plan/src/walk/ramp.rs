/// The beginning of a phase: one action, seen; then two, four … each step seen before the next.
#[derive(Clone, Debug)]
pub(super) struct Ramp {
    step: usize,
    begun: usize,
}

impl Ramp {
    /// For a phase of more than five changes.
    pub(super) fn over(changes: usize) -> Option<Self> {
        (changes > 5).then_some(Self { step: 1, begun: 0 })
    }

    pub(super) fn has_room(&self) -> bool {
        self.begun < self.step
    }

    pub(super) fn begin(&mut self) {
        self.begun += 1;
    }

    /// What was begun has been seen: on to the next step, or out of the ramp.
    pub(super) fn climb(self, width: usize) -> Option<Self> {
        let step = self.step * 2;
        (step < width).then_some(Self { step, begun: 0 })
    }
}
