//! The loader's log: which transaction it loads, and of which day.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use metapod_model::TransactionId;
use ops_client::Result;
use serde::{Deserialize, Serialize};

use super::{Outcome, Said};

/// What a loader's log says of its transaction, as plain data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogSaid {
    /// The transaction that is loaded; none where the log names none.
    pub transaction: Option<TransactionId>,
    /// Its target date, where the log names it.
    pub day: Option<Date>,
    /// When the log's last line was written.
    pub last: Option<Timestamp>,
}

impl LogSaid {
    /// A log that names this transaction.
    pub fn new(transaction: TransactionId) -> Self {
        Self { transaction: Some(transaction), ..Self::default() }
    }

    /// Of this target date.
    #[must_use]
    pub fn of_day(mut self, day: Date) -> Self {
        self.day = Some(day);
        self
    }

    /// Its last line was written then.
    #[must_use]
    pub fn last(mut self, at: Timestamp) -> Self {
        self.last = Some(at);
        self
    }
}

#[cfg(feature = "redshift")]
impl From<&redshift_ops::loader::LoaderSeen> for LogSaid {
    /// What is no id, and no date, is left out.
    fn from(seen: &redshift_ops::loader::LoaderSeen) -> Self {
        // A target date may be written with a time behind it.
        let day = |text: &str| text.get(..10).and_then(|date| date.parse().ok());
        Self {
            transaction: seen.transaction.as_deref().and_then(|id| id.parse().ok()),
            day: seen.target_date.as_deref().and_then(day),
            last: seen.last,
        }
    }
}

/// A loader's log that can be read.
#[async_trait]
pub trait LoaderLog: Send + Sync {
    /// What it says.
    ///
    /// # Errors
    /// Where it cannot be read, or is no log of a loader.
    async fn said(&self) -> Result<LogSaid>;
}

#[async_trait]
impl LoaderLog for LogSaid {
    async fn said(&self) -> Result<LogSaid> {
        Ok(self.clone())
    }
}

/// What it says of a day.
pub(super) async fn ask(log: &dyn LoaderLog, day: Date) -> Result<Outcome> {
    let log = log.said().await?;
    Ok(match (log.transaction, log.day) {
        (None, _) => Outcome::default().noting("it names no transaction"),
        (Some(id), Some(other)) if other != day => {
            Outcome::default().noting(format!("it is about target date {other}: {id}"))
        }
        (Some(id), Some(_)) => Outcome::new(vec![Said::new(id, "loaded, last line").since(log.last)]),
        (Some(id), None) => Outcome::default().noting(format!("it names {id}, and not of which day it is")),
    })
}
