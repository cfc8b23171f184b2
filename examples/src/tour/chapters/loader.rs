//! The loader hangs on a session that reads what it wants to drop.

use ops_plan::Recipe;
use ops_recipes::redshift::RestartRedshift;
use ops_sandbox::scenario::LoadTrouble;

use crate::exit::Failure;
use crate::tour::guide::Guide;
use crate::warehouse::{load, log_of};

pub(super) async fn go(guide: &mut Guide) -> Result<(), Failure> {
    let reach = guide.reach.clone();
    let sandbox = reach.sandbox_only("the tour")?;
    let hung = load(sandbox, LoadTrouble::Reader)?;
    guide.paged("the loader hangs: 16 minutes of «:wip-count 0»", RestartRedshift::ID)?;
    guide.triaged(RestartRedshift::ID).await?;

    guide.typed("restart-redshift --log capivara.log");
    let settings = reach.settings.redshift.clone().unwrap_or_default();
    let mut question = RestartRedshift::new(settings.cluster)
        .with_loader(settings.loader)
        .with_schemas(settings.schemas)
        .protecting(settings.protected);
    if let Some(seen) = log_of(&reach, None)? {
        question = question.with_log(seen);
    }
    let plan = guide.planned(&question).await?;
    let approved = guide.says_yes(plan)?;
    let going = guide.run(approved).await?;
    guide.reported(&going).await?;
    let world = sandbox.world();
    guide.expect(world.is_loaded(hung.loader), "the loader has loaded everything")?;
    guide.expect(world.all_terminations() == 1 && world.reboots(&hung.cluster) == 0, "one session ended, and no more")
}
