//! A sandbox that outlives the programs, a folder to start them in, and what came of a program.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use metapod_client::{DatasetId, TransactionId};
use ops_sandbox::scenario::{self, Bulk};
use ops_sandbox::{Fault, Server, Target, World};
use tokio::runtime::Runtime;

/// What stands behind a program in these tests.
pub(crate) struct Stage {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) world: World,
    pub(crate) transaction: TransactionId,
    server: Server,
    _runtime: Runtime,
}

/// What came of a program.
pub(crate) struct Came {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Came {
    /// The code was this one, and both outputs together say all of this.
    #[track_caller]
    pub(crate) fn is(&self, code: i32, says: &[&str]) -> &Self {
        let all = format!("{}\n{}", self.out, self.err);
        assert_eq!(self.code, code, "{all}");
        // Where a line is broken does not matter.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = words(&all);
        for text in says {
            assert!(said.contains(&words(text)), "«{text}» is missing:\n{all}");
        }
        self
    }
}

/// The program of this name.
pub(crate) fn binary(name: &str) -> &'static str {
    match name {
        "retract-datasets" => env!("CARGO_BIN_EXE_retract-datasets"),
        "retract-attribute" => env!("CARGO_BIN_EXE_retract-attribute"),
        "commit-empty-dataset" => env!("CARGO_BIN_EXE_commit-empty-dataset"),
        "find-transaction" => env!("CARGO_BIN_EXE_find-transaction"),
        "triage-failure" => env!("CARGO_BIN_EXE_triage-failure"),
        "triage" => env!("CARGO_BIN_EXE_triage"),
        "doctor" => env!("CARGO_BIN_EXE_doctor"),
        "runs" => env!("CARGO_BIN_EXE_runs"),
        "embedded" => env!("CARGO_BIN_EXE_embedded"),
        #[cfg(feature = "engine")]
        "engine" => env!("CARGO_BIN_EXE_engine"),
        #[cfg(feature = "engine")]
        "engine-host" => env!("CARGO_BIN_EXE_engine-host"),
        #[cfg(feature = "databricks")]
        "load-dataset" => env!("CARGO_BIN_EXE_load-dataset"),
        #[cfg(feature = "airflow")]
        "dag-run" => env!("CARGO_BIN_EXE_dag-run"),
        #[cfg(feature = "airflow")]
        "unblock-downstream" => env!("CARGO_BIN_EXE_unblock-downstream"),
        #[cfg(feature = "airflow")]
        "hold-machines" => env!("CARGO_BIN_EXE_hold-machines"),
        #[cfg(feature = "airflow")]
        "release-machines" => env!("CARGO_BIN_EXE_release-machines"),
        #[cfg(feature = "airflow")]
        "stop-run" => env!("CARGO_BIN_EXE_stop-run"),
        #[cfg(feature = "airflow")]
        "clear-and-rerun" => env!("CARGO_BIN_EXE_clear-and-rerun"),
        #[cfg(feature = "airflow")]
        "redeploy-dag" => env!("CARGO_BIN_EXE_redeploy-dag"),
        #[cfg(feature = "aurora")]
        "aurora-jobs" => env!("CARGO_BIN_EXE_aurora-jobs"),
        #[cfg(feature = "aurora")]
        "restart-aurora" => env!("CARGO_BIN_EXE_restart-aurora"),
        #[cfg(feature = "aurora")]
        "cycle-machines" => env!("CARGO_BIN_EXE_cycle-machines"),
        #[cfg(feature = "aurora")]
        "scale-cluster" => env!("CARGO_BIN_EXE_scale-cluster"),
        #[cfg(feature = "recover")]
        "recover-run" => env!("CARGO_BIN_EXE_recover-run"),
        #[cfg(feature = "redshift")]
        "restart-redshift" => env!("CARGO_BIN_EXE_restart-redshift"),
        #[cfg(feature = "redshift")]
        "dataset-loaded" => env!("CARGO_BIN_EXE_dataset-loaded"),
        #[cfg(feature = "redshift")]
        "read-loader-log" => env!("CARGO_BIN_EXE_read-loader-log"),
        #[cfg(feature = "services")]
        "rollback-service" => env!("CARGO_BIN_EXE_rollback-service"),
        #[cfg(feature = "services")]
        "relieve-throttling" => env!("CARGO_BIN_EXE_relieve-throttling"),
        #[cfg(all(feature = "aurora", feature = "redshift", feature = "services"))]
        "tour" => env!("CARGO_BIN_EXE_tour"),
        other => panic!("no program {other}"),
    }
}

/// A program in a folder, with nothing of this machine's settings about it.
pub(crate) fn command(folder: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary(program));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", folder)
        .env("USER", "ana")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Starts a program and waits for it.
pub(crate) fn run(mut command: Command) -> Came {
    came(command.spawn().expect("it starts"))
}

