//! A real process of its own: this test program, started again with an errand.
//!
//! It talks to the test over its standard streams: before the point where it shall stand still it says so, and waits for a
//! line. The test kills it there, or lets it go on.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use metapod_client::{
    AttributeId, CommitDataset, CreateTransaction, CreatedTransaction, DatasetId, DatasetName, IndexedAttributeId,
    MetapodClient, MetapodWrite, TransactionId,
};
use ops_client::http::RetryPolicy;
use ops_plan::{Event, Outcome, Progress, Report, RunDir, Runner, Runs, Watcher};
use ops_recipes::datasets::{RetractDatasets, Selection};
use serde::{Deserialize, Serialize};

use crate::stage::{Stage, approve, over_http, staging};

const ERRAND: &str = "SURVIVAL_ERRAND";
const MARK: &str = "survival: ";

/// What a child process is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Errand {
    url: String,
    runs: PathBuf,
    operator: String,
    what: What,
    halt: Halt,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum What {
    /// Plan, approve, run.
    Retract { transaction: TransactionId, width: usize },
    /// Run a plan that lies in its folder already.
    Run { run: PathBuf },
    /// Take up a run.
    Resume { run: PathBuf },
    /// Plan to take back what a run changed, approve, run.
    Undo { run: PathBuf },
}

/// Where a child stands still.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Halt {
    Never,
    /// When the journal's record of this number is about to be written; the first one is the approval.
    Record(usize),
    /// When the call of this number is about to be sent: its intent is durable.
    BeforeCall(usize),
    /// When the call of this number was answered and nobody was told yet.
    AfterCall(usize),
}

/// What a child says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Said {
    /// It stands still.
    Halted,
    /// It ended in good order.
    Ended { outcome: Outcome, changed: usize, already: usize, left: usize },
    /// It could not.
    Failed(String),
}

impl Errand {
    fn new(stage: &Stage, what: What) -> Self {
        let (url, runs) = (stage.url(), stage.folder().to_owned());
        Self { url, runs, operator: "ana".into(), what, halt: Halt::Never }
    }

    pub(crate) fn retract(stage: &Stage, width: usize) -> Self {
        Self::new(stage, What::Retract { transaction: stage.transaction, width })
    }

    pub(crate) fn run(stage: &Stage, run: &Path) -> Self {
        Self::new(stage, What::Run { run: run.to_owned() })
    }

    pub(crate) fn resume(stage: &Stage, run: &RunDir) -> Self {
        Self::new(stage, What::Resume { run: run.path().to_owned() })
    }

    pub(crate) fn undo(stage: &Stage, run: &RunDir) -> Self {
        Self::new(stage, What::Undo { run: run.path().to_owned() })
    }

    pub(crate) fn halting(mut self, at: Halt) -> Self {
        self.halt = at;
        self
    }

    pub(crate) fn by(mut self, operator: &str) -> Self {
        operator.clone_into(&mut self.operator);
        self
    }

    pub(crate) fn keeping_runs_in(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.runs);
        self
    }

    async fn go(self) -> ops_plan::Result<Report> {
        let host = over_http(&self.url, RetryPolicy::default(), |client| Arc::new(Halting::over(client, self.halt)));
        let mut runner = Runner::new(Runs::at(&self.runs), &self.operator);
        if let Halt::Record(at) = self.halt {
            runner = runner.watched_by(Arc::new(Records { at, seen: AtomicUsize::new(0) }));
        }
        match self.what {
            What::Retract { transaction, width } => {
                let question = RetractDatasets::new(transaction, Selection::AllCommitted).with_concurrency(width);
                let plan = host.propose(&question, staging()).await?;
                runner.start(&host, approve(plan)).await
            }
            What::Run { run } => {
                let run = RunDir::open(run)?;
                let plan = run.plan(&host)?;
                runner.run(&host, &run, approve(plan)).await
            }
            What::Resume { run } => runner.resume(&host, &RunDir::open(run)?, false).await,
            What::Undo { run } => {
                let plan = runner.plan_undo(&host, &RunDir::open(run)?).await?;
                runner.start(&host, approve(plan)).await
            }
        }
    }
}

