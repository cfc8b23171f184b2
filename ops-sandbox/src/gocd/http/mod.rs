//! GoCD's API, as far as the client asks it: as releases since 20.1 speak it, and as those before did.

mod login;
mod shape;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gocd_client::{Cursor, PipelineName};
use serde_json::{Value, json};

pub(crate) use login::Logins;

use super::About;
use crate::Operation;
use crate::refusal::Refusal;
use crate::server::App;
use crate::server::form::pairs;
use crate::world::{self, Done};

/// The release that speaks by offsets.
const OLDER: &str = "19.1.0";
const V1: &str = "application/vnd.go.cd.v1+json";
/// How many builds a page of an older release has, always.
const OLDER_PAGE: usize = 10;

/// All that lies below the root of a newer GoCD.
pub(crate) fn newer() -> Router<App> {
    Router::new()
        .route("/go/api/version", get(async |app, headers| version(app, headers, super::port::RELEASE).await))
        .route("/go/api/pipelines/{name}/history", get(history))
        .route("/go/api/pipelines/{name}/status", get(status))
        .fallback(elsewhere)
}

/// All that lies below the root of an older GoCD.
pub(crate) fn older() -> Router<App> {
    Router::new()
        .route("/go/api/version", get(async |app, headers| version(app, headers, OLDER).await))
        .route("/go/api/pipelines/{name}/history/{offset}", get(older_history))
        .route("/go/api/pipelines/{name}/status", get(older_status))
        .fallback(elsewhere)
}

/// A browser is sent to the login page.
async fn elsewhere(uri: Uri) -> Response {
    if uri.path().contains("/api/") {
        return no_such_address();
    }
    (StatusCode::FOUND, [(LOCATION, "/go/auth/login")]).into_response()
}

fn no_such_address() -> Response {
    message(404, "The url you are trying to reach appears to be incorrect.")
}

fn unauthenticated() -> Response {
    message(401, "You are not authenticated!")
}

fn message(status: u16, words: &str) -> Response {
    told(status, &json!({"message": words}))
}

fn told(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, "application/vnd.go.cd.v1+json; charset=utf-8")], body.to_string()).into_response()
}

/// Whether the first version of the API is asked for, by name.
fn asks_for_v1(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()) == Some(V1)
}

async fn serve(
    app: &App,
    headers: &HeaderMap,
    operation: Operation,
    about: About,
    what: impl FnOnce(&world::State) -> Result<Value, Refusal>,
) -> Response {
    let refused = (!app.gocd_logins().admits(headers)).then(unauthenticated);
    let subject = about.subject();
    let act = async || match app.world().act(operation, subject, |state| what(state).map(Done::same)) {
        Ok(body) => told(200, &body),
        Err(refusal) => message(refusal.status(), refusal.words()),
    };
    app.perform(operation, subject, refused, unauthenticated, act).await
}

async fn version(State(app): State<App>, headers: HeaderMap, release: &'static str) -> Response {
    if !asks_for_v1(&headers) {
        return no_such_address();
    }
    serve(&app, &headers, Operation::GocdProbe, About::Everything, |_| Ok(shape::version(release))).await
}

/// What is no pipeline's name is the name of none.
fn named(name: &str) -> Result<PipelineName, Refusal> {
    name.parse().map_err(|_| Refusal::NotFound(format!("Pipeline with name '{name}' was not found!")))
}

fn about(name: &Result<PipelineName, Refusal>) -> About {
    name.as_ref().map_or(About::Everything, |name| About::Pipeline(name.clone()))
}

async fn history(
    State(app): State<App>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if !asks_for_v1(&headers) {
        return no_such_address();
    }
    let (name, asked) = (named(&name), Paging::read(&query.unwrap_or_default()));
    let about = about(&name);
    let found = |state: &world::State| {
        let (name, asked) = (name?, asked?);
        let page = state.gocd.pipeline(&name)?.after(asked.after, asked.size);
        Ok(shape::page(&name, &page))
    };
    serve(&app, &headers, Operation::GocdHistory, about, found).await
}

struct Paging {
    size: usize,
    after: Option<Cursor>,
}

impl Paging {
    fn read(query: &str) -> Result<Self, Refusal> {
        let pairs = pairs(query);
        let one = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let size = one("page_size").unwrap_or("10").parse().ok().filter(|size| (10..=100).contains(size));
        let size = size.ok_or_else(|| {
            let words = "The query parameter 'page_size', if specified, must be a number between 10 and 100.";
            Refusal::Invalid(words.to_owned())
        })?;
        let after = match one("after").filter(|after| !after.is_empty()) {
            None => None,
            Some(after) => Some(after.parse().map(Cursor::new).map_err(|_| {
                Refusal::Invalid("The query parameter 'after', if specified, must be a positive integer.".to_owned())
            })?),
        };
        // To GoCD, 0 is the beginning.
        Ok(Self { size, after: after.filter(|after| after.get() > 0) })
    }
}

async fn older_history(
    State(app): State<App>,
    Path((name, offset)): Path<(String, usize)>,
    headers: HeaderMap,
) -> Response {
    let name = named(&name);
    let about = about(&name);
    let found = |state: &world::State| {
        let pipeline = state.gocd.pipeline(&name?)?;
        Ok(shape::older_page(&pipeline.from(offset, OLDER_PAGE), offset, pipeline.builds.len()))
    };
    serve(&app, &headers, Operation::GocdHistory, about, found).await
}

async fn status(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    if !asks_for_v1(&headers) {
        return no_such_address();
    }
    let name = named(&name);
    let about = about(&name);
    let found = |state: &world::State| Ok(shape::status(&state.gocd.pipeline(&name?)?.status()));
    serve(&app, &headers, Operation::GocdStatus, about, found).await
}

/// It knows no versions of its API here, and says of what is asked for by one that there is none.
async fn older_status(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let (name, by_version) = (named(&name), asks_for_v1(&headers));
    let about = about(&name);
    let found = |state: &world::State| {
        if by_version {
            return Err(Refusal::NotFound("The url you are trying to reach appears to be incorrect.".to_owned()));
        }
        Ok(shape::older_status(&state.gocd.pipeline(&name?)?.status()))
    };
    serve(&app, &headers, Operation::GocdStatus, about, found).await
}
