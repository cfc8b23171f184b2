//! Metapod's routes. Where the real answers are not known any good status with a JSON body stands for them.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use metapod_client::{DatasetName, TransactionId};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::graphql as schema;
use super::{COMPONENTS, VERSION};
use crate::Operation;
use crate::refusal::Refusal;
use crate::server::{App, answer, refused};
use crate::world::{self, Done};

/// All that lies below Metapod's root.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/version", get(version))
        .route("/ops/health", get(health))
        .route("/api/migrations/retract/committed-dataset/{id}", post(retract_committed_dataset))
        .route("/api/migrations/retract/attribute/{id}", post(retract_attribute))
        .route("/api/migrations/retract/indexed-attribute/{id}", post(retract_indexed_attribute))
        .route("/api/migrations/copy-transaction/{id}", post(copy_transaction))
        .route("/api/graphql/query", post(query))
}

async fn version(State(app): State<App>, headers: HeaderMap) -> Response {
    let act = async || answer(&json!({"version": VERSION}));
    app.serve(&headers, Operation::MetapodProbe, Uuid::nil(), act).await
}

async fn health(State(app): State<App>, headers: HeaderMap) -> Response {
    let act = async || {
        let well = |name| (name, json!({"healthy": true, "checks": {}}));
        answer(&json!([true, COMPONENTS.into_iter().map(well).collect::<BTreeMap<_, _>>()]))
    };
    app.serve(&headers, Operation::MetapodHealth, Uuid::nil(), act).await
}

async fn retract_committed_dataset(State(app): State<App>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    retract(&app, &headers, Operation::RetractCommittedDataset, &id, |state, id| state.catalogue.retract(id)).await
}

async fn retract_attribute(State(app): State<App>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    retract(&app, &headers, Operation::RetractAttribute, &id, |state, id| state.catalogue.retract_attribute(id)).await
}

async fn retract_indexed_attribute(State(app): State<App>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let operation = Operation::RetractIndexedAttribute;
    retract(&app, &headers, operation, &id, |state, id| state.catalogue.retract_indexed(id)).await
}

async fn retract<Id: FromStr<Err = metapod_client::ParseError>>(
    app: &App,
    headers: &HeaderMap,
    operation: Operation,
    id: &str,
    what: impl FnOnce(&mut world::State, Id) -> Result<Done<()>, Refusal>,
) -> Response {
    let parsed = id.parse::<Id>().map_err(|error| Refusal::Invalid(error.to_string()));
    let subject = Uuid::try_parse(id).unwrap_or_default();
    let act = async || match parsed.and_then(|id| app.world().act(operation, subject, |state| what(state, id))) {
        Ok(()) => answer(&json!({})),
        Err(refusal) => refused(&refusal),
    };
    app.serve(headers, operation, subject, act).await
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct CopyBody {
    #[serde(default)]
    uncommitted_datasets: Vec<DatasetName>,
}

async fn copy_transaction(State(app): State<App>, headers: HeaderMap, Path(id): Path<String>, body: Bytes) -> Response {
    let operation = Operation::CopyTransaction;
    let subject = Uuid::try_parse(&id).unwrap_or_default();
    let source = id.parse::<TransactionId>().map_err(|error| Refusal::Invalid(error.to_string()));
    let names = serde_json::from_slice::<CopyBody>(&body).map_err(|error| Refusal::Invalid(error.to_string()));
    let copy = || {
        let (source, names) = (source?, names?);
        app.world().act(operation, subject, |state| state.copy(source, &names.uncommitted_datasets))
    };
    let act = async || match copy() {
        // The shape is not known; kebab-case is what Metapod's bodies are written in.
        Ok(copy) => answer(&json!({"transaction-id": copy.to_string()})),
        Err(refusal) => refused(&refusal),
    };
    app.serve(&headers, operation, subject, act).await
}

async fn query(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    graphql(&app, &headers, &body, false).await
}

/// One GraphQL document, from either door.
pub(crate) async fn graphql(app: &App, headers: &HeaderMap, body: &[u8], as_sonar: bool) -> Response {
    let mut request: async_graphql::Request = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => return refused(&Refusal::Invalid(format!("the body is no GraphQL request: {error}"))),
    };
    // A document that cannot be parsed is answered with errors, as the execution does.
    let asked = match async_graphql::parser::parse_query(&request.query) {
        Ok(document) => {
            let asked = schema::asked(&document, &request.variables, as_sonar);
            request.set_parsed_query(document);
            asked
        }
        Err(_) => schema::Asked { operation: Operation::SonarProbe, subject: Uuid::nil() },
    };
    let act = async || answer(&app.schema().execute(request).await);
    app.serve(headers, asked.operation, asked.subject, act).await
}