/// The child's side. Without an errand there is nothing to do: then this is one of the test program's many tests.
#[test]
fn child() {
    let Some(errand) = std::env::var_os(ERRAND) else { return };
    // A child that hangs must not hang the test.
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(120));
        std::process::abort();
    });
    let errand: Errand = serde_json::from_str(errand.to_str().unwrap()).unwrap();
    // One thread: where it stands still, all of it does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    say(&match runtime.block_on(errand.go()) {
        Ok(Report { outcome, changed, already, left, .. }) => Said::Ended { outcome, changed, already, left },
        Err(error) => Said::Failed(in_full(&error)),
    });
}

/// An error with all that lies below it.
pub(crate) fn in_full(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn say(what: &Said) {
    // The test harness may have begun a line.
    let mut out = std::io::stdout();
    writeln!(out, "\n{MARK}{}", serde_json::to_string(what).unwrap()).unwrap();
    out.flush().unwrap();
}

fn halt() {
    say(&Said::Halted);
    let mut line = String::new();
    if std::io::stdin().read_line(&mut line).is_ok_and(|read| read == 0) {
        // The test is gone.
        std::process::abort();
    }
}

struct Records {
    at: usize,
    seen: AtomicUsize,
}

impl Watcher for Records {
    fn saw(&self, _: &Event, _: &Progress) {
        if self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.at {
            halt();
        }
    }
}

/// The client, which stands still around one call.
struct Halting {
    client: MetapodClient,
    halt: Halt,
    calls: AtomicUsize,
}

impl Halting {
    fn over(client: MetapodClient, halt: Halt) -> Self {
        Self { client, halt, calls: AtomicUsize::new(0) }
    }

    async fn around<T>(&self, call: impl Future<Output = T>) -> T {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if matches!(self.halt, Halt::BeforeCall(at) if at == number) {
            halt();
        }
        let answer = call.await;
        if matches!(self.halt, Halt::AfterCall(at) if at == number) {
            halt();
        }
        answer
    }
}

#[async_trait]
impl MetapodWrite for Halting {
    async fn retract_committed_dataset(&self, id: DatasetId) -> ops_client::Result<()> {
        self.around(self.client.retract_committed_dataset(id)).await
    }

    async fn retract_attribute(&self, id: AttributeId) -> ops_client::Result<()> {
        self.around(self.client.retract_attribute(id)).await
    }

    async fn retract_indexed_attribute(&self, id: IndexedAttributeId) -> ops_client::Result<()> {
        self.around(self.client.retract_indexed_attribute(id)).await
    }

    async fn commit_dataset(&self, commit: &CommitDataset) -> ops_client::Result<()> {
        self.around(self.client.commit_dataset(commit)).await
    }

    async fn copy_transaction(
        &self,
        source: TransactionId,
        without: &[DatasetName],
    ) -> ops_client::Result<TransactionId> {
        self.around(self.client.copy_transaction(source, without)).await
    }

    async fn create_transaction(&self, create: &CreateTransaction) -> ops_client::Result<CreatedTransaction> {
        self.around(self.client.create_transaction(create)).await
    }
}

/// A child, as the test sees it. It is killed where it is dropped.
pub(crate) struct Process {
    child: std::process::Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub(crate) fn start(errand: &Errand) -> Self {
        Self::start_under(Command::new(std::env::current_exe().unwrap()), errand)
    }

    /// Starts it by a command that takes the program and its arguments.
    pub(crate) fn start_by(mut command: Command, errand: &Errand) -> Self {
        command.arg(std::env::current_exe().unwrap());
        Self::start_under(command, errand)
    }

    fn start_under(mut command: Command, errand: &Errand) -> Self {
        let mut child = command
            .args(["--exact", "child::child", "--nocapture"])
            .env(ERRAND, serde_json::to_string(errand).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, input, output: BufReader::new(output).lines() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it says next.
    pub(crate) fn said(&mut self) -> Said {
        loop {
            let Some(line) = self.output.next() else { panic!("the child ended without a word") };
            let line = line.unwrap();
            if let Some(said) = line.strip_prefix(MARK) {
                return serde_json::from_str(said).unwrap();
            }
        }
    }

    /// Lets it go on from where it stands still.
    pub(crate) fn go_on(&mut self) {
        self.input.write_all(b"on\n").unwrap();
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// SIGKILL.
    pub(crate) fn kill(self) {
        drop(self);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
