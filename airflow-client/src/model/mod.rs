//! What Airflow knows, in our words. Both API generations give the same.

mod change;
mod dag;
mod graph;
mod other;
mod run;
mod state;
mod task;

pub use change::{Clear, NewRunState, NewTaskState, SetTaskState, Spread, TaskRef, Trigger, Which};
pub use dag::{Dag, DagFilter};
pub use graph::{DagGraph, Task};
pub use other::{Event, EventFilter, Health, ImportError, LogLine, LogRequest, Part, Pool, Release, Variable};
pub use run::{DagRun, RunFilter};
pub use state::{RunState, TaskState, TriggerRule};
pub use task::{TaskFilter, TaskInstance};
