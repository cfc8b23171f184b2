//! Sonar: a window on Metapod's catalogue.

mod port;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;

pub use port::SonarPort;

use crate::metapod;
use crate::server::App;

/// All that lies below Sonar's root: the way to Metapod's GraphQL.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/api/graphql/query", post(query))
}

async fn query(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    metapod::graphql(&app, &headers, &body, true).await
}
