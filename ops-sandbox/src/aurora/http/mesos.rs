//! The Mesos master. All lies at the root and below `/master`.

use std::collections::HashMap;

use aurora_client::{Agent, Framework, FrameworkId, MesosSeen};
use axum::body::to_bytes;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, Method, header::HOST};
use serde_json::{Value, json};

use super::*;
use crate::Operation;
use crate::aurora::About;
use crate::refusal::Refusal;
use crate::server::form::pairs;
use crate::world::Done;

/// One call of the master.
pub(super) async fn serve(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let path = path.strip_prefix("/master").unwrap_or(&path);
    let host = host(request.headers());
    match (request.method(), path) {
        (&Method::GET, "/health") => told(&app, Operation::MesosProbe, |_| StatusCode::OK.into_response()).await,
        (&Method::GET, "/version") => {
            let version = json!({"version": "1.6.1", "build_date": "2018-07-20 15:10:44", "build_time": 1532099444.0});
            told(&app, Operation::MesosProbe, |_| answer(&version)).await
        }
        (&Method::GET, "/metrics/snapshot") => told(&app, Operation::MesosProbe, |state| answer(&metrics(state))).await,
        (&Method::GET, "/redirect") => {
            led(&app, |_| {
                let location = [(LOCATION, format!("//{host}"))];
                (StatusCode::TEMPORARY_REDIRECT, location).into_response()
            })
            .await
        }
        (&Method::GET, "/state-summary") => led(&app, |seen| answer(&summary(seen))).await,
        (&Method::GET, "/slaves") => {
            led(&app, |seen| {
                let slaves: Vec<Value> = seen.agents.iter().map(slave).collect();
                answer(&json!({"slaves": slaves, "recovered_slaves": []}))
            })
            .await
        }
        (&Method::GET, "/frameworks") => {
            led(&app, |seen| {
                let frameworks: Vec<Value> = seen.frameworks.iter().map(framework).collect();
                answer(&json!({"frameworks": frameworks, "completed_frameworks": [], "unregistered_frameworks": []}))
            })
            .await
        }
        (&Method::POST, "/teardown") => teardown(&app, request).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn host(headers: &HeaderMap) -> String {
    headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost:5050").to_owned()
}

fn answer(body: &Value) -> Response {
    (StatusCode::OK, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn unauthorized() -> Response {
    StatusCode::UNAUTHORIZED.into_response()
}

async fn told(app: &App, operation: Operation, what: impl FnOnce(&crate::world::State) -> Response) -> Response {
    let act = async || what(&app.world().state());
    app.perform(operation, About::Everything.subject(), None, unauthorized, act).await
}

/// What only a master answers that leads.
async fn led(app: &App, what: impl FnOnce(&MesosSeen) -> Response) -> Response {
    let seen = |state: &crate::world::State| match state.aurora.mesos_seen() {
        Ok(seen) => what(&seen),
        Err(_) => text(StatusCode::SERVICE_UNAVAILABLE, "No leader elected"),
    };
    told(app, Operation::MesosLook, seen).await
}

/// Flat, and all of it doubles.
fn metrics(state: &crate::world::State) -> Value {
    let mesos = &state.aurora.mesos;
    let of = |wanted: fn(&Framework) -> bool| mesos.frameworks.iter().filter(|one| wanted(one)).count() as f64;
    let seen = state.aurora.mesos_seen().ok();
    let running: u64 = seen.iter().flat_map(|seen| &seen.agents).map(|agent| agent.tasks_running).sum();
    json!({
        "master/elected": if mesos.leads() { 1.0 } else { 0.0 },
        "master/uptime_secs": 3600.0,
        "master/slaves_active": state.aurora.agents.len() as f64,
        "master/slaves_connected": state.aurora.agents.len() as f64,
        "master/frameworks_active": of(|one| one.active),
        "master/frameworks_connected": of(|one| one.connected),
        "master/frameworks_disconnected": of(|one| !one.connected),
        "master/frameworks_inactive": of(|one| !one.active),
        "master/tasks_running": running as f64,
    })
}

fn framework(one: &Framework) -> Value {
    json!({
        "id": one.id.as_str(), "name": one.name, "hostname": one.hostname.clone().unwrap_or_default(),
        "webui_url": one.webui_url.clone().unwrap_or_default(), "active": one.active, "connected": one.connected,
        "recovered": false, "role": "*",
        "registered_time": one.registered_at.map_or(0.0, |at| at.as_millisecond() as f64 / 1000.0),
        "TASK_RUNNING": one.tasks_running, "TASK_STAGING": 0, "TASK_STARTING": 0, "TASK_FINISHED": 0, "TASK_KILLED": 0,
        "TASK_FAILED": 0, "TASK_LOST": 0, "TASK_ERROR": 0,
    })
}

fn slave(one: &Agent) -> Value {
    let attributes: HashMap<&str, &str> =
        one.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    json!({
        "id": one.id, "hostname": one.hostname, "port": 5051, "pid": format!("slave(1)@{}:5051", one.hostname),
        "active": one.active, "version": "1.6.1", "attributes": attributes, "TASK_RUNNING": one.tasks_running,
        "resources": {"cpus": 16.0, "mem": 65536.0, "disk": 512000.0, "gpus": 0.0, "ports": "[31000-32000]"},
    })
}

fn summary(seen: &MesosSeen) -> Value {
    let slaves: Vec<Value> = seen.agents.iter().map(slave).collect();
    let frameworks: Vec<Value> = seen.frameworks.iter().map(framework).collect();
    let hostname = seen.leader.rsplit_once(':').map_or(seen.leader.as_str(), |(host, _)| host);
    json!({"hostname": hostname, "cluster": seen.cluster, "slaves": slaves, "frameworks": frameworks})
}

/// `frameworkId=…`, as a form.
async fn teardown(app: &App, request: Request) -> Response {
    let Ok(body) = to_bytes(request.into_body(), MAX_REQUEST).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut fields = pairs(&String::from_utf8_lossy(&body)).into_iter();
    let Some(id) = fields.find(|(name, _)| name == "frameworkId").map(|(_, id)| FrameworkId::new(id)) else {
        return text(StatusCode::BAD_REQUEST, "Missing 'frameworkId' query parameter");
    };
    let (operation, subject) = (Operation::MesosTeardown, About::Framework(&id).subject());
    let act = async || {
        let done = app.world().act(operation, subject, |state| {
            state.aurora.mesos_seen()?;
            let now = state.now();
            match state.aurora.teardown(&id, now) {
                true => Ok(Done::changed(())),
                false => Err(Refusal::NotFound("No framework found with specified ID".to_owned())),
            }
        });
        match done {
            Ok(()) => StatusCode::OK.into_response(),
            Err(Refusal::NotFound(words)) => text(StatusCode::BAD_REQUEST, words),
            Err(_) => text(StatusCode::SERVICE_UNAVAILABLE, "No leader elected"),
        }
    };
    app.perform(operation, subject, None, unauthorized, act).await
}