pub(crate) fn came(child: Child) -> Came {
    let output = child.wait_with_output().expect("it ends");
    Came {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Starts a program that reads this.
pub(crate) fn run_with_input(mut command: Command, input: &[u8]) -> Came {
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    // A program that refuses before it reads ends the pipe: that is its right.
    let _ = std::io::Write::write_all(&mut stdin, input);
    drop(stdin);
    came(child)
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !so() {
        assert!(Instant::now() < end, "{what}: not within 30 s");
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Stage {
    /// A sandbox with a transaction of so many committed datasets.
    pub(crate) fn bulk(datasets: usize) -> Self {
        let world = World::seeded(7);
        let transaction = scenario::bulk(&world, Bulk::new(datasets).with_schema()).expect("made");
        Self::serving(world, transaction, None)
    }

    /// The same, to whoever brings this token.
    pub(crate) fn guarded(datasets: usize, token: &str) -> Self {
        let world = World::seeded(7);
        let transaction = scenario::bulk(&world, Bulk::new(datasets).with_schema()).expect("made");
        Self::serving(world, transaction, Some(token))
    }

    /// A sandbox with a nightly run.
    pub(crate) fn nightly() -> Self {
        let (world, night) = World::nightly(7);
        Self::serving(world, night.transaction, None)
    }

    pub(crate) fn serving(world: World, transaction: TransactionId, token: Option<&str>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("made");
        let mut builder = Server::builder(world.clone());
        if let Some(token) = token {
            builder = builder.require_bearer(token);
        }
        let server = runtime.block_on(async { builder.start().await }).expect("it listens");
        let folder = tempfile::tempdir().expect("made");
        Self { folder, world, transaction, server, _runtime: runtime }
    }

    pub(crate) fn rotate_token(&self, token: &str) {
        self.server.rotate_token(token);
    }

    /// Every change takes so long.
    pub(crate) fn slow(&self, millis: u64) {
        self.world.faults().sometimes(1.0, Target::Changes, Fault::Delay(Duration::from_millis(millis)));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).expect("written");
        name.to_owned()
    }

    /// A recipe's program, told where the sandbox is and which transaction is meant.
    pub(crate) fn recipe(&self, program: &str, arguments: &[&str]) -> Command {
        let mut all = self.place();
        all.extend(["--transaction".to_owned(), self.transaction.to_string()]);
        all.extend(arguments.iter().map(|&argument| argument.to_owned()));
        command(self.folder.path(), program, &all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// A program that is told where the sandbox is.
    pub(crate) fn program(&self, program: &str, arguments: &[&str]) -> Command {
        let mut all = self.place();
        all.extend(arguments.iter().map(|&argument| argument.to_owned()));
        command(self.folder.path(), program, &all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// `runs`, which finds the way by itself.
    pub(crate) fn runs(&self, arguments: &[&str]) -> Came {
        run(command(self.folder.path(), "runs", arguments))
    }

    fn place(&self) -> Vec<String> {
        ["--env", "sandbox", "--sonar-url", &self.sonar_url(), "--metapod-url", &self.metapod_url()]
            .map(str::to_owned)
            .to_vec()
    }

    #[cfg(feature = "slack")]
    pub(crate) fn slack_url(&self) -> String {
        self.server.slack_url()
    }

    pub(crate) fn sonar_url(&self) -> String {
        self.server.sonar_url()
    }

    pub(crate) fn metapod_url(&self) -> String {
        self.server.metapod_url()
    }

    /// A configuration with this sandbox as an environment.
    pub(crate) fn configure(&self, name: &str, more: &str) -> String {
        format!(
            "[environments.{name}]\nsonar_url = \"{}\"\nmetapod_url = \"{}\"\n{more}\n",
            self.sonar_url(),
            self.metapod_url()
        )
    }

    pub(crate) fn committed(&self) -> usize {
        self.world.committed(self.transaction)
    }

    pub(crate) fn ids(&self) -> Vec<DatasetId> {
        self.world.dataset_ids(self.transaction)
    }

    /// Nothing was changed, and nothing was even tried.
    #[track_caller]
    pub(crate) fn untouched(&self) {
        for id in self.ids() {
            assert_eq!(self.world.calls(id), 0, "{id} was touched");
        }
    }

    /// Every dataset was retracted once.
    #[track_caller]
    pub(crate) fn retracted_once(&self) {
        for id in self.ids() {
            assert_eq!(self.world.effects(id), 1, "{id}");
        }
        assert_eq!(self.committed(), 0);
    }

    /// The folders of runs.
    pub(crate) fn run_folders(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.path("runs")) else { return Vec::new() };
        let mut all: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.join("run.json").is_file())
            .collect();
        all.sort();
        all
    }
}

/// What retracting everything in a place that is not the embedded sandbox must be told.
pub(crate) fn all(expect: usize) -> Vec<String> {
    let mut flags: Vec<String> =
        ["--all-committed", "--yes", "--accept", "live-writer=looked", "--accept", "share=meant"]
            .map(str::to_owned)
            .to_vec();
    flags.extend(["--expect".into(), expect.to_string()]);
    flags
}

/// Borrowed, as commands take them.
pub(crate) fn refs(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}
