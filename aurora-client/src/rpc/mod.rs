//! The scheduler's methods, one function each, whichever scheduler leads. Nothing here plans or waits.

mod judge;
mod leader;
mod methods;

pub(crate) use self::leader::leads;

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ops_client::http::{Endpoint, Idempotency, RetryPolicy};
use ops_client::{Effect, Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};

use crate::wire::{self, Again, Encoding, Method};

/// A follower sends to the leader; more hops than this are a circle.
const MAX_HOPS: usize = 3;

/// What a scheduler replied.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reply<T> {
    /// The answer.
    pub value: T,
    /// What it says besides: «No tasks to kill.»
    pub notes: Vec<String>,
    /// The address of the scheduler that replied.
    pub server: String,
}

/// The schedulers of a cluster, and whoever of them leads. Cheap to clone; clones share what they know of the leader.
#[derive(Clone, Debug)]
pub struct Rpc {
    shared: Arc<Shared>,
    encoding: Encoding,
    retry: RetryPolicy,
    /// Where it is another one than the schedulers' own.
    max_body: Option<usize>,
}

/// What the last attempt was replied, and what the ones before it may have done.
struct Asked {
    reply: Reply<wire::Response>,
    attempts: u32,
    worst: Effect,
    elapsed: Duration,
}

#[derive(Debug)]
struct Shared {
    schedulers: Vec<Endpoint>,
    leader: Mutex<Option<usize>>,
    seq: AtomicI32,
}

impl Rpc {
    /// The schedulers at these places. How often a call is tried says the first of them.
    ///
    /// # Errors
    /// `Invalid` where there is none.
    pub(crate) fn new(schedulers: Vec<Endpoint>) -> Result<Self> {
        let Some(first) = schedulers.first() else {
            return Err(Error::invalid("aurora.client", "no scheduler is named").with_remedy("name at least one"));
        };
        let retry = first.retry().clone();
        // Which one is tried next is decided here.
        let schedulers = schedulers.iter().map(|endpoint| endpoint.with_retry(RetryPolicy::none())).collect();
        let shared = Shared { schedulers, leader: Mutex::new(None), seq: AtomicI32::new(1) };
        Ok(Self { shared: Arc::new(shared), encoding: Encoding::default(), retry, max_body: None })
    }

    /// Speaks this encoding.
    #[must_use]
    pub fn with_encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Reads no more than this of a reply, in bytes.
    #[must_use]
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// The schedulers, in the order in which they were named.
    pub(crate) fn schedulers(&self) -> &[Endpoint] {
        &self.shared.schedulers
    }

    /// Asks whoever leads, again where that is allowed. What the scheduler itself refuses is no error here.
    async fn ask<M: Method>(&self, op: &'static str, ask: &M) -> Result<Asked> {
        let begun = Instant::now();
        let mut pauses = self.retry.pauses();
        let (mut attempts, mut worst) = (0, Effect::None);
        loop {
            attempts += 1;
            let error = match self.once(op, ask).await {
                Ok(reply) if !judge::is_not_ready(&reply.value) => {
                    return Ok(Asked { reply, attempts, worst, elapsed: begun.elapsed() });
                }
                Ok(reply) => {
                    // Whoever is not ready may not lead for long.
                    self.set_leader(None);
                    judge::refused(op, &reply, M::AGAIN)
                }
                Err(error) => error,
            };
            if M::AGAIN != Again::Read {
                worst = worst.max(error.effect());
            }
            let pause = judge::may_be_sent_again(M::AGAIN, &error).then(|| pauses.next()).flatten();
            let pause = pause.map(|pause| pause.max(error.retry_after().unwrap_or_default()));
            let pause = pause.filter(|pause| begun.elapsed().saturating_add(*pause) <= self.retry.total);
            let Some(pause) = pause else {
                return Err(error.with_effect(worst).with_attempts(attempts).with_elapsed(begun.elapsed()));
            };
            sleep(pause).await;
        }
    }

    /// One try: to the leader, and on to whoever a follower names.
    async fn once<M: Method>(&self, op: &'static str, ask: &M) -> Result<Reply<wire::Response>> {
        let seq = self.shared.seq.fetch_add(1, Ordering::Relaxed);
        let body = wire::call(self.encoding, seq, ask);
        let mut at = self.leader(op).await;
        for _ in 0..MAX_HOPS {
            let endpoint = &self.shared.schedulers[at];
            let reply = match self.send::<M>(op, endpoint, body.clone()).await {
                Ok(reply) => reply,
                Err(error) => {
                    self.forget(at, &error);
                    return Err(judge::of_the_filter(error));
                }
            };
            if reply.status() != 307 {
                return judge::read::<M>(&reply, endpoint.address(), seq);
            }
            at = self.follow(at, &reply)?;
        }
        self.set_leader(None);
        Err(Error::new(op, ErrorKind::Unavailable, Effect::None)
            .with_message("the schedulers name each other as the leader")
            .with_remedy("wait for the election; then look at ZooKeeper"))
    }

    async fn send<M: Method>(
        &self,
        op: &'static str,
        endpoint: &Endpoint,
        body: Vec<u8>,
    ) -> Result<ops_client::http::Reply> {
        let idempotency = match M::AGAIN {
            Again::Read => Idempotency::Read,
            Again::Same => Idempotency::Write,
            Again::Look | Again::Never => Idempotency::Once,
        };
        let content_type = self.encoding.content_type();
        let call = endpoint
            .post(op)
            .segments(&["api"])
            .template("/api")
            .idempotency(idempotency)
            .header("accept", content_type)
            .body(content_type, body)
            .accept_status(307);
        match self.max_body {
            Some(bytes) => call.max_body(bytes).send().await,
            None => call.send().await,
        }
    }
}
