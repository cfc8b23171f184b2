//! Airflow: DAGs, their runs and task instances; a scheduler that moves them as Airflow does; its ports, and both of its
//! REST APIs.
//!
//! What Airflow 2.11.2 and 3.3.2 were seen to do is done here too, where the two differ by [`Generation`]. What is simpler
//! here: steps take fractions of a second, a process that was marked ends at once, no schedule makes runs, and tasks know
//! neither sensors nor deferral.

mod about;
mod agenda;
mod change;
mod direct;
mod http;
mod orders;
mod port;
mod rules;
mod run;
mod scheduler;
mod shown;
mod spec;
mod state;
mod structure;

pub use about::About;
pub(crate) use http::{Logins, airflow2, airflow3};
pub use port::AirflowPort;
pub use run::Tally;
pub(crate) use scheduler::Outside;
pub use spec::{DagSpec, RunSpec, TaskSpec};
pub(crate) use state::Airflow;

/// Which Airflow answers. The world behind both is the same; what they do to it differs in places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Generation {
    /// Airflow 2.11.2 with its API v1.
    Two,
    /// Airflow 3.3.2 with its API v2.
    Three,
}

impl Generation {
    /// The release that it says it is.
    pub(crate) fn release(self) -> &'static str {
        match self {
            Self::Two => "2.11.2",
            Self::Three => "3.3.2",
        }
    }
}

/// An oddity of the real Airflow that shows only sometimes. A test that wants it asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Quirk {
    /// A cleared task's next try is two higher than its last one, not one (measured on API v1).
    TryRisesByTwo,
    /// The scheduler still sees the failure that a mark took away: one task after it is `upstream_failed` again, though all
    /// before it is well (a known race).
    StuckAfterMark,
}
