//! The lock of a subject: one run at a time holds it, on whichever machine.

use restate_sdk::prelude::*;

use crate::wire::Holder;

const HOLDER: &str = "holder";

pub(crate) struct Subject;

/// A subject, by environment, kind and id.
#[restate_sdk::object(name = "OpsSubject", client_visibility = "pub(crate)")]
impl Subject {
    /// Takes it, unless another run holds it: then says which.
    #[handler(ingress_private)]
    async fn take(&self, ctx: ObjectContext<'_>, who: Json<Holder>) -> HandlerResult<Json<Option<Holder>>> {
        let Json(who) = who;
        match ctx.get::<Json<Holder>>(HOLDER).await? {
            Some(Json(holder)) if holder.run != who.run => Ok(Json(Some(holder))),
            _ => {
                ctx.set(HOLDER, Json(who));
                Ok(Json(None))
            }
        }
    }

    /// Lets go of it, if this run holds it. Also for a person who knows that the run is gone.
    #[handler]
    async fn free(&self, ctx: ObjectContext<'_>, run: Json<String>) -> HandlerResult<Json<bool>> {
        let held = ctx.get::<Json<Holder>>(HOLDER).await?.is_some_and(|Json(holder)| holder.run == run.0);
        if held {
            ctx.clear(HOLDER);
        }
        Ok(Json(held))
    }

    /// Who holds it.
    #[handler]
    async fn holder(&self, ctx: SharedObjectContext<'_>) -> HandlerResult<Json<Option<Holder>>> {
        Ok(Json(ctx.get::<Json<Holder>>(HOLDER).await?.map(|Json(holder)| holder)))
    }
}
