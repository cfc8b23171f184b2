//! Very many datasets, all committed.

use jiff::Timestamp;
use metapod_client::{DatasetName, TransactionId};
use ops_client::Result;

use super::schemas;
use crate::World;
use crate::metapod::{CommitSpec, TransactionSpec};
use crate::rng::Rng;

/// How many datasets a bulk transaction has, and what is known of them.
#[derive(Clone, Copy, Debug)]
pub struct Bulk {
    datasets: usize,
    schema: bool,
}

impl Bulk {
    /// So many datasets, each with a path and one partition, without schema.
    pub fn new(datasets: usize) -> Self {
        Self { datasets, schema: false }
    }

    /// With schemas: some 1.5 KiB more for each dataset.
    #[must_use]
    pub fn with_schema(mut self) -> Self {
        self.schema = true;
        self
    }
}

/// A daily transaction of today with very many committed datasets, `dataset/bulk-000000` and so on. It started an hour ago.
/// A hundred thousand of them without schema take some 60 MB.
///
/// # Errors
/// Only where the world's clock is close to the end of time.
pub fn bulk(world: &World, bulk: Bulk) -> Result<TransactionId> {
    let now = world.now();
    let started = now - jiff::SignedDuration::from_hours(1);
    let mut rng = Rng::new(world.draw());
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let names = (0..bulk.datasets).filter_map(|at| format!("dataset/bulk-{at:06}").parse::<DatasetName>().ok());
    let id = world.add_transaction(TransactionSpec::daily(day).started_at(started), names)?;
    for (at, dataset) in world.dataset_ids(id).into_iter().enumerate() {
        let mut commit = CommitSpec::new().at(between(started, now, at, bulk.datasets));
        if bulk.schema {
            commit = commit.schema(schemas::schema(&mut rng));
        }
        world.commit(dataset, commit)?;
    }
    Ok(id)
}

/// The instant at which the step `at` of `steps` is done, in whole milliseconds.
pub(crate) fn between(start: Timestamp, end: Timestamp, at: usize, steps: usize) -> Timestamp {
    let (start, end) = (i128::from(start.as_millisecond()), i128::from(end.as_millisecond()));
    let step = start + (end - start) * (at as i128 + 1) / (steps.max(1) as i128 + 1);
    i64::try_from(step).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_committed_within_the_hour() {
        let world = World::seeded(1);
        let id = bulk(&world, Bulk::new(20)).unwrap();
        let datasets = world.datasets(id).unwrap();
        assert_eq!((datasets.len(), world.committed(id)), (20, 20));
        assert!(datasets.iter().all(|detail| detail.schema.is_none() && detail.dataset.path.is_some()));
        let times: Vec<_> = datasets.iter().filter_map(|detail| detail.dataset.committed_at).collect();
        assert!(times.is_sorted() && times.last().is_some_and(|&last| last <= world.now()));
    }
}
