/// The beginning of a phase: one action, seen; then two, four … each step seen before the next.
#[derive(Clone, Debug)]
pub(super) struct Ramp {
    step: usize,
    begun: usize,
}

impl Ramp {
    /// For a phase of more than five changes.
    pub(super) fn over(changes: usize) -> Option<Self> {
        is_ramped(changes).then_some(Self { step: 1, begun: 0 })
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

/// Whether a phase with so many changes to make begins with a ramp.
pub(crate) fn is_ramped(changes: usize) -> bool {
    changes > 5
}

/// How many first calls can be out, in a phase of this width that began with a ramp, once so many have returned.
pub(crate) fn out_at_most(width: usize, returned: usize) -> usize {
    let (mut step, mut begun) = (1, 1);
    while returned >= begun {
        step *= 2;
        if step >= width {
            return width;
        }
        begun += step;
    }
    begun - returned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_out_as_the_ramp_lets() {
        for width in 1..40 {
            let (mut ramp, mut returned) = (Ramp::over(100), 0);
            while let Some(mut step) = ramp.take() {
                let mut out = 0;
                while step.has_room() {
                    step.begin();
                    out += 1;
                }
                for back in 0..out {
                    assert_eq!(out_at_most(width, returned + back), out - back, "{width}, {returned}");
                }
                returned += out;
                ramp = step.climb(width);
            }
            assert_eq!(out_at_most(width, returned), width, "{width}: beyond the ramp");
        }
    }
}
