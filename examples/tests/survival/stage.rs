//! A world behind a real server, a folder for runs, and the program of an operator.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use metapod_client::{MetapodClient, MetapodWrite, TransactionId};
use ops_client::Environment;
use ops_client::http::{Credential, RetryPolicy};
use ops_plan::{
    Approval, Approved, Expect, Outcome, Plan, Registry, Report, RunDir, RunState, Runner, Runs, Target, Verdict,
};
use ops_recipes::datasets::{MetapodWrites, RetractDatasets, RetractReads, Selection};
use ops_sandbox::scenario::{Bulk, bulk};
use ops_sandbox::{Operation, Server, World};
use sonar_client::SonarClient;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// One world, one server, one folder of runs. All of it ends with this value.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) transaction: TransactionId,
    folder: TempDir,
    served: Option<Served>,
}

/// The server before its runtime: it is dropped first.
struct Served {
    server: Server,
    runtime: Runtime,
}

impl Stage {
    /// A world with so many committed datasets.
    pub(crate) fn of(datasets: usize) -> Self {
        let (world, transaction) = world_of(datasets);
        Self::over(world, transaction)
    }

    /// A world with very many of them, without schemas.
    pub(crate) fn large(datasets: usize) -> Self {
        let world = World::seeded(7);
        let transaction = bulk(&world, Bulk::new(datasets)).unwrap();
        Self::over(world, transaction)
    }

    /// This world.
    pub(crate) fn over(world: World, transaction: TransactionId) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let served = Some(Served::new(&world));
        Self { world, transaction, folder, served }
    }

    fn served(&self) -> &Served {
        self.served.as_ref().unwrap()
    }

    /// Where the server listens.
    pub(crate) fn url(&self) -> String {
        self.served().server.url()
    }

    /// Ends the server with all that is still on its way to it, and starts another one for the same world.
    pub(crate) fn settle_server(&mut self) {
        // A runtime that is dropped waits for its tasks: after this nothing of the past can still arrive.
        self.served = None;
        self.served = Some(Served::new(&self.world));
    }

    /// Runs a future where the server runs.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.served().runtime.block_on(future)
    }

    /// The folder of all runs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A place beside the folder of all runs; made when it is first written.
    pub(crate) fn elsewhere(&self) -> PathBuf {
        self.folder().join("elsewhere")
    }

    /// The one run in the folder.
    pub(crate) fn only_run(&self) -> RunDir {
        let mut runs = Runs::at(self.folder()).list().unwrap();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs.remove(0).unwrap().dir
    }

    /// The question: all committed datasets of the transaction.
    pub(crate) fn question(&self, width: usize) -> RetractDatasets {
        RetractDatasets::new(self.transaction, Selection::AllCommitted).with_concurrency(width)
    }

    /// The recipe over the real clients.
    pub(crate) fn registry(&self) -> Registry {
        over_http(&self.url(), RetryPolicy::default(), |client| Arc::new(client))
    }

    /// The runner of the test itself.
    pub(crate) fn runner(&self) -> Runner {
        Runner::new(Runs::at(self.folder()), "bo")
    }

    /// Plans over the real clients.
    pub(crate) fn plan(&self, width: usize) -> Plan {
        let question = self.question(width);
        self.block_on(self.registry().propose(&question, staging())).unwrap()
    }

    /// Takes up a run in this process.
    pub(crate) fn resume(&self, run: &RunDir) -> ops_plan::Result<Report> {
        self.block_on(self.runner().resume(&self.registry(), run, false))
    }

    /// Takes up what a dead process left: resumes it, or runs it anew where not even the approval was written.
    pub(crate) fn take_up(&self, runner: &Runner, run: &RunDir) -> ops_plan::Result<Report> {
        let host = self.registry();
        match Runs::summary(run.clone())?.state {
            RunState::Planned => {
                let refused = self.block_on(runner.resume(&host, run, false)).unwrap_err().to_string();
                assert!(refused.contains("was never approved: plan again"), "{refused}");
                self.block_on(runner.run(&host, run, approve(run.plan(&host)?)))
            }
            RunState::Interrupted => self.block_on(runner.resume(&host, run, false)),
            state => panic!("a dead process left a run that is {state}"),
        }
    }

    /// Every dataset was retracted exactly once. A call that was out when a process died may have been made again: of each
    /// death at most `width` of them, and each at most once more.
    pub(crate) fn assert_exactly_once(&self, deaths: u64, width: usize) {
        assert_eq!(self.world.committed(self.transaction), 0, "some are lost");
        let mut again = 0;
        for id in self.world.dataset_ids(self.transaction) {
            let count = self.world.count(Operation::RetractCommittedDataset, id.uuid());
            assert_eq!(count.effects, 1, "{id}: {count:?}");
            assert!(count.calls <= 1 + deaths, "{id}: {count:?}");
            again += count.calls - 1;
        }
        assert!(again <= deaths * width as u64, "{again} calls were made again after {deaths} deaths");
    }
}

