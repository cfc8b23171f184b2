//! The morning: what is left of the night, how one change is taken back, and how all of it is done on a real system.

use ops_plan::Recipe;
use ops_recipes::services::RelieveThrottling;

use super::guide::Guide;
use super::night::Night;
use crate::exit::{Exit, Failure};
use crate::programs::program;
use crate::runs::owed;
use crate::text::count;

pub(super) async fn go(guide: &mut Guide, night: &Night) -> Result<(), Failure> {
    night.until(6, 30);
    let layout = guide.screen.layout;
    guide.heading(&format!("{} · The morning", guide.clock(night)));
    due(guide).await?;
    undo(guide).await?;
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
    let debts = guide.owed().await?;
    for debt in &debts {
        guide.say(&layout.wrap("D . ", &format!("{}: {}", debt.environment, owed(&debt.obligation))));
        guide.say(&layout.wrap("    ", &format!("left by {}", debt.run)));
    }
    if debts.is_empty() {
        guide.say("nothing is owed");
    }
    guide.time_to_read().await;
    Ok(debts.len())
}

/// Takes the raised table back, which is owed. Where there is none, it is only told what an undo of the last run would do.
async fn undo(guide: &mut Guide) -> Result<(), Failure> {
    let raised = guide.ran.iter().rfind(|run| run.report.recipe == RelieveThrottling::ID && run.report.changed > 0);
    let (wanted, run) = match (raised, guide.ran.last()) {
        (Some(run), _) => (true, run.dir.clone()),
        (None, Some(run)) => (false, run.dir.clone()),
        (None, None) => return Ok(()),
    };
    let command = program(&run.info()?.recipe).to_owned();
    guide.typed(&format!("{command} --undo RUN{}", if wanted { "" } else { " --plan-only" }));
    let plan = match guide.undo_planned(&run).await {
        Ok(plan) => plan,
        Err(failure) if !wanted && failure.exit == Exit::Refused => {
            guide.tally.refusals += 1;
            let text = guide.screen.failure(&failure);
            guide.say(&text);
            return Ok(());
        }
        Err(failure) => return Err(failure),
    };
    guide.shown(&plan).await;
    if !wanted {
        return Ok(());
    }
    let before = guide.owed().await?.len();
    let approved = guide.says_yes(plan)?;
    let going = guide.run(approved).await?;
    guide.reported(&going).await?;
    let after = due(guide).await?;
    guide.expect(after + 1 == before, "what was owed is settled by the undo")?;
    guide.tell(&format!("{} owed before the undo, {after} after it", count(before, "debt")));
    Ok(())
}
