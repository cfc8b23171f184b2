//! The programs of the second engine, with a real server of Restate between them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command};

use ops_sandbox::World;
use tokio::runtime::Runtime;

use crate::stage::{Came, Stage, came, command, run, until};
use crate::terminal::typed_to;

/// A free port.
const ANYWHERE: &str = "127.0.0.1:0";

/// A server, and a folder for its host.
struct Engine {
    folder: tempfile::TempDir,
    server: restate_peer::Engine,
    _runtime: Runtime,
}

/// The program that hosts the recipes. Dropped, it is killed.
struct Host {
    child: Child,
    out: BufReader<ChildStdout>,
    said: String,
}

impl Engine {
    /// None, said aloud, where there is no server; in CI that fails.
    fn start() -> Option<Self> {
        let binary = restate_peer::binary()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(restate_peer::Engine::single(&binary)).unwrap();
        Some(Self { folder: tempfile::tempdir().unwrap(), server, _runtime: runtime })
    }

    fn host_command(&self, listen: &str, more: &[&str]) -> Command {
        let admin = self.server.admin();
        let usual = ["--listen", listen, "--archive", "archive", "--admin", &admin];
        command(self.folder.path(), "engine-host", &[&usual[..], more].concat())
    }

    fn engine(&self, arguments: &[&str]) -> Came {
        run(command_to(self.folder.path(), &self.server.ingress(), arguments))
    }
}

fn command_to(folder: &Path, ingress: &str, arguments: &[&str]) -> Command {
    let mut command = command(folder, "engine", arguments);
    command.env("OPS_ENGINE", ingress);
    command
}

