//! A run: a workflow by its name. It waits for a person's word, and then takes its course.

use std::sync::Arc;

use ops_plan::{Approval, Outcome};
use restate_sdk::prelude::*;

use super::board::BoardClient;
use super::course::Course;
use super::{ended, told};
use crate::shared::Shared;
use crate::status::{Stage, Status, Told};
use crate::steps::Steps;
use crate::wire::RunOrder;

/// A durable promise: the person's word.
pub(super) const APPROVAL: &str = "approval";
/// A durable promise: that somebody asked for an end.
const CANCELLED: &str = "cancelled";
const STAGE: &str = "stage";
const INVOCATION: &str = "invocation";
const TOLD: &str = "told";

pub(crate) struct Run(pub(crate) Arc<Shared>);

/// Runs, by their names. A second submission of a name is the same run.
#[restate_sdk::workflow(
    name = "OpsRun",
    client_visibility = "pub(crate)",
    workflow_completion_retention = "7 days",
    journal_retention = "1 day",
    invocation_retry_policy(
        initial_interval = "100ms",
        factor = 2.0,
        max_interval = "5s",
        max_attempts = 20000,
        on_max_attempts = "pause"
    )
)]
impl Run {
    /// Waits for the approval, and runs the plan.
    #[handler]
    async fn run(&self, ctx: WorkflowContext<'_>, order: Json<RunOrder>) -> HandlerResult<Json<Stage>> {
        ctx.set(INVOCATION, ctx.invocation_id().to_owned());
        ctx.set(STAGE, Json(Stage::Waiting));
        let course = Course::new(&ctx, &self.0, order.0).await?;
        let taken = course.take(|phase| ctx.set(STAGE, Json(Stage::Running { phase }))).await;
        let (stage, told) = match &taken {
            Ok(ended) => ended.clone(),
            Err(error) => {
                let board = ctx.object_client::<BoardClient<'_>>(ctx.key()).read().call().await;
                let line = error.message().to_owned();
                (Stage::Ended { outcome: Outcome::Unknown, line }, board.map(|Json(told)| told).unwrap_or_default())
            }
        };
        ctx.set(TOLD, Json(told));
        ctx.set(STAGE, Json(stage));
        ctx.object_client::<BoardClient<'_>>(ctx.key()).wipe().send_after(std::time::Duration::from_secs(60));
        Ok(Json(taken?.0))
    }

    /// A person's word for the plan: checked against all of it before the run hears it.
    #[handler]
    async fn approve(&self, ctx: SharedWorkflowContext<'_>, approval: Json<Approval>) -> HandlerResult<()> {
        let Json(approval) = approval;
        // A run that was submitted a moment ago may not have begun: its word waits for it.
        if !matches!(ctx.get::<Json<Stage>>(STAGE).await?, None | Some(Json(Stage::Waiting))) {
            return Err(refused("this run was approved already, or is over"));
        }
        let (shared, run, word) = (Arc::clone(&self.0), ctx.key().to_owned(), approval.clone());
        let mut steps = Steps::new(&ctx);
        let checked = steps.step("check the approval", move |_| {
            Box::pin(async move {
                let plan = shared.plan(&run).await.map_err(told)?;
                // What would be refused by every part is refused here, before anything begins.
                let approved = plan.approve(word).map_err(|(_, error)| ended(&error))?;
                shared.open(&approved).map(drop).map_err(told)
            })
        });
        checked.await?;
        if ctx.peek_promise::<Json<Approval>>(APPROVAL).await?.is_some() {
            return Err(refused("this run was approved already"));
        }
        ctx.resolve_promise(APPROVAL, Json(approval));
        Ok(())
    }

    /// Asks a run to stop: what is in flight ends first. Answers at once, and false where the run is over.
    #[handler]
    async fn cancel(&self, ctx: SharedWorkflowContext<'_>) -> HandlerResult<Json<bool>> {
        match ctx.get::<Json<Stage>>(STAGE).await? {
            Some(Json(Stage::Ended { .. })) => return Ok(Json(false)),
            Some(_) => {}
            None => {
                return Err(refused("the engine does not know this run, or it has not begun: try again in a moment"));
            }
        }
        // Once: who asks again and again would interrupt the farewell, too.
        if ctx.peek_promise::<bool>(CANCELLED).await?.is_some() {
            return Ok(Json(true));
        }
        ctx.resolve_promise(CANCELLED, true);
        if let Some(invocation) = ctx.get::<String>(INVOCATION).await? {
            ctx.invocation_handle(invocation).cancel();
        }
        Ok(Json(true))
    }

    /// How the run stands. Nothing where there is no such run; where the engine has forgotten one, its report tells.
    #[handler]
    async fn status(&self, ctx: SharedWorkflowContext<'_>) -> HandlerResult<Json<Option<Status>>> {
        let run = ctx.key().to_owned();
        let Some(head) = self.0.archive.head(&run).await.map_err(told)? else { return Ok(Json(None)) };
        let stage = ctx.get::<Json<Stage>>(STAGE).await?.map(|Json(stage)| stage);
        let (stage, told_so_far) = match stage {
            Some(stage @ Stage::Ended { .. }) => {
                (stage, ctx.get::<Json<Told>>(TOLD).await?.map(|Json(told)| told).unwrap_or_default())
            }
            Some(stage) => (stage, ctx.object_client::<BoardClient<'_>>(ctx.key()).read().call().await?.0),
            None => match self.0.archive.report(&run).await.map_err(told)? {
                Some(report) => Status::of(&report),
                None => (Stage::Waiting, Told::default()),
            },
        };
        let digest = head.digest().map_err(told)?;
        Ok(Json(Some(Status {
            run,
            title: head.title.clone(),
            digest,
            planned: head.len(),
            stage,
            progress: told_so_far.progress,
            troubles: told_so_far.troubles,
        })))
    }
}

fn refused(why: &str) -> HandlerError {
    TerminalError::new_with_code(409, why).into()
}
