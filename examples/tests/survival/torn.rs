//! A journal that was cut off anywhere: the power went, or the disk lost what was not synced.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use metapod_client::{DatasetId, TransactionId};
use ops_plan::{Error, Event, Outcome, Progress, RunDir, RunState, Runner, Runs, Watcher};
use ops_recipes::datasets::{RetractDatasets, Selection};
use ops_sandbox::{Operation, World};
use tempfile::TempDir;

use crate::stage::{approve, assert_done, copy, in_memory, staging, world_of};

const DATASETS: usize = 20;

/// A run that ended, and what the world was like when each of its records was about to be written.
struct Recorded {
    folder: TempDir,
    run: RunDir,
    journal: Vec<u8>,
    /// The retracted datasets before each record.
    before: Vec<HashSet<DatasetId>>,
}

impl Recorded {
    async fn new() -> Self {
        let (world, transaction) = world_of(DATASETS);
        let folder = tempfile::tempdir().unwrap();
        let states = Arc::new(States { world: world.clone(), transaction, before: Mutex::default() });
        let runner = Runner::new(Runs::at(folder.path()), "ana").watched_by(states.clone());
        let host = in_memory(&world);
        let question = RetractDatasets::new(transaction, Selection::AllCommitted);
        let plan = host.propose(&question, staging()).await.unwrap();
        let report = runner.start(&host, approve(plan)).await.unwrap();
        assert_done(&report, DATASETS);
        let run = runner.runs().find(&report.run).unwrap();
        let journal = std::fs::read(run.journal()).unwrap();
        let before = states.before.lock().unwrap().clone();
        assert_eq!(before.len(), journal.iter().filter(|&&byte| byte == b'\n').count());
        Self { folder, run, journal, before }
    }

    /// Where each record ends, in bytes; the beginning is the end of none.
    fn ends(&self) -> Vec<usize> {
        let ends = self.journal.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        std::iter::once(0).chain(ends).collect()
    }

    /// The run as it lies there when the journal ends after so many bytes.
    fn cut(&self, bytes: usize, name: &str) -> (PathBuf, RunDir) {
        let runs = self.folder.path().join(name);
        let run = runs.join(self.run.path().file_name().unwrap());
        copy(self.run.path(), &run);
        std::fs::write(run.join("journal.jsonl"), &self.journal[..bytes]).unwrap();
        (runs, RunDir::open(run).unwrap())
    }
}

struct States {
    world: World,
    transaction: TransactionId,
    before: Mutex<Vec<HashSet<DatasetId>>>,
}

impl Watcher for States {
    fn saw(&self, _: &Event, _: &Progress) {
        let datasets = self.world.datasets(self.transaction).unwrap();
        let gone = datasets.iter().filter(|detail| !detail.dataset.committed).map(|detail| detail.dataset.id);
        self.before.lock().unwrap().push(gone.collect());
    }
}

#[tokio::test]
async fn every_byte_is_folded() {
    let recorded = Recorded::new().await;
    let ends = recorded.ends();
    let (_, run) = recorded.cut(0, "cut");
    let mut done = 0;
    for bytes in 0..=recorded.journal.len() {
        std::fs::write(run.journal(), &recorded.journal[..bytes]).unwrap();
        let summary = Runs::summary(run.clone()).unwrap_or_else(|error| panic!("{bytes} bytes: {error}"));
        let expected = match ends.iter().filter(|&&end| end <= bytes).count() - 1 {
            0 => RunState::Planned,
            records if records == ends.len() - 1 => RunState::Ended(Outcome::Done),
            _ => RunState::Interrupted,
        };
        assert_eq!(summary.state, expected, "{bytes} bytes");
        assert!(summary.history.done() >= done, "{bytes} bytes: less is known than before");
        done = summary.history.done();
    }
    assert_eq!(done, DATASETS);
}

/// The world is as it was when the next record was to be written, or as it was at the end: what a loss of power takes from
/// a journal is not taken from the world.
#[tokio::test]
async fn resumed_at_every_record_and_a_byte_beside_it() {
    let recorded = Recorded::new().await;
    let ends = recorded.ends();
    let all = recorded.before.last().unwrap();
    assert_eq!(all.len(), DATASETS);
    for (records, &end) in ends.iter().enumerate() {
        for bytes in end.saturating_sub(1)..=(end + 1).min(recorded.journal.len()) {
            let whole = if bytes < end { records - 1 } else { records };
            let worlds = [recorded.before.get(whole).unwrap_or(all), all];
            for (number, gone) in worlds.into_iter().enumerate() {
                let name = format!("{bytes}-of-{records}-{number}");
                resume(&recorded, bytes, whole, gone, &name).await;
            }
        }
    }
}

async fn resume(recorded: &Recorded, bytes: usize, records: usize, gone: &HashSet<DatasetId>, name: &str) {
    let (runs, run) = recorded.cut(bytes, name);
    let (world, transaction) = world_of(DATASETS);
    for &id in gone {
        world.retract(id).unwrap();
    }
    let resumed = Runner::new(Runs::at(&runs), "bo").resume(&in_memory(&world), &run, false).await;
    let last = recorded.before.len();
    match resumed {
        Err(Error::Invalid(text)) if records == 0 => {
            assert!(text.contains("was never approved: plan again"), "{name}: {text}");
            assert_eq!(world.committed(transaction), DATASETS - gone.len(), "{name}");
            return;
        }
        Err(Error::Invalid(text)) if records == last => {
            assert!(text.contains("is done; there is nothing to resume"), "{name}: {text}");
            return;
        }
        Err(error) => panic!("{name}: {error}"),
        Ok(report) => {
            assert_eq!((report.outcome, report.left), (Outcome::Done, 0), "{name}: {}", report.text());
            assert_eq!(report.changed + report.already, DATASETS, "{name}");
        }
    }
    assert_eq!(world.committed(transaction), 0, "{name}");
    for id in world.dataset_ids(transaction) {
        let count = world.count(Operation::RetractCommittedDataset, id.uuid());
        let expected = u64::from(!gone.contains(&id));
        assert_eq!((count.effects, count.calls), (expected, expected), "{name}: {id}");
    }
    clean(&runs);
}

/// A thousand folders are not left until the end.
fn clean(runs: &Path) {
    std::fs::remove_dir_all(runs).unwrap();
}