impl Host {
    /// Returns when it is registered.
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("\nregistered with ") {
            if out.read_line(&mut said).unwrap() == 0 {
                panic!("it ended: {said}\n{}", came(child).err);
            }
        }
        Self { child, out, said }
    }

    /// The transaction of tonight, in the sandbox inside of it.
    fn transaction(&self) -> String {
        let (_, rest) = self.said.split_once("\"transaction\":\"").expect(&self.said);
        rest.split('"').next().unwrap().to_owned()
    }

    fn signal(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends it as an init system does; it says what it says, and ends well.
    fn stop(mut self) -> String {
        self.signal();
        while self.out.read_line(&mut self.said).unwrap() > 0 {}
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{}", self.said);
        std::mem::take(&mut self.said)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn question(transaction: &str) -> String {
    format!("{{\"transaction\": \"{transaction}\", \"selection\": \"all-committed\"}}")
}

fn world(seed: u64, datasets: usize) -> Stage {
    let world = World::seeded(seed);
    let bulk = ops_sandbox::scenario::Bulk::new(datasets).with_schema();
    let transaction = ops_sandbox::scenario::bulk(&world, bulk).unwrap();
    Stage::serving(world, transaction, Some(&format!("token-{seed}")))
}

#[test]
fn submitted_approved_watched_cancelled_and_taken_back() {
    let Some(engine) = Engine::start() else { return };
    // A server without a host says so, and what to do.
    engine.engine(&["runs"]).is(3, &["no host of recipes is registered", "engine-host --admin URL"]);
    let host = Host::start(engine.host_command(ANYWHERE, &[]));
    assert!(host.said.contains("sandbox: ") && host.said.contains("retract-datasets"), "{}", host.said);
    let transaction = host.transaction();
    let question = question(&transaction);
    let submit = |run| engine.engine(&["submit", "retract-datasets", &question, "--env", "sandbox", "--run", run]);

    submit("one").is(0, &["retract 313 of 313 committed datasets", "share:", "313 changes", "engine approve one"]);
    submit("one").is(0, &["run one was there already: waits for approval"]);
    let other = question.replace("\"all-committed\"", "{\"prefix\": \"archive/\"}");
    let other = ["submit", "retract-datasets", &other, "--env", "sandbox", "--run", "one"];
    engine.engine(&other).is(3, &["run one is another one", "--run NAME"]);
    engine.engine(&["show", "one"]).is(0, &["… 307 more …", "run one: waits for approval — next: engine approve one"]);
    engine.engine(&["report", "one"]).is(3, &["[waits for its approval]", "run one has no report yet"]);

    engine.engine(&["approve", "one"]).is(3, &["nobody can be asked here", "--yes"]);
    let wrong = engine.engine(&["approve", "one", "--yes", "--expect", "7"]);
    wrong.is(3, &["refused, nothing was changed", "expected-count: 7 expected, 313 planned"]);
    engine.engine(&["holder", "sandbox", "transaction", &transaction]).is(0, &["nobody holds"]);

    // Cancelled in the middle: who holds it meanwhile is told, and what is done stays done.
    engine.engine(&["approve", "one", "--yes", "--expect", "313"]).is(0, &["approved: 313 changes"]);
    until("some of it is done", || {
        let shown = engine.engine(&["show", "one", "--quiet"]).out;
        shown.contains(": runs, ") && !shown.contains(": runs, 0 of")
    });
    engine.engine(&["holder", "sandbox", "transaction", &transaction]).is(7, &["is held by run one of ana"]);
    engine.engine(&["free", "sandbox", "transaction", &transaction, "one"]).is(3, &["engine cancel one"]);
    engine.engine(&["cancel", "one"]).is(0, &["run one stops"]);
    let watched = engine.engine(&["watch", "one"]);
    watched.is(130, &["[cancelled] sandbox", "stopped: asked to stop", "go on: plan again"]);
    engine.engine(&["approve", "one", "--yes"]).is(3, &["run one does not wait for an approval"]);
    engine.engine(&["cancel", "one"]).is(0, &["run one is over: [cancelled]"]);

    // A run is planned again, not resumed: what is done is not in the new plan.
    let report = engine.engine(&["report", "one", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report.out).unwrap();
    let done = report["report"]["changed"].as_u64().unwrap();
    assert!((1..313).contains(&done) && report["exit"] == 130, "{report}");
    let left = 313 - done;
    submit("two").is(0, &[&format!("{left} changes")]);
    let all = engine.engine(&["approve", "two", "--yes", "--expect", &left.to_string(), "--watch"]);
    all.is(0, &["«retract»", &format!("{left} of {left} done"), "verified: none of", "undo: engine undo two"]);
    engine.engine(&["report", "two", "--markdown"]).is(0, &["**[done] sandbox", "- verified: none of"]);

    engine.engine(&["undo", "two"]).is(0, &["takes back what run two changed", "engine approve undo-two"]);
    engine.engine(&["undo", "two"]).is(0, &["run undo-two was there already"]);
    let back = engine.engine(&["approve", "undo-two", "--yes", "--watch"]);
    back.is(0, &["[done] sandbox", &format!("numCommittedDatasets now: {left}")]);
    engine.engine(&["undo", "nothing"]).is(3, &["nothing"]);
    engine.engine(&["due"]).is(0, &["nothing is owed"]);
    engine.engine(&["runs"]).is(0, &["S ! one", "D + two", "D + undo-two", "3 runs"]);
    // A run of which nobody knows the name has one of its own.
    let named = engine.engine(&["submit", "retract-datasets", &question, "--env", "sandbox", "--quiet"]);
    named.is(0, &["run retract-datasets-20"]);
    assert!(host.stop().ends_with("stopped\n"));
}

/// Each environment with its own credentials, which only the host has; production asks for its name; and a host that is stopped and
/// started again goes on where it was.
#[test]
fn every_environment_is_itself_and_a_host_may_come_and_go() {
    let Some(engine) = Engine::start() else { return };
    let (staging, prod) = (world(11, 12), world(12, 60));
    let config = [
        staging.configure("staging", "token = { env = \"STAGING\" }\nlimits = { max_count = 5 }"),
        prod.configure("prod", "production = true\ntoken = { env = \"PROD\" }"),
    ];
    std::fs::write(engine.folder.path().join("hosted.toml"), config.concat()).unwrap();
    let host = |listen: &str| {
        let mut command = engine.host_command(listen, &["--config", "hosted.toml"]);
        command.env("STAGING", "token-11").env("PROD", "token-12");
        Host::start(command)
    };
    // A host that lacks a credential does not start.
    let mut lacking = engine.host_command(ANYWHERE, &["--config", "hosted.toml"]);
    lacking.env("STAGING", "token-11");
    run(lacking).is(3, &["prod cannot be hosted", "PROD", "--env"]);

    let first = host(ANYWHERE);
    assert!(first.said.contains("prod (production): ") && first.said.contains("staging: "), "{}", first.said);
    let ask = |stage: &Stage, env, run| {
        let question = question(&stage.transaction.to_string());
        engine.engine(&["submit", "retract-datasets", &question, "--env", env, "--run", run])
    };
    ask(&prod, "staging", "wrong-place").is(3, &[&prod.transaction.to_string()]);
    ask(&staging, "sandbox", "nowhere").is(3, &["no environment «sandbox» here; there is prod, staging"]);
    ask(&staging, "staging", "small").is(0, &["12 changes"]);
    ask(&prod, "prod", "large").is(0, &["60 changes"]);
    // Limits are the environment's, where the configuration is at hand.
    let limited = ["show", "small", "--config", "hosted.toml"];
    engine.engine(&limited).is(0, &["the limits are 5 and 10 %"]);
    let answers = ["--yes", "--accept", "live-writer=looked", "--accept", "share=meant"];
    let approve = |run, more: &[&str]| engine.engine(&[&["approve", run], &answers[..], more].concat());
    approve("large", &["--expect", "60"]).is(3, &["this is production", "type the environment back: prod"]);
    approve("small", &[]).is(3, &["--expect 12, if that is right"]);
    staging.untouched();
    prod.untouched();

    prod.slow(40);
    approve("large", &["--expect", "60", "--confirm-env", "prod"]).is(0, &["approved: 60 changes"]);
    until("some are retracted", || prod.committed() < 55);
    let began = std::time::Instant::now();
    let said = first.stop();
    assert!(began.elapsed().as_secs() < 15, "it waits for the calls that are out, not for the run");
    let address = said.split_once("http://").unwrap().1.lines().next().unwrap().to_owned();
    let left = prod.committed();
    assert!(left > 0, "it should have been stopped in the middle");
    // Nobody works, and the engine keeps the run.
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(prod.committed(), left);
    prod.world.faults().clear();
    // At the same address: a run stays with the address at which it began.
    let second = host(&address);
    engine.engine(&["watch", "large"]).is(0, &["[done] prod", "60 of 60 done", "verified:"]);
    prod.retracted_once();
    assert!(prod.ids().into_iter().all(|id| prod.world.calls(id) == 1), "every call that was out was let end");
    staging.untouched();
    // A person at a terminal is asked for what is missing; then a bar goes along.
    let base = || command_to(engine.folder.path(), &engine.server.ingress(), &[]);
    let asked = ["approve", "small", "--watch"];
    typed_to("engine", &asked, &base(), "\n").is(3, &["Why is it right?", "not approved, nothing was changed"]);
    staging.untouched();
    staging.slow(100);
    let came = typed_to("engine", &asked, &base(), "the jobs have ended\nall of it is bad\n12\n");
    came.is(0, &["Type the number:", "approved: 12 changes", "«retract»", "[done] staging"]);
    assert!(came.out.contains("/12 "), "no bar: {}", came.out);
    staging.retracted_once();

    // What travels and what is kept knows no credential.
    let secrets = ["token-11", "token-12"];
    let mut folders = vec![engine.folder.path().to_owned(), engine.server.folder().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
                continue;
            }
            let Ok(bytes) = std::fs::read(entry.path()) else { continue };
            let text = String::from_utf8_lossy(&bytes);
            for secret in secrets {
                assert!(!text.contains(secret), "{secret} lies in {}", entry.path().display());
            }
        }
    }
    second.stop();
}

#[test]
fn what_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = "http://127.0.0.1:1";
    let says = ["no engine answers at http://127.0.0.1:1", "--ingress URL", "peers/restate/start.sh FOLDER"];
    for arguments in [&["runs"][..], &["watch", "some"], &["approve", "some", "--yes"], &["cancel", "some"]] {
        run(command_to(folder.path(), nowhere, arguments)).is(3, &says);
    }
    let asked = ["submit", "retract-datasets", "{\"transaction\":", "--env", "sandbox"];
    run(command_to(folder.path(), nowhere, &asked)).is(2, &["the question is no JSON"]);
    run(command_to(folder.path(), "http://engine.example.com:8080", &["runs"])).is(2, &["--ingress", "plain http"]);
    run(command(folder.path(), "engine-host", &["--listen", "127.0.0.1:0", "--admin", nowhere]))
        .is(3, &["engine.register", "peers/restate/start.sh FOLDER"]);
    run(command(folder.path(), "engine-host", &["--listen", "0.0.0.0:0", "--admin", nowhere]))
        .is(2, &["--reached-at URL"]);
    run(command(folder.path(), "engine-host", &["--listen", "127.0.0.1:0", "--identity-key", "none"])).is(3, &["key"]);
    run(command(folder.path(), "engine-host", &["--env", "prod"])).is(3, &["prod cannot be hosted"]);
}
