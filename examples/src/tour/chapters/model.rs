//! A model fails, and what follows it does not run.

use airflow_client::{TaskKey, TaskState};
use ops_plan::Recipe;
use ops_recipes::airflow::UnblockDownstream;

use crate::airflow::DrawRun;
use crate::drawing::Draws;
use crate::exit::Failure;
use crate::tour::guide::Guide;
use crate::tour::night::{Night, wrong};

const MODEL: &str = "fx-model";

pub(super) async fn go(guide: &mut Guide, night: &Night) -> Result<(), Failure> {
    let reach = guide.reach.clone();
    let layout = guide.screen.layout;
    // What runs from now on runs without delay.
    night.world.forget_orders(&night.run);
    let of =
        |state: TaskState| night.world.task_instances(&night.run).iter().filter(|task| task.state == state).count();
    let (failed, behind) = (of(TaskState::Failed), of(TaskState::UpstreamFailed));
    guide.paged(
        &format!("dagao: {MODEL} failed; {behind} tasks behind it are upstream_failed"),
        UnblockDownstream::ID,
    )?;
    guide.expect(failed == 1 && behind > 0, "one task failed, and others wait for it")?;
    guide.triaged(UnblockDownstream::ID).await?;

    guide.typed(&format!("unblock-downstream --dag dagao --task {MODEL}"));
    let task = TaskKey::new(MODEL.parse().map_err(wrong)?);
    let question = UnblockDownstream::new(night.run.clone(), task)
        .with_knowledge(reach.settings.tasks_of(&night.run.dag))
        .accepted_by("the owner of the model");
    let plan = guide.planned(&question).await?;
    let mut draws = DrawRun::default();
    let before = draws.before(&reach, &plan, &layout).await?;
    guide.drawn("1-run-planned", before).await?;

    let approved = guide.says_yes(plan)?;
    let going = guide.run(approved).await?;
    guide.reported(&going).await?;
    night.until(2, 20);
    guide.tell("a quarter of an hour later:");
    let after = draws.after(&reach, &layout).await?;
    guide.drawn("1-run-after", after).await?;
    let states = night.world.task_instances(&night.run);
    guide.expect(states.iter().all(|task| task.state == TaskState::Success), "the whole run ends well")
}
