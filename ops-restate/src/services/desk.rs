//! The desk: plans are made and handed in here, and what came of runs is asked for, also when the engine itself has
//! forgotten them.

use std::sync::Arc;

use jiff::Timestamp;
use ops_plan::{Ask, Card, Error, Head, Plan, Report};
use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ended, told};
use crate::archive::Debt;
use crate::run_id::check;
use crate::shared::Shared;
use crate::steps::Steps;
use crate::wire::{Delivery, HeadDelivery, Question};

pub(crate) struct Desk(pub(crate) Arc<Shared>);

/// A plan, shown page by page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) head: Head,
    pub(crate) cards: Vec<Card>,
}

/// The desk of an engine.
#[restate_sdk::service(name = "OpsDesk", client_visibility = "pub(crate)")]
impl Desk {
    /// Says whether a plan would be taken, before all of it is sent.
    #[handler]
    async fn admit(&self, _ctx: Context<'_>, head: Json<HeadDelivery>) -> HandlerResult<()> {
        let Json(HeadDelivery { run, head }) = head;
        let head = read(&run, &head)?;
        self.0.host_of(&head).map_err(told)?;
        self.0.archive.admit(&run, &head).await.map(drop).map_err(told)
    }

    /// Takes a part of a plan.
    #[handler]
    async fn piece(&self, ctx: Context<'_>, piece: Json<Delivery>) -> HandlerResult<()> {
        let (shared, Json(Delivery { run, piece, lines })) = (Arc::clone(&self.0), piece);
        check(&run).map_err(told)?;
        let mut steps = Steps::new(&ctx);
        let kept = steps.step("keep a part of a plan", move |_| {
            Box::pin(async move { shared.archive.keep_piece(&run, piece, lines).await.map_err(told) })
        });
        Ok(kept.await?)
    }

    /// Takes the head of a plan whose parts are there, and reads the whole as a run would.
    #[handler]
    async fn head(&self, ctx: Context<'_>, head: Json<HeadDelivery>) -> HandlerResult<()> {
        let (shared, Json(HeadDelivery { run, head })) = (Arc::clone(&self.0), head);
        let head = read(&run, &head)?;
        shared.host_of(&head).map_err(told)?;
        let mut steps = Steps::new(&ctx);
        let kept = steps.step("keep a plan", move |_| {
            Box::pin(async move {
                shared.archive.keep_head(&run, &head).await.map_err(told)?;
                shared.plan(&run).await.map(drop).map_err(told)
            })
        });
        Ok(kept.await?)
    }

    /// Asks a recipe for a plan, with this program's credentials, and keeps it under a run's name. Nothing is changed.
    #[handler]
    async fn plan(&self, ctx: Context<'_>, question: Json<Question>) -> HandlerResult<()> {
        let (shared, Json(asked)) = (Arc::clone(&self.0), question);
        check(&asked.run).map_err(told)?;
        let mut steps = Steps::new(&ctx);
        let planned = steps.step("plan", move |_| {
            Box::pin(async move {
                // A plan that is there was answered before, and the answer was lost.
                if let Some(there) = shared.archive.head(&asked.run).await.map_err(told)? {
                    let same = there.undoes.is_none()
                        && there.recipe == asked.recipe
                        && there.target.environment == asked.environment
                        && value(&there.question) == value(&asked.question);
                    return if same { Ok(()) } else { Err(another(&asked.run, &there)) };
                }
                let (target, host) = shared.environment(&asked.environment).map_err(told)?;
                let ask = Ask::raw(asked.recipe, asked.question, target.clone(), Timestamp::now());
                let plan = host.plan(ask).await.map_err(told)?;
                shared.archive.keep_plan(&asked.run, &plan).await.map_err(told)
            })
        });
        Ok(planned.await?)
    }

    /// Plans to take back what a run changed, under another run's name.
    #[handler]
    async fn undo(&self, ctx: Context<'_>, runs: Json<(String, String)>) -> HandlerResult<()> {
        let (shared, Json((run, undo))) = (Arc::clone(&self.0), runs);
        check(&undo).map_err(told)?;
        let mut steps = Steps::new(&ctx);
        let planned = steps.step("plan an undo", move |_| {
            Box::pin(async move {
                if let Some(there) = shared.archive.head(&undo).await.map_err(told)? {
                    let same = there.undoes.as_ref() == Some(&run);
                    return if same { Ok(()) } else { Err(another(&undo, &there)) };
                }
                let plan = plan_undo(&shared, &run).await.map_err(told)?;
                shared.archive.keep_plan(&undo, &plan).await.map_err(told)
            })
        });
        Ok(planned.await?)
    }

    /// A page of a plan: what it is about, and the cards of a block of its actions.
    #[handler]
    async fn page(&self, _ctx: Context<'_>, page: Json<(String, usize)>) -> HandlerResult<Json<Page>> {
        let Json((run, n)) = page;
        let plan = self.0.plan(&run).await.map_err(told)?;
        let from = n.saturating_mul(ops_plan::BLOCK).min(plan.len());
        let to = from.saturating_add(ops_plan::BLOCK).min(plan.len());
        let cards = (from..to).filter_map(|i| plan.card(i)).collect();
        Ok(Json(Page { head: plan.head().clone(), cards }))
    }

    /// What came of a run; nothing while it runs.
    #[handler]
    async fn report(&self, _ctx: Context<'_>, run: Json<String>) -> HandlerResult<Json<Option<Report>>> {
        Ok(Json(self.0.archive.report(&run.0).await.map_err(told)?))
    }

    /// What runs left behind and no later run settled.
    #[handler]
    async fn due(&self, _ctx: Context<'_>) -> HandlerResult<Json<Vec<Debt>>> {
        Ok(Json(self.0.archive.due().await.map_err(told)?))
    }

    /// Every run that is kept.
    #[handler]
    async fn runs(&self, _ctx: Context<'_>) -> HandlerResult<Json<Vec<String>>> {
        Ok(Json(self.0.archive.runs().await.map_err(told)?))
    }
}

fn read(run: &str, head: &RawValue) -> Result<Head, HandlerError> {
    check(run).map_err(told)?;
    let wrong = |e| ended(&Error::Invalid(format!("this is no head of a plan: {e}"))).into();
    serde_json::from_str(head.get()).map_err(wrong)
}

/// A question by what it says, not by how it is written.
fn value(question: &RawValue) -> Option<serde_json::Value> {
    serde_json::from_str(question.get()).ok()
}

fn another(run: &str, there: &Head) -> HandlerError {
    TerminalError::new_with_code(409, format!("run {run} is another one: {}", there.title)).into()
}

async fn plan_undo(shared: &Shared, run: &str) -> ops_plan::Result<Plan> {
    let Some(changed) = shared.archive.changed(run).await? else {
        return Err(Error::Invalid(format!("run {run} is not over: cancel it first, or wait")));
    };
    if changed.is_empty() {
        return Err(Error::Invalid(format!("run {run} changed nothing: there is nothing to take back")));
    }
    let plan = shared.plan(run).await?;
    let head = plan.head();
    let (target, host) = shared.environment(&head.target.environment)?;
    let ask = Ask::raw(head.recipe.clone(), head.question.clone(), target.clone(), Timestamp::now());
    host.undo(&plan, &changed, run, ask).await
}
