use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::{BoxFuture, Entry, Event, Result};

/// Where a run writes down what it tries. The world is the truth; the journal only says what was tried.
///
/// Both calls append at once, in the order of the calls. The future of [`Journal::durable`] does not borrow the journal:
/// while one record is on its way to the disk, notes go on being written behind it.
pub trait Journal: Send {
    /// Appends an event; the future ends when it would survive a loss of power.
    fn durable(&mut self, event: Event) -> BoxFuture<'static, Result<()>>;

    /// Appends an event that would survive the end of this process.
    ///
    /// # Errors
    /// When it cannot be written.
    fn note(&mut self, event: Event) -> Result<()>;

    /// Appends some events, in their order, as [`Journal::note`] does.
    ///
    /// # Errors
    /// When one cannot be written; those before it may be there.
    fn notes(&mut self, events: Vec<Event>) -> Result<()> {
        events.into_iter().try_for_each(|event| self.note(event))
    }
}

/// A journal in memory: for engines that keep one themselves, for tests and for measuring.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal(Arc<Mutex<Vec<Entry>>>);

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Journal for MemoryJournal {
    fn durable(&mut self, event: Event) -> BoxFuture<'static, Result<()>> {
        let written = self.note(event);
        Box::pin(async { written })
    }

    fn note(&mut self, event: Event) -> Result<()> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = entries.len() as u64 + 1;
        entries.push(Entry { seq, at: Timestamp::now(), event });
        Ok(())
    }
}
