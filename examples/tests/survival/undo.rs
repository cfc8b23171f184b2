//! Taking back: commits notify every consumer, so none may be made twice, whatever happens.
//!
//! A commit of which the outcome is not known is left alone for its settling time, half a minute, before it is called
//! pending. So the runs are taken up by the engine with a clock of its own.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use metapod_client::{
    AttributeId, CommitDataset, CreateTransaction, CreatedTransaction, DatasetId, DatasetName, IndexedAttributeId,
    MetapodClient, MetapodWrite, TransactionId,
};
use ops_client::http::{Credential, RetryPolicy};
use ops_client::{Effect, ErrorKind};
use ops_plan::{FileJournal, Host, MemoryJournal, Outcome, RunDir, Runs};
use ops_sandbox::metapod::CommitSpec;
use ops_sandbox::{Operation, World};

use crate::child::{Errand, Halt, Process, Said};
use crate::engine::{Engine, Went, fold};
use crate::faults::{Tokens, soon};
use crate::stage::{Stage, approve, assert_done, over_http, over_http_as};

/// A run that retracted everything.
fn retracted(datasets: usize) -> (Stage, RunDir) {
    let stage = Stage::of(datasets);
    let plan = stage.plan(10);
    let report = stage.block_on(stage.runner().start(&stage.registry(), approve(plan))).unwrap();
    assert_done(&report, datasets);
    let run = stage.only_run();
    (stage, run)
}

/// Every dataset was committed again, once. Calls that were certainly refused are none.
fn assert_committed_once(stage: &Stage, what: &str) {
    for id in stage.world.dataset_ids(stage.transaction) {
        let count = stage.world.count(Operation::CommitDataset, id.uuid());
        assert_eq!(count.effects, 1, "{what}: {id}: {count:?}");
        assert!(stage.world.dataset(id).unwrap().dataset.committed, "{what}: {id}");
    }
}

/// What an undo needs of Metapod.
#[async_trait]
trait Commits: Send + Sync {
    async fn commit(&self, commit: &CommitDataset) -> ops_client::Result<()>;
}

/// A Metapod of which nothing else is asked.
struct OnlyCommits<C>(C);

#[async_trait]
impl<C: Commits> MetapodWrite for OnlyCommits<C> {
    async fn commit_dataset(&self, commit: &CommitDataset) -> ops_client::Result<()> {
        self.0.commit(commit).await
    }

    async fn retract_committed_dataset(&self, id: DatasetId) -> ops_client::Result<()> {
        panic!("nobody wants {id} retracted")
    }

    async fn retract_attribute(&self, id: AttributeId) -> ops_client::Result<()> {
        panic!("nobody wants {id} retracted")
    }

    async fn retract_indexed_attribute(&self, id: IndexedAttributeId) -> ops_client::Result<()> {
        panic!("nobody wants {id} retracted")
    }

    async fn copy_transaction(&self, source: TransactionId, _: &[DatasetName]) -> ops_client::Result<TransactionId> {
        panic!("nobody wants {source} copied")
    }

    async fn create_transaction(&self, create: &CreateTransaction) -> ops_client::Result<CreatedTransaction> {
        panic!("nobody wants {create:?}")
    }
}

/// Writes down every commit that is sent although it was made already.
struct Guard {
    client: MetapodClient,
    world: World,
    twice: Arc<Mutex<Vec<DatasetId>>>,
}

#[async_trait]
impl Commits for Guard {
    async fn commit(&self, commit: &CommitDataset) -> ops_client::Result<()> {
        if self.world.count(Operation::CommitDataset, commit.dataset.uuid()).effects > 0 {
            self.twice.lock().unwrap().push(commit.dataset);
        }
        self.client.commit_dataset(commit).await
    }
}

#[test]
fn hundreds_of_commits_under_faults() {
    let (stage, run) = retracted(400);
    let plan = stage.block_on(stage.runner().plan_undo(&stage.registry(), &run)).unwrap();
    let twice = Arc::<Mutex<Vec<DatasetId>>>::default();
    let credential = Credential::bearer_with_refresh(None, Arc::new(Tokens));
    let host = over_http_as(credential, &stage.url(), soon(), |client| {
        Arc::new(OnlyCommits(Guard { client, world: stage.world.clone(), twice: Arc::clone(&twice) }))
    });
    let now = plan.head().made_at;
    let job = host.open(&approve(plan)).unwrap();
    stage.world.faults().everything(0.3, 11);
    let mut journal = MemoryJournal::new();
    let mut runs = 0;
    loop {
        let history = fold(&journal.entries());
        let mut engine = Engine::new(&*job, &mut journal, &history, now).with_dice(runs);
        let went = stage.block_on(engine.run()).unwrap();
        if went == Went::Ended(Outcome::Done) {
            assert_eq!(engine.walk().changed().len(), 400);
            break;
        }
        runs += 1;
        assert!(runs < 100, "{went:?}: {:?}", engine.walk().stopped());
    }
    assert!(stage.world.faults().fired() > 400 * 3 / 10);
    assert_committed_once(&stage, "under faults");
    assert_eq!(*twice.lock().unwrap(), [], "commits that were sent again after they were made");
}

