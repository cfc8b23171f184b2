//! What is done in a chapter: planned, approved, run, cut off, taken up again and taken back. The sandbox's clock goes fast
//! meanwhile.

use std::sync::Arc;
use std::time::Duration;

use ops_plan::{
    Approval, Approved, Ask, Danger, Due, Error, Event, Expect, Follower, Host, Outcome, Plan, Recipe, Report, RunDir,
    RunState, Runner, Runs, Verdict, Watcher,
};
use ops_sandbox::World;
use tokio_util::sync::CancellationToken;

use super::guide::{Guide, Ran};
use crate::bars::Bars;
use crate::exit::Failure;
use crate::text::count;
use crate::{runs, show, surroundings};

/// How far the sandbox's clock goes at once, and how often.
const STEP: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(10);

/// The sandbox's clock, while it goes fast.
struct Ticking(tokio::task::JoinHandle<()>);

impl Ticking {
    fn begin(world: World) -> Self {
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(TICK).await;
                world.advance(STEP);
            }
        }))
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Cuts a run off when a call was accepted, before anybody could see what came of it.
struct CutOff {
    key: String,
    abort: CancellationToken,
}

impl Watcher for CutOff {
    fn saw(&self, event: &Event, _: &ops_plan::Progress) {
        if matches!(event, Event::Performed { key, .. } if *key == self.key) {
            self.abort.cancel();
        }
    }
}

/// A run on its way.
pub(super) struct Going {
    pub(super) dir: RunDir,
    pub(super) report: Report,
    journal: Follower,
    /// The keys of what is changed, not only awaited.
    changes: Vec<String>,
    done: usize,
}

impl Guide {
    /// A plan, as its program shows it.
    pub(super) async fn planned<R: Recipe>(&mut self, question: &R) -> Result<Plan, Failure> {
        let now = self.world()?.now();
        let ask = Ask::new(question, self.reach.target.clone(), now)?.spilling_to(self.runs.spill()?);
        let plan = self.registry.plan(ask).await?;
        self.shown(&plan).await;
        let blocked = plan.head().findings.iter().any(|finding| finding.verdict == Verdict::Block);
        self.expect(!blocked && plan.head().changes() > 0, "the plan may run, and changes something")?;
        Ok(plan)
    }

    /// A plan anew, as its program shows it: by what is not as it was in the one before.
    pub(super) async fn planned_anew<R: Recipe>(&mut self, question: &R, before: &Plan) -> Result<Plan, Failure> {
        let now = self.world()?.now();
        let ask = Ask::new(question, self.reach.target.clone(), now)?.spilling_to(self.runs.spill()?);
        let plan = self.registry.plan(ask).await?;
        self.tally.plans += 1;
        self.say(&show::changes(before, &plan, &self.screen.layout));
        self.time_to_read().await;
        Ok(plan)
    }

    /// A plan to take back what a run changed, made at this time of the night.
    pub(super) async fn undo_planned(&mut self, run: &RunDir) -> Result<Plan, Failure> {
        let plan = run.plan(&self.registry)?;
        let summary = Runs::summary(run.clone())?;
        let changed = summary.history.perhaps_changed(&plan);
        let head = plan.head();
        let now = self.world()?.now();
        let ask = Ask::raw(head.recipe.clone(), head.question.clone(), head.target.clone(), now);
        let ask = ask.spilling_to(self.runs.spill()?);
        Ok(self.registry.undo(&plan, &changed, &summary.info.id, ask).await?)
    }

    /// What all runs left behind, as far as the world still shows it.
    pub(super) async fn owed(&self) -> Result<Vec<Due>, Failure> {
        let debts = self.runs.due(Some(&self.registry), self.world()?.now()).await?;
        self.expect(debts.unreadable.is_empty(), "every run can be read")?;
        Ok(debts.due)
    }

    pub(super) async fn shown(&mut self, plan: &Plan) {
        self.tally.plans += 1;
        let limits = &self.reach.settings.limits;
        let text = show::plan_in_short(plan, limits, &self.screen.layout, plan.head().made_at);
        self.say(&text);
        self.time_to_read().await;
    }

    /// The tour says yes without a thought: what the plan says to that.
    pub(super) fn refused(&mut self, plan: &Plan, guard: &str) -> Result<(), Failure> {
        self.tell(&format!(
            "the tour says yes, and expects {}, but no more than that:",
            count(plan.head().changes(), "change")
        ));
        let Err((_, Error::Refused(refusal))) = plan.clone().approve(thoughtless(plan)) else {
            return self.expect(false, "a thoughtless yes is refused");
        };
        self.tally.refusals += 1;
        self.expect(refusal.problems.iter().any(|problem| problem.guard == guard), &format!("{guard} refuses"))?;
        let failure = Failure::from(Error::Refused(refusal));
        self.say(&self.screen.failure(&failure));
        Ok(())
    }

    /// The tour says yes to everything, and says so.
    pub(super) fn says_yes(&mut self, plan: Plan) -> Result<Approved, Failure> {
        let mut approval = thoughtless(&plan);
        let mut said = vec![format!("the tour says yes: {} expected", count(plan.head().changes(), "change"))];
        let limits = &self.reach.settings.limits;
        for finding in show::asked(&plan, limits).iter().filter(|finding| finding.verdict == Verdict::Ask) {
            approval = approval.accepting(&finding.guard, "the tour looked at it");
            said.push(format!("{} accepted", finding.guard));
        }
        for card in plan.cards().filter(|card| card.danger == Danger::Irreversible) {
            said.push(format!("{} named, for it cannot be taken back", card.key));
            approval = approval.naming(card.key);
        }
        self.say("");
        self.tell(&said.join("; "));
        plan.approve(approval).map_err(|(_, error)| error.into())
    }

