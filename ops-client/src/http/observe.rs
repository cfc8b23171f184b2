use std::time::Duration;

use crate::{Effect, Environment, ErrorKind};

/// One finished call, as plain data without ids and without secrets: fit for metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallRecord {
    /// Where it was sent.
    pub environment: Environment,
    /// The operation, `system.verb`.
    pub op: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path with its ids left out, such as `/api/transaction/{transaction-id}`.
    pub template: &'static str,
    /// The status of the last answer, where there was one.
    pub status: Option<u16>,
    /// How often the call was sent.
    pub attempts: u32,
    /// From the first attempt to the end.
    pub elapsed: Duration,
    /// How it failed, and what it may have done; nothing where it succeeded.
    pub failure: Option<(ErrorKind, Effect)>,
}

/// Is told of every finished call. It runs in the path of the call: it should be quick, and it cannot fail.
pub trait CallObserver: Send + Sync {
    /// A call has ended, well or not.
    fn on_call(&self, record: &CallRecord);
}