impl Served {
    fn new(world: &World) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let server = runtime.block_on(Server::start(world.clone())).unwrap();
        Self { server, runtime }
    }
}

/// A world with so many committed datasets, with schemas. The same each time, ids and times included, but for the hour.
pub(crate) fn world_of(datasets: usize) -> (World, TransactionId) {
    let world = World::seeded(7).at("2026-11-22T05:00:00Z".parse().unwrap());
    let transaction = bulk(&world, Bulk::new(datasets).with_schema()).unwrap();
    (world, transaction)
}

/// The recipe over the real clients of the server at `url`, its writing client dressed by `dress`.
pub(crate) fn over_http(
    url: &str,
    retry: RetryPolicy,
    dress: impl FnOnce(MetapodClient) -> Arc<dyn MetapodWrite>,
) -> Registry {
    over_http_as(Credential::none(), url, retry, dress)
}

/// The same, with a credential.
pub(crate) fn over_http_as(
    credential: Credential,
    url: &str,
    retry: RetryPolicy,
    dress: impl FnOnce(MetapodClient) -> Arc<dyn MetapodWrite>,
) -> Registry {
    let sonar = SonarClient::builder(Environment::new("staging"), &format!("{url}/sonar"))
        .credential(credential.clone())
        .retry(retry.clone())
        .build()
        .unwrap();
    let metapod = MetapodClient::builder(Environment::new("staging"), url).credential(credential).retry(retry);
    let metapod = metapod.build().unwrap();
    let reads = RetractReads::new(Arc::new(sonar), Arc::new(metapod.clone()));
    Registry::new().with::<RetractDatasets>(reads, MetapodWrites::new(dress(metapod)))
}

/// The recipe over the ports in memory.
pub(crate) fn in_memory(world: &World) -> Registry {
    let reads = RetractReads::new(Arc::new(world.sonar()), Arc::new(world.metapod()));
    Registry::new().with::<RetractDatasets>(reads, MetapodWrites::new(Arc::new(world.metapod())))
}

pub(crate) fn staging() -> Target {
    Target::new("staging")
}

/// A person who has read the plan and means it.
pub(crate) fn approve(plan: Plan) -> Approved {
    let count = Expect::exactly(plan.head().changes() as u64);
    let mut approval = Approval::new(plan.digest(), "ana", plan.head().made_at).expecting(count);
    for ask in plan.head().findings.iter().filter(|finding| finding.verdict == Verdict::Ask) {
        approval = approval.accepting(ask.guard.clone(), "looked at by hand");
    }
    approval = approval.accepting("share", "all of them are bad");
    plan.approve(approval).map_err(|(_, error)| error).unwrap()
}

/// A run that did all of it, and says so.
pub(crate) fn assert_done(report: &Report, datasets: usize) {
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!((report.changed, report.already, report.left), (datasets, 0, 0), "{}", report.text());
}

/// Waits until something is so; fails after a while. For what happens in another process or task and says nothing.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited too long: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Copies a folder, as a person does with `cp -r`.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}
