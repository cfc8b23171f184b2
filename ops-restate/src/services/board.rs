//! How far a run is: its parts write it here, whoever watches reads it.

use restate_sdk::prelude::*;

use crate::status::Progress;
use crate::wire::Step;

const PROGRESS: &str = "progress";

pub(crate) struct Board;

/// The board of a run, by its name.
#[restate_sdk::object(name = "OpsBoard", client_visibility = "pub(crate)")]
impl Board {
    /// A part went a step on.
    #[handler(ingress_private)]
    async fn add(&self, ctx: ObjectContext<'_>, step: Json<Step>) -> HandlerResult<()> {
        let mut progress = ctx.get::<Json<Progress>>(PROGRESS).await?.map(|Json(p)| p).unwrap_or_default();
        progress.done += step.0.done;
        progress.performed += step.0.performed;
        progress.tried += step.0.tried;
        progress.troubled += step.0.troubled;
        ctx.set(PROGRESS, Json(progress));
        Ok(())
    }

    /// Nobody needs it any more.
    #[handler(ingress_private)]
    async fn wipe(&self, ctx: ObjectContext<'_>) -> HandlerResult<()> {
        ctx.clear_all();
        Ok(())
    }

    /// How far the run is.
    #[handler]
    async fn read(&self, ctx: SharedObjectContext<'_>) -> HandlerResult<Json<Progress>> {
        Ok(Json(ctx.get::<Json<Progress>>(PROGRESS).await?.map(|Json(p)| p).unwrap_or_default()))
    }
}
