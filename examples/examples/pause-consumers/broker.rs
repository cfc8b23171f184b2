//! The system of the guide: a broker whose queues hand messages to consumers. Two ports, and a broker in memory behind them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// A queue, as one look shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// How many messages wait.
    pub waiting: u64,
    /// Who takes them, by name.
    pub consumers: BTreeMap<String, Consumer>,
}

/// Somebody who takes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumer {
    /// How many messages it may hold at once; at 0 it is paused.
    pub limit: u32,
    /// How many it holds at this moment.
    pub in_hand: u32,
}

/// Looking at the broker. Nothing here changes anything.
#[async_trait]
pub trait BrokerRead: Send + Sync {
    /// A queue, with all its consumers.
    ///
    /// # Errors
    /// `NotFound` where there is none.
    async fn queue(&self, name: &str) -> Result<Queue>;
}

/// Changing the broker. A program that only previews never holds this.
#[async_trait]
pub trait BrokerWrite: Send + Sync {
    /// How many messages a consumer may hold at once. Safe to repeat.
    ///
    /// # Errors
    /// `NotFound` where there is no such queue or consumer; otherwise every kind. The effect says what may have happened.
    async fn set_limit(&self, queue: &str, consumer: &str, limit: u32) -> Result<()>;
}

/// A broker in memory. One that was opened from a file keeps what it knows there, and so outlives the program.
#[derive(Debug, Default)]
pub struct Broker {
    queues: Mutex<Queues>,
    file: Option<PathBuf>,
}

type Queues = BTreeMap<String, Queue>;

impl Broker {
    /// A broker with one queue.
    pub fn with(name: &str, waiting: u64, consumers: &[(&str, u32)]) -> Self {
        let busy = |&(name, limit): &(&str, u32)| (name.to_owned(), Consumer { limit, in_hand: limit });
        let queue = Queue { waiting, consumers: consumers.iter().map(busy).collect() };
        Self { queues: Mutex::new(BTreeMap::from([(name.to_owned(), queue)])), file: None }
    }

    /// The broker of a file; where there is none yet, one with a queue of orders.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no queues.
    pub fn open(file: &Path) -> std::io::Result<Self> {
        let new = || Self::with("orders", 1200, &[("billing-1", 8), ("billing-2", 8), ("mailer", 4)]);
        let broker = match std::fs::read(file) {
            Ok(bytes) => Self { queues: Mutex::new(serde_json::from_slice(&bytes)?), file: None },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => new(),
            Err(error) => return Err(error),
        };
        Ok(Self { file: Some(file.to_owned()), ..broker })
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, queues: &Queues) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let failed = |error: std::io::Error| {
            Error::new("broker.keep", ErrorKind::Unavailable, Effect::Possible).with_source(error)
        };
        let bytes = serde_json::to_vec_pretty(queues).map_err(|error| failed(error.into()))?;
        // Beside it and then in its place: whoever reads it never sees half of it.
        let beside = file.with_extension("new");
        std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, file)).map_err(failed)
    }
}

fn missing(op: &'static str, what: &str) -> Error {
    Error::new(op, ErrorKind::NotFound, Effect::None).with_message(format!("there is no {what}"))
}

#[async_trait]
impl BrokerRead for Broker {
    async fn queue(&self, name: &str) -> Result<Queue> {
        let mut queues = self.lock();
        let queue = queues.get_mut(name).ok_or_else(|| missing("broker.queue", name))?;
        // Between two looks a paused consumer ends one message; the others stay busy.
        for consumer in queue.consumers.values_mut() {
            consumer.in_hand = if consumer.limit == 0 { consumer.in_hand.saturating_sub(1) } else { consumer.limit };
        }
        let seen = queue.clone();
        self.keep(&queues)?;
        Ok(seen)
    }
}

#[async_trait]
impl BrokerWrite for Broker {
    async fn set_limit(&self, queue: &str, consumer: &str, limit: u32) -> Result<()> {
        let op = "broker.set_limit";
        let mut queues = self.lock();
        let known = queues.get_mut(queue).ok_or_else(|| missing(op, queue))?;
        known.consumers.get_mut(consumer).ok_or_else(|| missing(op, consumer))?.limit = limit;
        self.keep(&queues)
    }
}