/// A Metapod that takes every commit, answers none in time, and shows each one twenty seconds later.
struct Slow {
    world: World,
    now: Mutex<Timestamp>,
    on_the_way: Mutex<Vec<(Timestamp, CommitDataset)>>,
    calls: Mutex<Vec<DatasetId>>,
}

impl Slow {
    /// The time is now this: what is due happens.
    fn tell(&self, now: Timestamp) {
        *self.now.lock().unwrap() = now;
        self.on_the_way.lock().unwrap().retain(|(due, commit)| {
            if *due <= now {
                let files = CommitSpec::new().path(commit.path.clone()).format(commit.format);
                // A second one is refused; that it was sent at all is what the test looks for.
                let _ = self.world.commit(commit.dataset, files);
            }
            *due > now
        });
    }
}

#[async_trait]
impl Commits for Arc<Slow> {
    async fn commit(&self, commit: &CommitDataset) -> ops_client::Result<()> {
        let due = *self.now.lock().unwrap() + SignedDuration::from_secs(20);
        self.on_the_way.lock().unwrap().push((due, commit.clone()));
        self.calls.lock().unwrap().push(commit.dataset);
        Err(ops_client::Error::new("metapod.commit_dataset", ErrorKind::Timeout, Effect::Possible))
    }
}

#[test]
fn commits_that_show_late_are_not_made_again() {
    let (stage, run) = retracted(COMMITS);
    let plan = stage.block_on(stage.runner().plan_undo(&stage.registry(), &run)).unwrap();
    let now = plan.head().made_at;
    let world = stage.world.clone();
    let slow = Arc::new(Slow { world, now: Mutex::new(now), on_the_way: Mutex::default(), calls: Mutex::default() });
    let host = over_http(&stage.url(), RetryPolicy::none(), |_| Arc::new(OnlyCommits(Arc::clone(&slow))));
    let job = host.open(&approve(plan)).unwrap();
    let (mut journal, clock) = (MemoryJournal::new(), |now| slow.tell(now));
    let mut engine = Engine::new(&*job, &mut journal, &fold(&[]), now).telling(&clock);
    assert_eq!(stage.block_on(engine.run()).unwrap(), Went::Ended(Outcome::Done), "{:?}", engine.walk().stopped());
    let mut calls = slow.calls.lock().unwrap().clone();
    calls.sort();
    let mut ids = stage.world.dataset_ids(stage.transaction);
    ids.sort();
    assert_eq!(calls, ids, "each was called once");
}

/// The process is killed at every record of an undo, and around its calls.
#[test]
fn killed_while_committing() {
    // The first record is the approval: without it nothing is done.
    let records = (2..).map(Halt::Record);
    let kills = records.take_while(|&halt| kill_and_resume(halt)).count();
    assert!(kills > 2 * COMMITS, "{kills}: an intent and a call for each");
    for call in 1..=COMMITS {
        assert!(kill_and_resume(Halt::BeforeCall(call)));
        assert!(kill_and_resume(Halt::AfterCall(call)));
    }
}

const COMMITS: usize = 12;

fn kill_and_resume(halt: Halt) -> bool {
    let (mut stage, run) = retracted(COMMITS);
    let mut process = Process::start(&Errand::undo(&stage, &run).halting(halt));
    match process.said() {
        Said::Halted => process.kill(),
        Said::Ended { outcome: Outcome::Done, changed: COMMITS, already: 0, left: 0 } => {
            assert_committed_once(&stage, "in peace");
            return false;
        }
        other => panic!("{halt:?}: {other:?}"),
    }
    // The other clock knows no waiting: what is on its way to the server must have come, or never come.
    stage.settle_server();
    let undo = Runs::at(stage.folder()).list().unwrap().into_iter().map(Result::unwrap);
    let undo = undo.map(|summary| summary.dir).find(|dir| dir.path() != run.path()).unwrap();
    let host = over_http(&stage.url(), RetryPolicy::none(), |client| Arc::new(client));
    let (mut journal, history) = FileJournal::resume(&undo.journal()).unwrap();
    let plan = undo.plan(&host).unwrap();
    let approved = plan.approve(history.approval.clone().unwrap()).map_err(|(_, error)| error).unwrap();
    let now = history.last_at.unwrap();
    let job = host.open(&approved).unwrap();
    let mut engine = Engine::new(&*job, &mut journal, &history, now);
    let went = stage.block_on(engine.run()).unwrap();
    assert_eq!(went, Went::Ended(Outcome::Done), "{halt:?}: {:?}", engine.walk().stopped());
    assert_eq!(engine.walk().changed().len(), COMMITS, "{halt:?}");
    assert_committed_once(&stage, &format!("{halt:?}"));
    for id in stage.world.dataset_ids(stage.transaction) {
        assert_eq!(stage.world.count(Operation::CommitDataset, id.uuid()).calls, 1, "{halt:?}: {id}");
    }
    true
}
