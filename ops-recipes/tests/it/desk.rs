//! A folder of runs, a runner for them, and somebody who says yes to everything.

use std::time::Duration;

use jiff::Timestamp;
use ops_plan::{Approval, Approved, Expect, Plan, Registry, Report, Runner, Runs, Verdict};
use ops_sandbox::World;

/// Says yes to everything, now.
pub(crate) fn approved(plan: Plan) -> Approved {
    let head = plan.head();
    let mut approval = Approval::new(plan.digest(), "ana", Timestamp::now())
        .expecting(Expect::exactly(head.changes() as u64))
        .accepting("share", "meant");
    for finding in head.findings.iter().filter(|finding| finding.verdict == Verdict::Ask) {
        approval = approval.accepting(&finding.guard, "looked at");
    }
    for card in plan.cards() {
        approval = approval.naming(card.key);
    }
    plan.approve(approval).map_err(|(_, error)| error).unwrap()
}

/// What the plan blocks on, guard by guard.
pub(crate) fn blocks(plan: &Plan) -> Vec<String> {
    let blocks = plan.head().findings.iter().filter(|finding| finding.verdict == Verdict::Block);
    blocks.map(|finding| finding.text.clone()).collect()
}

/// A folder of runs, and a runner for them.
pub(crate) struct Desk {
    pub(crate) runner: Runner,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { runner: Runner::new(Runs::at(folder.path()), "ana"), _folder: folder }
    }

    pub(crate) async fn apply(&self, registry: &Registry, plan: Plan) -> Report {
        self.runner.start(registry, approved(plan)).await.unwrap()
    }

    /// Runs a plan while the world's clock goes on, a second every few milliseconds.
    pub(crate) async fn apply_while_time_passes(&self, world: &World, registry: &Registry, plan: Plan) -> Report {
        let ticking = {
            let world = world.clone();
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    world.advance(Duration::from_secs(1));
                }
            })
        };
        let report = self.apply(registry, plan).await;
        ticking.abort();
        report
    }

    /// What is owed, as the world shows it.
    pub(crate) async fn due(&self, registry: &Registry) -> Vec<String> {
        let debts = self.runner.runs().due(Some(registry), Timestamp::now()).await.unwrap();
        assert!(debts.unreadable.is_empty());
        debts.due.into_iter().map(|due| due.obligation.what).collect()
    }
}
