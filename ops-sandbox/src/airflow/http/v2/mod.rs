//! API v2, as Airflow 3.3.2 speaks it.

mod change;
mod read;
mod shape;
mod wrong;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, json};
use uuid::Uuid;

use super::super::Generation;
use super::ask::{Answer, Ask, json};
use super::login::{Stranger, User};
use super::route::Route;
use crate::Operation;
use crate::server::App;
use crate::world::{self, Done};
use wrong::Wrong;

/// One call of API v2, or a login.
pub(super) async fn serve(State(app): State<App>, request: Request) -> Response {
    let ask = match Ask::read(request).await {
        Ok(ask) => ask,
        Err(status) => return status.into_response(),
    };
    match ask.segments().as_slice() {
        ["auth", "token"] | ["auth", "token", "cli"] if ask.method == "POST" => log_in(&app, &ask).await,
        ["api", "v2", path @ ..] => match Route::parse(Generation::Three, &ask.method, path) {
            Some(route) => answer(&app, &ask, &route).await,
            None => no_route("API route not found"),
        },
        ["api", "v1", ..] => {
            no_route("/api/v1 has been removed in Airflow 3, please use its upgraded version /api/v2 instead.")
        }
        _ => no_route("Not Found"),
    }
}

fn no_route(why: &str) -> Response {
    json(StatusCode::NOT_FOUND, "application/json", &json!({"error": why}), false)
}

/// A user and a password for a token.
async fn log_in(app: &App, ask: &Ask) -> Response {
    let body = ask.object().unwrap_or_else(|| {
        let pairs = crate::server::form::pairs(&String::from_utf8_lossy(&ask.body));
        pairs.into_iter().map(|(name, value)| (name, value.into())).collect()
    });
    let act = async || {
        let field = |name: &str| body.get(name).and_then(serde_json::Value::as_str);
        let (Some(name), Some(password)) = (field("username"), field("password")) else {
            return Wrong::invalid("missing", &["body"], "Field required", json!(null)).response();
        };
        match app.logins().token(name, password) {
            Some(token) => Answer::Made(json!({"access_token": token})).response(false),
            None => not_accepted(),
        }
    };
    app.perform(Operation::AirflowLogin, Uuid::nil(), None, not_accepted, act).await
}

async fn answer(app: &App, ask: &Ask, route: &Route) -> Response {
    let body = ask.object();
    let known = body.clone().unwrap_or_default();
    let (operation, subject) = (route.operation(Generation::Three, &known), route.subject(ask, &known));
    let user = if route.is_open() { Ok(User::Admin) } else { app.logins().by_token(&ask.headers) };
    let refused = match user {
        Err(Stranger::Nobody) => Some(Wrong::new(401, "Not authenticated")),
        Err(Stranger::Expired) => Some(Wrong::new(401, "Token Expired")),
        Err(Stranger::Forged) => Some(Wrong::new(403, "Invalid JWT token")),
        Ok(User::Viewer) if route.needs_right() => Some(Wrong::new(403, "Forbidden")),
        Ok(_) => None,
    };
    let user = user.unwrap_or(User::Viewer);
    let act = async || {
        let told = app.world().act(operation, subject, |state| told(state, ask, route, body, user));
        told.map_or_else(Wrong::response, |answer| answer.response(false))
    };
    app.perform(operation, subject, refused.map(Wrong::response), expired, act).await
}

fn not_accepted() -> Response {
    Wrong::new(401, "Invalid credentials").response()
}

fn expired() -> Response {
    Wrong::new(401, "Token Expired").response()
}

fn told(
    state: &mut world::State,
    ask: &Ask,
    route: &Route,
    body: Option<Map<String, serde_json::Value>>,
    user: User,
) -> Result<Done<Answer>, Wrong> {
    if matches!(ask.method.as_str(), "GET" | "DELETE")
        && !matches!(route, Route::DeleteRun(_) | Route::DeleteVariable(_))
    {
        return read::told(state, ask, route).map(Done::same);
    }
    let needs_body = matches!(ask.method.as_str(), "POST" | "PATCH");
    let body = match body {
        None if needs_body => {
            return Err(Wrong::invalid("json_invalid", &["body"], "JSON decode error", json!({})));
        }
        body => body.unwrap_or_default(),
    };
    change::told(state, ask, route, &body, user)
}
