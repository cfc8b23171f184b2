//! The same plans through the runner of one machine and through a real Restate: the same end, told in the same words.

mod cases;
mod dags;
mod stacks;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ops_client::Environment;
use ops_plan::{Approval, Expect, Plan, Registry, Report, Target, Verdict};
use ops_restate::{Archive, Engine, Handlers, Serving, Stage};
use ops_sandbox::World;

use crate::desk::{Desk, approved};

/// Long enough for a real scheduler on a slow machine.
const PATIENCE: Duration = Duration::from_secs(400);

/// An engine with the recipes that it may run.
pub(super) enum Over {
    Machine { desk: Desk, registry: Arc<Registry> },
    Restate(Box<Cluster>),
}

pub(super) struct Cluster {
    engine: Engine,
    archive: tempfile::TempDir,
    _serving: Serving,
    _server: restate_peer::Engine,
}

impl Over {
    pub(super) fn machine(registry: Registry) -> Self {
        Self::Machine { desk: Desk::new(), registry: Arc::new(registry) }
    }

    /// Nothing where there is no server; in CI that fails.
    pub(super) async fn restate(target: Target, registry: Registry) -> Option<Self> {
        let server = restate_peer::Engine::single(&restate_peer::binary()?).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::folder(folder.path()).unwrap();
        let handlers = Handlers::new(archive).with(target, Arc::new(registry));
        let serving = handlers.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        server.register(&serving.address()).await.unwrap();
        let engine = Engine::builder(Environment::new("test"), &server.ingress()).build().unwrap();
        Some(Self::Restate(Box::new(Cluster { engine, archive: folder, _serving: serving, _server: server })))
    }

    /// Runs a plan that somebody approves who says yes to everything.
    pub(super) async fn run(&self, plan: Plan) -> Report {
        match self {
            Self::Machine { desk, registry } => desk.apply(registry, plan).await,
            Self::Restate(cluster) => {
                let run = cluster.engine.submit(&plan, None, "ana").await.unwrap().run;
                cluster.finish(&run, approved(plan).approval()).await
            }
        }
    }

    /// Plans to take back what a run changed, and does it.
    pub(super) async fn take_back(&self, run: &str) -> Report {
        match self {
            Self::Machine { desk, registry } => {
                let runs = desk.runner.runs().list().unwrap();
                let dir = runs.into_iter().flatten().find(|summary| summary.info.id == run).unwrap().dir;
                let undo = desk.runner.plan_undo(&**registry, &dir).await.unwrap();
                desk.apply(registry, undo).await
            }
            Self::Restate(cluster) => {
                let undo = format!("{run}-undo");
                let undo = cluster.engine.undo(run, &undo, "ana").await.unwrap();
                let (head, cards) = cluster.engine.page(&undo.run, 0).await.unwrap();
                let count = Expect::exactly(head.changes() as u64);
                let mut word =
                    Approval::new(undo.digest, "ana", Timestamp::now()).expecting(count).accepting("share", "meant");
                for finding in head.findings.iter().filter(|finding| finding.verdict == Verdict::Ask) {
                    word = word.accepting(&finding.guard, "looked at");
                }
                for card in cards {
                    word = word.naming(card.key);
                }
                cluster.finish(&undo.run, &word).await
            }
        }
    }

    /// The ids of what is owed, whoever looks.
    pub(super) async fn owed(&self) -> Vec<String> {
        match self {
            Self::Machine { desk, .. } => {
                let debts = desk.runner.runs().due(None, Timestamp::now()).await.unwrap();
                debts.due.into_iter().map(|due| due.obligation.id).collect()
            }
            Self::Restate(cluster) => {
                cluster.engine.due().await.unwrap().into_iter().map(|debt| debt.obligation.id).collect()
            }
        }
    }
}

impl Cluster {
    async fn finish(&self, run: &str, word: &Approval) -> Report {
        self.engine.approve(run, word).await.unwrap();
        let ended = tokio::time::timeout(PATIENCE, async {
            loop {
                let status = self.engine.status(run).await.unwrap().unwrap();
                if matches!(status.stage, Stage::Ended { .. }) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        if ended.await.is_err() {
            panic!("{run} has not ended after {PATIENCE:?}: {:?}", self.engine.status(run).await);
        }
        // What is kept names every action, once.
        let report = self.engine.report(run).await.unwrap().unwrap();
        let actions = self.archive.path().join("runs").join(run).join("actions.jsonl");
        assert_eq!(std::fs::read_to_string(actions).unwrap().lines().count(), report.planned);
        report
    }
}

/// What two engines must agree on: all but the names of runs, and times.
pub(super) fn end(report: &Report) -> String {
    let mut text =
        format!("{}, {} changed, {} already, {} left\n", report.outcome, report.changed, report.already, report.left);
    let kind = report.stop.as_ref().map(|stop| format!("{stop:?}").split('(').next().unwrap_or_default().to_owned());
    writeln!(text, "stop: {kind:?}").unwrap();
    let mut lines: Vec<String> = report.troubles.iter().map(|(what, why)| format!("trouble: {what}: {why}")).collect();
    lines.extend(
        report.findings.iter().map(|finding| format!("{:?} {}: {}", finding.verdict, finding.guard, finding.text)),
    );
    lines.extend(report.debts.iter().map(|debt| format!("owed {}: {}", debt.id, debt.what)));
    lines.extend(report.by_hand.iter().map(|what| format!("by hand: {what}")));
    lines.sort();
    text + &lines.join("\n")
}

/// The world's clock goes on while it lives, a second every few milliseconds.
pub(super) struct Time(tokio::task::JoinHandle<()>);

impl Time {
    pub(super) fn passes(world: &World) -> Self {
        let world = world.clone();
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
                world.advance(Duration::from_secs(1));
            }
        }))
    }
}

impl Drop for Time {
    fn drop(&mut self) {
        self.0.abort();
    }
}
