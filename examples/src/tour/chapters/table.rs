//! A table refuses requests, and somebody else is faster.

use std::time::Duration;

use dynamodb_ops::{Capacity, Place, Unit};
use ops_plan::{Outcome, Recipe};
use ops_recipes::services::RelieveThrottling;
use ops_sandbox::tables::Demand;

use crate::drawing::Draws;
use crate::exit::Failure;
use crate::tables::DrawTable;
use crate::tour::guide::Guide;
use crate::tour::night::Night;

/// What is wanted a second, what a colleague gives, and what the plan gives.
const WANTED: f64 = 24.0;
const SOME: u64 = 22;
const ENOUGH: u64 = 30;
/// How long the colleague's change takes, and is looked at.
const A_WHILE: Duration = Duration::from_secs(4 * 60);

pub(super) async fn go(guide: &mut Guide, night: &Night) -> Result<(), Failure> {
    let reach = guide.reach.clone();
    let layout = guide.screen.layout;
    night.world.set_demand(&night.table, &Place::Table, Unit::Write, Demand::wanted(WANTED))?;
    night.until(5, 10);
    guide.paged("analytics: Datomic self-destructs, its transactor gets throttled requests", RelieveThrottling::ID)?;
    guide.triaged(RelieveThrottling::ID).await?;

    guide.typed("relieve-throttling --service analytics --shard s3");
    let question = RelieveThrottling::new("analytics").in_shard("s3");
    let stale = guide.planned(&question).await?;
    let mut draws = DrawTable::default();
    let before = draws.before(&reach, &stale, &layout).await?;
    guide.drawn("5-table-planned", before).await?;

    guide.tell("while the plan is read, a colleague raises the table by hand, and not enough");
    night.world.colleague_sets_capacity(&night.table, &Place::Table, Capacity::new(50, SOME))?;
    night.world.advance(A_WHILE);
    let approved = guide.says_yes(stale.clone())?;
    let stopped = guide.run(approved).await?;
    guide.report(&stopped);
    guide.tally.refusals += 1;
    let report = &stopped.report;
    guide.expect(
        report.outcome == Outcome::Stopped && report.changed == 0,
        "the world moved, and nothing was changed",
    )?;
    guide.tell("the world moved: the recipe stopped and left it alone; so it is planned anew");
    guide.time_to_read().await;

    guide.typed("relieve-throttling --apply PLAN --replan");
    let plan = guide.planned_anew(&question, &stale).await?;
    draws.before(&reach, &plan, &layout).await?;
    let approved = guide.says_yes(plan)?;
    let going = guide.run(approved).await?;
    guide.reported(&going).await?;
    night.until(5, 30);
    let after = draws.after(&reach, &layout).await?;
    guide.drawn("5-table-after", after).await?;
    let units = night
        .world
        .table_of_dynamodb(&night.table)
        .map(|table| table.places.iter().map(|place| place.capacity).collect());
    guide.expect(units == Some(vec![Capacity::new(50, ENOUGH)]), "the table has what is wanted")?;
    guide.expect(going.report.debts.len() == 1, "lowering it stays owed")?;
    // The wave is over by the morning.
    Ok(night.world.set_demand(&night.table, &Place::Table, Unit::Write, Demand::wanted(12.0))?)
}
