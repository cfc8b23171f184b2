//! What will happen by itself.

/// Something that happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The scheduler looks which queued runs of a DAG may begin.
    Admit(usize),
    /// The scheduler looks at a run.
    Decide(usize),
    /// A task instance of a run takes its next step, unless somebody else moved it since.
    Step(usize, usize, u32),
    /// What was on its way to a worker begins there, whatever its state was made meanwhile.
    Arrive(usize, usize),
}
