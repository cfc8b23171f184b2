//! The one way to do something in a handler that is done once and remembered.
//!
//! The engine replays what a handler did before it goes on. Two steps that were joined would come back in another order, and
//! the run would be stuck for good: so a step borrows the context alone (`&mut self`), and the compiler refuses a second one
//! beside it. Every step has a policy of retries that ends, and an answer that is small.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ops_plan::BoxFuture;
use restate_sdk::prelude::*;
use restate_sdk::serde::{Deserialize, Serialize};

use crate::services::is_cancel;

/// How often a step is tried whose own trouble passes: the archive did not answer.
const ATTEMPTS: u32 = 8;
/// The longest name of a step.
const LONGEST_NAME: usize = 100;

/// The steps of one attempt at an invocation.
pub(crate) struct Steps<'ctx, C> {
    ctx: &'ctx C,
    /// Whether this attempt has done something itself, and not only heard what earlier attempts did.
    awake: Arc<AtomicBool>,
}

/// Whether the step that asks is the first that this attempt does itself: then an earlier attempt may have died in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct First(pub(crate) bool);

/// What a step does, when it comes to it.
pub(crate) type Doing<T> = BoxFuture<'static, HandlerResult<T>>;

impl<'ctx, C: Remembers> Steps<'ctx, C> {
    pub(crate) fn new(ctx: &'ctx C) -> Self {
        Self { ctx, awake: Arc::new(AtomicBool::new(false)) }
    }

    /// Does `what` once; an attempt that follows hears what came of it.
    pub(crate) async fn step<T: Answer>(
        &mut self,
        name: impl Into<String>,
        what: impl FnOnce(First) -> Doing<T> + Send + 'static,
    ) -> Result<T, TerminalError> {
        let awake = Arc::clone(&self.awake);
        let doing = move || what(First(!awake.swap(true, Ordering::Relaxed)));
        // Names are shown by the engine's own tools, and kept with every step.
        let name = name.into().chars().take(LONGEST_NAME).collect();
        self.ctx.remember(name, Box::new(doing)).await
    }

    /// Does `what`, which may be done twice, also where somebody asks for an end meanwhile: the second answer says whether
    /// somebody did. For what must not be left out at an end: looks, debts, reports.
    pub(crate) async fn surely<T: Answer>(
        &mut self,
        name: impl Into<String>,
        what: impl Fn() -> Doing<T> + Clone + Send + 'static,
    ) -> Result<(T, bool), TerminalError> {
        let name = name.into();
        let mut asked = false;
        loop {
            let what = what.clone();
            match self.step(name.as_str(), move |_| what()).await {
                Ok(answer) => return Ok((answer, asked)),
                // It is heard once for each time that somebody asks.
                Err(error) if is_cancel(&error) => asked = true,
                Err(error) => return Err(error),
            }
        }
    }
}

/// What a step may answer.
pub(crate) trait Answer: Serialize + Deserialize + Send + 'static {}

impl<T: Serialize + Deserialize + Send + 'static> Answer for T {}

/// A context of the engine that remembers steps.
pub(crate) trait Remembers: Sync {
    fn remember<'a, T: Answer>(
        &'a self,
        name: String,
        doing: Box<dyn FnOnce() -> Doing<T> + Send>,
    ) -> BoxFuture<'a, Result<T, TerminalError>>;
}

macro_rules! remembers {
    ($($context:ident),*) => {$(
        impl Remembers for $context<'_> {
            fn remember<'a, T: Answer>(
                &'a self,
                name: String,
                doing: Box<dyn FnOnce() -> Doing<T> + Send>,
            ) -> BoxFuture<'a, Result<T, TerminalError>> {
                Box::pin(self.run(doing).name(name).retry_policy(policy()))
            }
        }
    )*};
}

remembers!(Context, WorkflowContext, SharedWorkflowContext);

fn policy() -> RunRetryPolicy {
    RunRetryPolicy::new()
        .initial_delay(Duration::from_millis(200))
        .exponentiation_factor(2.0)
        .max_delay(Duration::from_secs(10))
        .max_attempts(ATTEMPTS)
}
