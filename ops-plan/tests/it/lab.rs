//! A folder for runs, a world, and hands that approve everything.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use ops_plan::{
    Approval, Approved, Ask, Danger, Event, Expect, Host, Plan, Progress, Registry, Report, Result, RunDir, Runner,
    Runs, Target, Watcher,
};
use tempfile::TempDir;

use crate::world::{Paint, World};

pub(crate) struct Lab {
    folder: TempDir,
    pub(crate) world: World,
    pub(crate) registry: Registry,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let world = World::running();
        Self { folder: tempfile::tempdir().unwrap(), registry: Paint::registry(&world), world }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("runs")
    }

    pub(crate) fn runs(&self) -> Runs {
        Runs::at(self.path())
    }

    pub(crate) fn runner(&self) -> Runner {
        Runner::new(self.runs(), "ada")
    }

    pub(crate) async fn plan(&self, paint: &Paint) -> Plan {
        self.plan_in(paint, Target::new("test")).await
    }

    pub(crate) async fn plan_in(&self, paint: &Paint, target: Target) -> Plan {
        let ask = Ask::new(paint, target, Timestamp::now()).unwrap().spilling_to(self.runs().spill().unwrap());
        self.registry.plan(ask).await.unwrap()
    }

    /// A folder with a plan, and the plan approved.
    pub(crate) async fn prepared(&self, paint: &Paint) -> (RunDir, Approved) {
        let (dir, plan) = self.runner().prepare(self.plan(paint).await).unwrap();
        (dir, approve(plan))
    }

    /// Plans, approves and runs.
    pub(crate) async fn run(&self, paint: &Paint) -> (RunDir, Result<Report>) {
        let (dir, approved) = self.prepared(paint).await;
        let report = self.runner().run(&self.registry, &dir, approved).await;
        (dir, report)
    }

    /// Runs until event `number`, at which the process dies: it is not written down. False where the run ended before.
    pub(crate) async fn run_until(&self, dir: &RunDir, approved: Option<Approved>, number: usize) -> bool {
        let runner = self.runner().watched_by(Arc::new(Bomb(AtomicUsize::new(number))));
        let (registry, dir) = (Paint::registry(&self.world), dir.clone());
        let life = tokio::spawn(async move {
            match approved {
                Some(approved) => runner.run(&registry, &dir, approved).await,
                None => runner.resume(&registry, &dir, false).await,
            }
        });
        match life.await {
            Ok(report) => {
                report.unwrap();
                false
            }
            Err(death) => {
                assert!(death.is_panic());
                true
            }
        }
    }
}

/// The word of somebody who has read everything.
pub(crate) fn approve(plan: Plan) -> Approved {
    let count = Expect::exactly(plan.head().changes() as u64);
    let mut word = Approval::new(plan.digest(), "ada", Timestamp::now()).expecting(count).accepting("share", "a test");
    for card in plan.cards().filter(|card| card.danger == Danger::Irreversible) {
        word = word.naming(card.key);
    }
    plan.approve(word).map_err(|(_, error)| error).unwrap()
}

/// Kills the process that it watches.
struct Bomb(AtomicUsize);

impl Watcher for Bomb {
    fn saw(&self, event: &Event, _: &Progress) {
        // Before the approval is written there is no run to take up: that is tried elsewhere.
        if matches!(event, Event::Approved { .. }) {
            return;
        }
        if self.0.fetch_sub(1, Ordering::Relaxed) == 0 {
            // Like a panic, without its noise.
            std::panic::resume_unwind(Box::new("the process dies"));
        }
    }
}

/// Counts events, the approval aside.
#[derive(Default)]
pub(crate) struct Count(pub(crate) AtomicUsize);

impl Watcher for Count {
    fn saw(&self, event: &Event, _: &Progress) {
        self.0.fetch_add(usize::from(!matches!(event, Event::Approved { .. })), Ordering::Relaxed);
    }
}
