//! What Aurora and Mesos tell, and what they are told.

mod host;
mod job;
mod mesos;
mod scheduler;
mod task;

pub use host::{HostMode, HostStatus};
pub use job::{JobSummary, NewJob, Process, Quota, Resources};
pub use mesos::{Agent, Framework, MesosSeen};
pub use scheduler::{Leading, SchedulerHealth, SchedulerSeen};
pub use task::{PendingReason, Task, TaskConfig, TaskEvent, TaskFilter, TaskStatus};
