//! The morning: what is left of the night, how one change is taken back, and how all of it is done on a real system.

use ops_plan::{Recipe, Summary};
use ops_recipes::services::RelieveThrottling;

use super::Options;
use super::guide::Guide;
use crate::exit::Failure;
use crate::programs::program;
use crate::runs::owed;
use crate::text::{BOLD, count};

pub(super) async fn go(guide: &mut Guide, options: &Options) -> Result<(), Failure> {
    let layout = guide.screen.layout;
    let rule = "─".repeat(layout.width.saturating_sub(16));
    guide.say(&format!("\n{}", layout.paint(BOLD, &format!("── The morning {rule}"))));
    due(guide).await?;
    undo(guide, options).await?;
    guide.say("");
    guide.tell(&format!("this night: {}", guide.tally));
    guide.tell("The same by hand, on a real system. With --plan-only nothing is changed; ops.sample.toml shows how systems are named.");
    for chapter in guide.seen.clone() {
        guide.say(&layout.wrap(&format!("  {} ", chapter.number), chapter.command));
    }
    for command in ["triage --env prod", "doctor --env prod", "runs list", "runs due"] {
        guide.say(&layout.wrap("    ", command));
    }
    guide.time_to_read().await;
    Ok(())
}

/// What all runs left behind; how many.
async fn due(guide: &mut Guide) -> Result<usize, Failure> {
    let layout = guide.screen.layout;
    guide.typed("runs due");
    let now = guide.reach.sandbox_only("the tour")?.world().now();
    let debts = guide.runs.due(Some(&guide.registry), now).await?;
    guide.expect(debts.unreadable.is_empty(), "every run can be read")?;
    for debt in &debts.due {
        guide.say(&layout.wrap("D . ", &format!("{}: {}", debt.environment, owed(&debt.obligation))));
        guide.say(&layout.wrap("    ", &format!("left by {}", debt.run)));
    }
    if debts.due.is_empty() {
        guide.say("nothing is owed");
    }
    guide.time_to_read().await;
    Ok(debts.due.len())
}

/// Takes a change back: the raised table where there is one; otherwise what was done last, or what it says to that.
async fn undo(guide: &mut Guide, options: &Options) -> Result<(), Failure> {
    let runs: Vec<Summary> = guide.runs.list()?.into_iter().collect::<Result<_, _>>()?;
    let changed = |run: &&Summary| run.history.done() > 0;
    let raised = runs.iter().filter(changed).rfind(|run| run.info.recipe == RelieveThrottling::ID);
    let Some(run) = raised.or(runs.iter().rfind(changed)) else { return Ok(()) };
    guide.typed(&format!("{} --undo RUN", program(&run.info.recipe)));
    let runner = ops_plan::Runner::new(guide.runs.clone(), "the tour");
    let plan = match runner.plan_undo(&guide.registry, &run.dir).await {
        Ok(plan) if plan.head().changes() > 0 => plan,
        Ok(_) => return guide.expect(false, "an undo has something to take back"),
        Err(error) => {
            guide.tally.refusals += 1;
            guide.say(&guide.screen.failure(&error.into()));
            return Ok(());
        }
    };
    let before = guide.runs.due(Some(&guide.registry), plan.head().made_at).await?.due.len();
    guide.shown(&plan).await?;
    let approved = guide.says_yes(plan)?;
    let going = guide.run(approved).await?;
    guide.reported(&going).await?;
    if options.wants(5) {
        let after = due(guide).await?;
        guide.expect(after + 1 == before, "what was owed is settled by the undo")?;
        guide.tell(&format!("{} owed before, {after} now", count(before, "debt")));
    }
    Ok(())
}
