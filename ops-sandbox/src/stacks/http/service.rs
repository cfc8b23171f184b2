//! What the instances of a service answer, behind its balancer.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use cloudformation_ops::{ServiceStack, StackName};
use serde_json::{Value, json};

use super::super::About;
use super::super::versions::Instance;
use crate::Operation;
use crate::server::App;
use crate::world::Done;

/// As a balancer says it.
const NOBODY: &str = "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n\
    <body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n";

/// The instance that a connection was given to: as long as it is open and that is in the balancer, it stays with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pin(Arc<Mutex<Option<(StackName, String)>>>);

/// All that lies below `/services`.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/{environment}/{prototype}/{suffix}/{service}/api/version", get(version))
        .route("/{environment}/{prototype}/{suffix}/{service}/api/health", get(health))
}

type Parts = Path<(String, String, String, String)>;

async fn version(State(app): State<App>, Extension(pin): Extension<Pin>, parts: Parts) -> Response {
    let told = |one: &Instance| (StatusCode::OK, json!({"version": one.version}));
    asked(&app, &pin, parts, Operation::Version, told).await
}

async fn health(State(app): State<App>, Extension(pin): Extension<Pin>, parts: Parts) -> Response {
    let told = |one: &Instance| {
        let status = if one.ill { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        let components = json!({"http": {"healthy": true}, "datomic": {"healthy": !one.ill}});
        (status, json!({"healthy": !one.ill, "components": components}))
    };
    asked(&app, &pin, parts, Operation::Health, told).await
}

async fn asked(
    app: &App,
    pin: &Pin,
    Path((environment, prototype, suffix, service)): Parts,
    operation: Operation,
    told: fn(&Instance) -> (StatusCode, Value),
) -> Response {
    let Ok(name) = ServiceStack::new(environment, prototype, suffix, service).name() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let subject = About::Service(&name).subject();
    let act = async || {
        let found = app.world().act(operation, subject, |state| {
            let mut pinned = pin.0.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = pinned.as_ref().filter(|(of, _)| *of == name).map(|(_, version)| version.as_str());
            let found = state.stacks.ask(&name, kept)?;
            *pinned = found.as_ref().map(|one| (name.clone(), one.version.clone()));
            Ok::<_, crate::refusal::Refusal>(Done::same(found))
        });
        match found {
            Err(_) => StatusCode::NOT_FOUND.into_response(),
            Ok(None) => (StatusCode::SERVICE_UNAVAILABLE, [(CONTENT_TYPE, "text/html")], NOBODY).into_response(),
            Ok(Some(one)) => {
                let (status, body) = told(&one);
                (status, Json(body)).into_response()
            }
        }
    };
    app.perform(operation, subject, None, || StatusCode::UNAUTHORIZED.into_response(), act).await
}
