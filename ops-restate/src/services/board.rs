//! How far a run is: its parts write it here, whoever watches reads it.

use restate_sdk::prelude::*;

use crate::status::Told;
use crate::wire::Step;

const TOLD: &str = "told";

pub(crate) struct Board;

/// The board of a run, by its name.
#[restate_sdk::object(name = "OpsBoard", client_visibility = "pub(crate)")]
impl Board {
    /// A part went a step on.
    #[handler(ingress_private)]
    async fn add(&self, ctx: ObjectContext<'_>, step: Json<Step>) -> HandlerResult<()> {
        let mut told = ctx.get::<Json<Told>>(TOLD).await?.map(|Json(told)| told).unwrap_or_default();
        told.add(step.0);
        ctx.set(TOLD, Json(told));
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
    async fn read(&self, ctx: SharedObjectContext<'_>) -> HandlerResult<Json<Told>> {
        Ok(Json(ctx.get::<Json<Told>>(TOLD).await?.map(|Json(told)| told).unwrap_or_default()))
    }
}
