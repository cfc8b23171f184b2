//! What one scheduler tells of itself, and where it sends whoever needs the one that leads.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aurora_client::Leading;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{Method, Uri};
use serde_json::{Map, Value};

use super::*;
use crate::Operation;
use crate::aurora::About;
use crate::world;

/// Who bears it is not sent on.
const BYPASS: &str = "Bypass-Leader-Redirect";

/// One call of one scheduler.
pub(super) async fn serve(State(at): State<At>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    // The filter goes by the prefix, whatever follows.
    if path.starts_with("/api") {
        let bypass = request.headers().contains_key(BYPASS);
        if let Some(elsewhere) = at.elsewhere(request.uri()).filter(|_| !bypass) {
            return elsewhere;
        }
        return match path.as_str() {
            "/api" | "/api/" => super::api::serve(&at, request).await,
            _ => html(StatusCode::NOT_FOUND, "Not Found"),
        };
    }
    match (request.method(), path.as_str()) {
        (&Method::GET, "/leaderhealth") => at.told(At::leader_health).await,
        (&Method::GET, "/health") => at.told(|_, _| text(StatusCode::OK, "OK\n")).await,
        (&Method::GET, "/vars") => {
            let lines = |vars: Map<String, Value>| {
                vars.into_iter().fold(String::new(), |mut lines, (name, value)| {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    let _ = writeln!(lines, "{name} {value}");
                    lines
                })
            };
            at.told(|at, state| text(StatusCode::OK, lines(at.vars(state)))).await
        }
        (&Method::GET, "/vars.json") => {
            at.told(|at, state| {
                let body = Value::from(at.vars(state)).to_string();
                (StatusCode::OK, [(CONTENT_TYPE, "application/json")], body).into_response()
            })
            .await
        }
        _ => html(StatusCode::NOT_FOUND, "Not Found"),
    }
}

impl At {
    /// What it tells of itself, where nothing goes wrong.
    async fn told(&self, what: impl FnOnce(&Self, &world::State) -> Response) -> Response {
        let act = async || {
            let state = self.app.world().state();
            what(self, &state)
        };
        let subject = About::Everything.subject();
        self.app.perform(Operation::AuroraSchedulers, subject, None, super::who::challenge, act).await
    }

    fn leads(&self, state: &world::State) -> Leading {
        let aurora = &state.aurora;
        aurora.schedulers.get(self.scheduler).map_or(Leading::Nobody, |one| one.leading(aurora.leads_inside()))
    }

    /// Where whoever needs the leader must go; none where he is there.
    fn elsewhere(&self, uri: &Uri) -> Option<Response> {
        let state = self.app.world().state();
        let leader = match self.leads(&state) {
            Leading::Yes => return None,
            _ => state.aurora.schedulers.iter().find(|one| one.leads),
        };
        Some(match leader {
            Some(leader) => {
                let path = uri.path_and_query().map_or("/api", |path| path.as_str());
                let location = format!("{}{path}", leader.address);
                (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response()
            }
            None => html(StatusCode::SERVICE_UNAVAILABLE, "No leader elected"),
        })
    }

    fn leader_health(&self, state: &world::State) -> Response {
        match self.leads(state) {
            Leading::Yes => text(StatusCode::OK, "OK"),
            Leading::No => text(StatusCode::SERVICE_UNAVAILABLE, ""),
            _ => text(StatusCode::BAD_GATEWAY, ""),
        }
    }

    /// What it measures.
    fn vars(&self, state: &world::State) -> Map<String, Value> {
        let aurora = &state.aurora;
        let mut vars = BTreeMap::new();
        let Some(one) = aurora.schedulers.get(self.scheduler) else { return Map::new() };
        let uptime = state.now().duration_since(one.since).as_secs();
        vars.insert("build_version".to_owned(), Value::from("0.23.0"));
        vars.insert("framework_registered".to_owned(), Value::from(u8::from(one.registered)));
        vars.insert("jvm_uptime_secs".to_owned(), Value::from(uptime));
        if one.leads {
            for record in aurora.records() {
                let count = vars.entry(format!("task_store_{}", record.task.status)).or_insert_with(|| Value::from(0));
                *count = Value::from(count.as_u64().unwrap_or(0) + 1);
            }
        }
        vars.into_iter().collect()
    }
}
