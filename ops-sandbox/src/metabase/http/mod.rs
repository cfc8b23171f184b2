//! Metabase's API, as far as the client asks it.

mod ask;
mod login;
mod shape;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use metabase_client::{CardId, DatabaseId, User};
use serde_json::{Value, json};

pub(crate) use login::{Logins, Person};

use super::{About, answer as found};
use crate::Operation;
use crate::refusal::Refusal;
use crate::server::{App, answer};
use crate::world::{self, Done};

/// All that lies below Metabase's root. Whatever it does not know is its page, for which a browser came.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/health", get(health))
        .route("/api/session/properties", get(properties))
        .route("/api/session", post(log_in))
        .route("/api/user/current", get(me))
        .route("/api/database", get(databases))
        .route("/api/database/{id}/metadata", get(metadata))
        .route("/api/dataset", post(query))
        .route("/api/card/{id}/query", post(question))
        .fallback(elsewhere)
}

async fn elsewhere(uri: Uri) -> Response {
    if uri.path().contains("/api/") {
        return (StatusCode::NOT_FOUND, "API endpoint does not exist.").into_response();
    }
    Html("<!doctype html>\n<html><head><title>Metabase</title></head><body></body></html>\n").into_response()
}

/// What is told to whoever does not say who they are.
fn unauthenticated() -> Response {
    (StatusCode::UNAUTHORIZED, "Unauthenticated").into_response()
}

/// A call by anybody.
async fn open(app: &App, operation: Operation, act: impl AsyncFnOnce() -> Response) -> Response {
    app.perform(operation, About::Everything.subject(), None, unauthenticated, act).await
}

/// A call by somebody who is known.
async fn serve(
    app: &App,
    headers: &HeaderMap,
    operation: Operation,
    about: About,
    what: impl FnOnce(&world::State, User) -> Result<Response, Refusal>,
) -> Response {
    let person = app.metabase_logins().person(headers);
    let refused = person.is_none().then(unauthenticated);
    let user = person.unwrap_or(Person::Viewer).user();
    let subject = about.subject();
    let act = async || {
        let done = app.world().act(operation, subject, |state| what(state, user).map(Done::same));
        done.unwrap_or_else(|refusal| refusal_told(&refusal))
    };
    app.perform(operation, subject, refused, unauthenticated, act).await
}

/// A query that failed has a good status; other refusals have their own, and words in plain text.
fn refusal_told(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::Rejected(words) => accepted(&shape::failed(words)),
        other => {
            let status = StatusCode::from_u16(other.status()).unwrap_or(StatusCode::BAD_REQUEST);
            (status, other.words().to_owned()).into_response()
        }
    }
}

fn accepted(body: &Value) -> Response {
    (StatusCode::ACCEPTED, answer(body)).into_response()
}

async fn health(State(app): State<App>) -> Response {
    open(&app, Operation::MetabaseProbe, async || answer(&json!({"status": "ok"}))).await
}

async fn properties(State(app): State<App>) -> Response {
    open(&app, Operation::MetabaseProbe, async || answer(&shape::properties())).await
}

async fn log_in(State(app): State<App>, body: Bytes) -> Response {
    let begin = async || match app.metabase_logins().begin(&body) {
        Some(session) => answer(&json!({"id": session})),
        None => {
            let words = json!({"errors": {"password": "did not match stored password"}});
            (StatusCode::UNAUTHORIZED, answer(&words)).into_response()
        }
    };
    open(&app, Operation::MetabaseLogin, begin).await
}

async fn me(State(app): State<App>, headers: HeaderMap) -> Response {
    let told = |_: &world::State, user: User| Ok(answer(&shape::user(&user)));
    serve(&app, &headers, Operation::MetabaseMe, About::Everything, told).await
}

async fn databases(State(app): State<App>, headers: HeaderMap) -> Response {
    let told = |state: &world::State, _: User| Ok(answer(&shape::databases(&state.metabase.databases)));
    serve(&app, &headers, Operation::MetabaseDatabases, About::Everything, told).await
}

async fn metadata(State(app): State<App>, Path(id): Path<i64>, headers: HeaderMap) -> Response {
    let id = DatabaseId::new(id);
    let told = |state: &world::State, _: User| Ok(answer(&shape::metadata(&state.metabase.metadata(id)?)));
    serve(&app, &headers, Operation::MetabaseMetadata, About::Database(id), told).await
}

async fn query(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    let asked = ask::query(&body);
    let about = asked.as_ref().map_or(About::Everything, |query| About::Table(query.table));
    let told = |state: &world::State, _: User| {
        let answer = found::query(state, &asked?)?;
        Ok(accepted(&shape::answer(&answer)))
    };
    serve(&app, &headers, Operation::MetabaseQuery, about, told).await
}

async fn question(State(app): State<App>, Path(id): Path<i64>, headers: HeaderMap, body: Bytes) -> Response {
    let (id, asked) = (CardId::new(id), ask::parameters(&body));
    let told = |state: &world::State, _: User| {
        let answer = found::question(state, id, &asked?)?;
        Ok(accepted(&shape::answer(&answer)))
    };
    serve(&app, &headers, Operation::MetabaseQuestion, About::Question(id), told).await
}
