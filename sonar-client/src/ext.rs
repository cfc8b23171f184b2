//! What follows from the port's answers, for every implementation of it.

use std::fmt;

use async_trait::async_trait;
use jiff::civil::Date;
use ops_client::Result;

use crate::{DatasetFilter, SonarRead, Transaction, TransactionId};

/// Conveniences over [`SonarRead`].
#[async_trait]
pub trait SonarReadExt: SonarRead {
    /// How far a transaction is, both numbers from one answer.
    ///
    /// That answer lists every dataset. A program that looks again and again takes the total once (a transaction's
    /// datasets are registered up front) and then asks [`SonarRead::committed_count`].
    ///
    /// # Errors
    /// As [`SonarRead::datasets`].
    async fn progress(&self, transaction: TransactionId) -> Result<Progress> {
        let datasets = self.datasets(transaction, &DatasetFilter::all()).await?;
        let committed = datasets.iter().filter(|dataset| dataset.committed).count();
        Ok(Progress::new(committed as u64, datasets.len() as u64))
    }

    /// The transactions whose run runs on `target_date`, in Sonar's order. A custom one may stand beside the daily one:
    /// choosing is the caller's.
    ///
    /// # Errors
    /// As [`SonarRead::transactions`].
    async fn transactions_on(&self, target_date: Date) -> Result<Vec<Transaction>> {
        let mut transactions = self.transactions().await?;
        transactions.retain(|transaction| transaction.target_date == Some(target_date));
        Ok(transactions)
    }
}

#[async_trait]
impl<T: SonarRead + ?Sized> SonarReadExt for T {}

/// How many of a transaction's datasets are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The committed ones.
    pub committed: u64,
    /// All of them.
    pub total: u64,
}

impl Progress {
    /// `committed` of `total`.
    pub fn new(committed: u64, total: u64) -> Self {
        Self { committed, total }
    }

    /// Between 0 and 1; 1 for a transaction without datasets.
    pub fn fraction(self) -> f64 {
        if self.total == 0 { 1.0 } else { self.committed as f64 / self.total as f64 }
    }
}

/// `1,398 of 1,412 committed` without the commas; a whole percentage that never says 100 before the last one.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = (self.fraction() * 100.0).floor();
        write!(f, "{} of {} committed ({percent:.0} %)", self.committed, self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_done_before_the_last() {
        assert_eq!(Progress::new(99_999, 100_000).to_string(), "99999 of 100000 committed (99 %)");
        assert_eq!(Progress::new(3, 3).to_string(), "3 of 3 committed (100 %)");
        assert!((Progress::new(0, 0).fraction() - 1.0).abs() < f64::EPSILON);
    }
}
