//! A version is deployed that is buggy, and the run that takes it back is cut off.

use ops_plan::{Outcome, Recipe};
use ops_recipes::services::RollBackService;
use ops_recipes::services::rollback_service::Wanted;

use crate::exit::Failure;
use crate::tour::guide::Guide;
use crate::tour::night::{Night, short, wrong};

pub(super) async fn go(guide: &mut Guide, night: &Night) -> Result<(), Failure> {
    deploy(night)?;
    guide.paged("metapod: a buggy version is deployed: «Cache schemas»", RollBackService::ID)?;
    guide.triaged(RollBackService::ID).await?;

    guide.typed("rollback-service --service metapod --last-good");
    let settings = guide.reach.settings.services.clone().unwrap_or_default();
    let deploys = settings.deploys.iter().map(|name| name.parse().map_err(wrong)).collect::<Result<Vec<_>, _>>()?;
    let question = RollBackService::new("metapod", Wanted::LastGood)
        .unless_running(deploys)
        .with_parameters(settings.parameters.clone());
    let plan = guide.planned(&question).await?;
    let first = plan.key(0).unwrap_or_default();

    let approved = guide.says_yes(plan)?;
    let cut = guide.run_cut_off(approved).await?;
    guide.say("");
    guide.tell("cut off here, as if the lid were closed: the order was accepted, and nobody saw what came of it");
    guide.expect(cut.report.outcome != Outcome::Done, "the run did not end")?;
    guide.stands(&cut)?;
    guide.time_to_read().await;

    guide.typed("runs resume RUN");
    let going = guide.resumed(cut).await?;
    guide.reported(&going).await?;
    let calls = guide.calls(&going, &first)?;
    guide.expect(calls == 1, "what was ordered before the cut is not ordered again")?;
    guide.tell("what was ordered before the cut was looked for, found, and not ordered again");
    let stack = night.world.stack(&night.service);
    let live = |key: &str, value: &str| stack.iter().any(|stack| stack.parameter(key) == Some(value));
    let good = short(night.builds.good.as_str());
    guide.expect(
        live("BlueSize", "2") && live("BlueVersion", good) && live("GreenSize", "0"),
        "the good version is live",
    )
}

/// Side by side, as the pipeline does it.
fn deploy(night: &Night) -> Result<(), Failure> {
    let bad = short(night.builds.bad.as_str());
    for (key, value) in [("GreenVersion", bad), ("GreenSize", "2"), ("BlueSize", "0")] {
        night.world.colleague_updates(&night.service, key, value)?;
    }
    Ok(())
}
