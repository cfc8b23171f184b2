//! The sandbox's own routes: for tests and benchmarks whose server is another process.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Serialize;

use super::{App, answer};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/effects", get(effects)).route("/effects/reset", post(reset))
}

/// What was asked and what came of it, in all and for each operation and subject.
#[derive(Default, Serialize)]
struct Effects {
    calls: u64,
    effects: u64,
    refused: u64,
    faults: u64,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    operation: &'static str,
    subject: String,
    calls: u64,
    effects: u64,
    refused: u64,
}

async fn effects(State(app): State<App>) -> Response {
    let mut told = Effects { faults: app.world().faults().fired(), ..Effects::default() };
    for line in app.world().log() {
        let count = line.count;
        told.calls += count.calls;
        told.effects += count.effects;
        told.refused += count.refused;
        told.lines.push(Line {
            operation: line.operation.name(),
            subject: line.subject.to_string(),
            calls: count.calls,
            effects: count.effects,
            refused: count.refused,
        });
    }
    answer(&told)
}

async fn reset(State(app): State<App>) -> StatusCode {
    app.world().clear_log();
    StatusCode::NO_CONTENT
}