    fn runner(&self, actions: usize) -> Runner {
        let runner = Runner::new(self.runs.clone(), "the tour");
        // Only where somebody reads along does anything move.
        if self.paced && surroundings::can_draw() {
            return runner.watched_by(Arc::new(Bars::new(actions)) as Arc<dyn Watcher>);
        }
        runner
    }

    /// Runs an approved plan to its end.
    pub(super) async fn run(&mut self, approved: Approved) -> Result<Going, Failure> {
        let runner = self.runner(approved.plan().len());
        self.run_by(runner, approved).await
    }

    /// Runs it until its first call was accepted, and cuts it off there.
    pub(super) async fn run_cut_off(&mut self, approved: Approved) -> Result<Going, Failure> {
        let abort = CancellationToken::new();
        let key = approved.plan().key(0).unwrap_or_default();
        let cut = Arc::new(CutOff { key, abort: abort.clone() });
        let runner = Runner::new(self.runs.clone(), "the tour").aborting_on(abort).watched_by(cut);
        self.run_by(runner, approved).await
    }

    async fn run_by(&mut self, runner: Runner, approved: Approved) -> Result<Going, Failure> {
        let (dir, plan) = runner.prepare(approved.plan().clone())?;
        // What was kept about the world before lies in the run's folder now.
        let approved = plan.approve(approved.approval().clone()).map_err(|(_, error)| error)?;
        let changing = approved.plan().cards().filter(|card| card.danger != Danger::Nothing);
        let changes = changing.map(|card| card.key).collect();
        let ticking = Ticking::begin(self.world()?);
        let report = runner.run(&self.registry, &dir, approved).await?;
        drop(ticking);
        self.tally.runs += 1;
        let journal = Follower::new(dir.journal());
        self.told(Going { dir, report, journal, changes, done: 0 })
    }

    /// Another process takes it up.
    pub(super) async fn resumed(&mut self, going: Going) -> Result<Going, Failure> {
        let runner = self.runner(going.report.planned);
        let ticking = Ticking::begin(self.world()?);
        let report = runner.resume(&self.registry, &going.dir, false).await?;
        drop(ticking);
        self.told(Going { report, ..going })
    }

    fn told(&mut self, mut going: Going) -> Result<Going, Failure> {
        for entry in going.journal.poll()? {
            if let Event::Confirmed { keys } = &entry.event {
                self.tally.changes += keys.iter().filter(|key| going.changes.contains(key)).count();
            }
            if let Event::Confirmed { keys } | Event::AlreadyDone { keys } = &entry.event {
                going.done += keys.len();
            }
            // How often it was looked meanwhile is different each time, and what came of it the report says.
            let told = match &entry.event {
                Event::Started { resumed: false, .. } | Event::Going { .. } | Event::Blind { .. } => None,
                Event::Verified { .. } | Event::Ended { .. } | Event::Obliged { .. } => None,
                Event::Started { .. } => Some("taken up by another process: it looks first".to_owned()),
                event => runs::told(event, going.done, going.report.planned),
            };
            if let Some(told) = told {
                self.say(&self.screen.layout.wrap("  | ", &told));
            }
        }
        self.ran.push(Ran { dir: going.dir.clone(), report: going.report.clone() });
        Ok(going)
    }

    /// The report of a run that did what was wanted.
    pub(super) async fn reported(&mut self, going: &Going) -> Result<(), Failure> {
        self.report(going);
        let report = &going.report;
        self.expect(report.outcome == Outcome::Done, &format!("{} is done, not {}", report.recipe, report.outcome))?;
        if report.debts.is_empty() {
            self.tell("nothing stays owed");
        }
        self.time_to_read().await;
        Ok(())
    }

    pub(super) fn report(&mut self, going: &Going) {
        self.say("");
        for line in going.report.text().lines() {
            self.say(&self.screen.layout.wrap("", line));
        }
    }

    /// How a run stands that was cut off.
    pub(super) fn stands(&mut self, going: &Going) -> Result<(), Failure> {
        let summary = Runs::summary(going.dir.clone())?;
        self.typed("runs list");
        self.say(&runs::entry(&summary, &self.screen.layout, summary.last_sign));
        self.expect(summary.state == RunState::Interrupted, "the run is interrupted")
    }

    /// How often the calls of an action were accepted, in all processes of a run.
    pub(super) fn calls(&self, going: &Going, key: &str) -> Result<usize, Failure> {
        let entries = Follower::new(going.dir.journal()).poll()?;
        let of = |event: &Event| matches!(event, Event::Performed { key: performed, .. } if performed == key);
        Ok(entries.iter().filter(|entry| of(&entry.event)).count())
    }
}

/// A yes that says how many changes are expected, and nothing else.
fn thoughtless(plan: &Plan) -> Approval {
    let changes = plan.head().changes() as u64;
    // By the clock of who made the plan: the night is another day than ours.
    Approval::new(plan.digest(), "the tour", plan.head().made_at).expecting(Expect::exactly(changes))
}
