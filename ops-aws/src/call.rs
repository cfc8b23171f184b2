//! One operation: sent as often as it may be, its failure told once.

use std::error::Error as StdError;
use std::future::Future;
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use crate::error::{Known, nameless, told};
use crate::{Aws, Effect, Error, Idempotency, Result};

/// An operation that is about to be sent: what it is called, and whether it may be sent again.
#[derive(Clone, Copy, Debug)]
#[must_use = "it is sent by `send`"]
pub struct Call<'a> {
    aws: &'a Aws,
    op: &'static str,
    idempotency: Idempotency,
    known: Known,
}

impl<'a> Call<'a> {
    pub(crate) fn new(aws: &'a Aws, op: &'static str, idempotency: Idempotency) -> Self {
        Self { aws, op, idempotency, known: |_, _| None }
    }

    /// With what is known of this service's refusals, beyond what all services have in common.
    pub fn known(mut self, known: Known) -> Self {
        self.known = known;
        self
    }

    /// Sends it; again, as far as it may be. `send` is asked for every attempt, of a client whose own retries are off, as
    /// they are in [`Aws::sdk`].
    ///
    /// # Errors
    /// The last failure, with what all attempts together may have done. A read has no effect. An answer without the id that
    /// AWS gives to every request is `Decode`: where an operation answers nothing, the SDK takes a proxy's login page for
    /// success.
    pub async fn send<T, E, F>(self, mut send: impl FnMut() -> F + Send) -> Result<T>
    where
        T: RequestId + Send,
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        let Self { aws, op, idempotency, known } = self;
        let began = Instant::now();
        let mut pauses = aws.retry().pauses();
        let mut effect = Effect::None;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let error = match send().await {
                Ok(reply) if reply.request_id().is_some() => return Ok(reply),
                Ok(_) => nameless(op),
                Err(error) => told(op, error, known),
            };
            effect = effect.max(error.effect());
            if may_resend(idempotency, &error)
                && let Some(pause) = pauses.next()
            {
                let pause = pause.max(error.retry_after().unwrap_or_default());
                if began.elapsed() + pause <= aws.retry().total {
                    tokio::time::sleep(pause).await;
                    continue;
                }
            }
            let effect = if idempotency == Idempotency::Read { Effect::None } else { effect };
            return Err(whole(error, aws, attempts, effect, began.elapsed()));
        }
    }
}

fn whole(error: Error, aws: &Aws, attempts: u32, effect: Effect, elapsed: Duration) -> Error {
    error.with_target(aws.address()).with_attempts(attempts).with_effect(effect).with_elapsed(elapsed)
}

/// Whether a failed attempt may be followed by another one. `error` carries the effect of the attempt as if it were a write.
fn may_resend(idempotency: Idempotency, error: &Error) -> bool {
    error.is_retryable() && (idempotency != Idempotency::Once || error.effect() == Effect::None)
}
