//! The scheduler of Aurora is dead.

use ops_plan::Recipe;
use ops_recipes::aurora::RestartAurora;
use ops_sandbox::aurora::Trouble;

use crate::exit::Failure;
use crate::tour::guide::Guide;
use crate::tour::night::Night;

pub(super) async fn go(guide: &mut Guide, night: &Night) -> Result<(), Failure> {
    night.world.aurora_trouble(Trouble::SchedulerDown);
    guide.paged("aurora's page does not answer: the scheduler is down", RestartAurora::ID)?;
    guide.triaged(RestartAurora::ID).await?;

    guide.typed("restart-aurora");
    let settings = &guide.reach.settings;
    let group = settings.fleet.as_ref().and_then(|fleet| fleet.masters_group.clone()).unwrap_or_default();
    let question = RestartAurora::new(&*group).with_framework(settings.aurora_framework());
    let machines = |world: &ops_sandbox::World| world.group(&group).map(|group| group.machines).unwrap_or_default();
    let before: Vec<_> = machines(&night.world).into_iter().map(|machine| machine.id).collect();
    let plan = guide.planned(&question).await?;
    let approved = guide.says_yes(plan)?;
    let going = guide.run(approved).await?;
    guide.reported(&going).await?;
    let now = machines(&night.world);
    guide
        .expect(!now.is_empty() && now.iter().all(|machine| !before.contains(&machine.id)), "another machine serves")?;
    let schedulers = guide.reach.aurora()?.schedulers().await?;
    guide.expect(schedulers.iter().any(|one| one.health.answers()), "a scheduler answers")
}
