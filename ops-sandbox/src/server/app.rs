use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::listen::HangUp;
use crate::airflow::Logins;
use crate::faults::{PAGE, whole_seconds};
use crate::refusal::Refusal;
use crate::{Fault, Operation, World, databricks, gocd, metabase, metapod};

/// What every route needs.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

struct Shared {
    world: World,
    schema: metapod::Schema,
    /// The whole `Authorization` header that is good; none where nobody is asked.
    authorization: RwLock<Option<String>>,
    /// Airflow has logins of its own.
    logins: Logins,
    /// And so has Metabase.
    metabase: metabase::Logins,
    /// And GoCD.
    gocd: gocd::Logins,
    /// And Databricks.
    databricks: databricks::Logins,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("world", &self.0.world).finish_non_exhaustive()
    }
}

impl App {
    pub(crate) fn new(world: World, bearer: Option<String>, logins: Logins) -> Self {
        let schema = metapod::schema(world.clone());
        let authorization = RwLock::new(bearer.map(|token| format!("Bearer {token}")));
        let (metabase, gocd) = (metabase::Logins::default(), gocd::Logins::default());
        let databricks = databricks::Logins::default();
        Self(Arc::new(Shared { world, schema, authorization, logins, metabase, gocd, databricks }))
    }

    pub(crate) fn world(&self) -> &World {
        &self.0.world
    }

    pub(crate) fn schema(&self) -> &metapod::Schema {
        &self.0.schema
    }

    pub(crate) fn logins(&self) -> &Logins {
        &self.0.logins
    }

    pub(crate) fn metabase_logins(&self) -> &metabase::Logins {
        &self.0.metabase
    }

    pub(crate) fn gocd_logins(&self) -> &gocd::Logins {
        &self.0.gocd
    }

    pub(crate) fn databricks_logins(&self) -> &databricks::Logins {
        &self.0.databricks
    }

    pub(crate) fn rotate(&self, token: String) {
        let mut good = self.0.authorization.write().unwrap_or_else(PoisonError::into_inner);
        *good = Some(format!("Bearer {token}"));
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let good = self.0.authorization.read().unwrap_or_else(PoisonError::into_inner);
        let given = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        good.as_ref().is_none_or(|good| given == Some(good.as_bytes()))
    }

    /// One call: counted, admitted or not, hit by a fault or not.
    pub(crate) async fn serve(
        &self,
        headers: &HeaderMap,
        operation: Operation,
        subject: Uuid,
        act: impl AsyncFnOnce() -> Response,
    ) -> Response {
        let refused = (!self.admits(headers)).then(unauthorized);
        self.perform(operation, subject, refused, unauthorized, act).await
    }

    /// One call, as [`serve`](Self::serve), by a system that has its own way of refusing, and of saying that a login ended.
    pub(crate) async fn perform(
        &self,
        operation: Operation,
        subject: Uuid,
        refused: Option<Response>,
        expired: fn() -> Response,
        act: impl AsyncFnOnce() -> Response,
    ) -> Response {
        let world = self.world();
        if let Some(refused) = refused {
            world.turn_away(operation, subject);
            return refused;
        }
        match world.arrive(operation, subject) {
            None => act().await,
            Some(fault) if fault.takes_effect() => bend(fault, act().await).await,
            // A login cannot have ended where none is asked for.
            Some(Fault::ExpiredToken) if !operation.needs_login() => act().await,
            Some(Fault::ExpiredToken) => expired(),
            Some(fault) => instead(fault),
        }
    }
}

/// An answer of the system, as JSON.
pub(crate) fn answer(body: &impl Serialize) -> Response {
    told(StatusCode::OK, body)
}

/// A refusal of the system, as JSON.
pub(crate) fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    told(status, &json!({"error": refusal.words()}))
}

fn told(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => (status, [(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn unauthorized() -> Response {
    let mut response = told(StatusCode::UNAUTHORIZED, &json!({"error": "the token is missing or has expired"}));
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// What comes in place of the system's answer, where it does nothing.
fn instead(fault: Fault) -> Response {
    match fault {
        Fault::Throttle { retry_after } => {
            let mut response = status(429);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(retry_after).as_secs()));
            response
        }
        Fault::Html => ([(CONTENT_TYPE, "text/html; charset=utf-8")], PAGE).into_response(),
        Fault::Status(code) => status(code),
        _ => HangUp::response(),
    }
}

/// What becomes of the system's answer.
async fn bend(fault: Fault, response: Response) -> Response {
    match fault {
        Fault::Delay(delay) => {
            tokio::time::sleep(delay).await;
            response
        }
        Fault::StatusAfterEffect(code) => status(code),
        Fault::HalfBody => half(response).await,
        _ => HangUp::response(),
    }
}

fn status(code: u16) -> Response {
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    told(code, &json!({"error": "the sandbox was asked to fail"}))
}

/// The right length, half the body, and the end of the connection.
async fn half(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(whole) = to_bytes(body, usize::MAX).await else { return HangUp::response() };
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let first = stream::iter([Ok(whole.slice(..whole.len() / 2))]);
    let end = stream::once(async {
        // The first half must have left before the connection ends.
        tokio::time::sleep(Duration::from_millis(5)).await;
        Err::<Bytes, HangUp>(HangUp)
    });
    Response::from_parts(parts, Body::from_stream(first.chain(end)))
}
