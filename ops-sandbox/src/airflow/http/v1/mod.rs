//! API v1, as Airflow 2.11.2 speaks it.

mod change;
mod pages;
mod read;
mod shape;
mod wrong;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::super::Generation;
use super::ask::{Answer, Ask};
use super::login::User;
use super::route::Route;
use crate::server::App;
use crate::world::{self, Done};
use wrong::Wrong;

/// One call of API v1, or a step of the login.
pub(super) async fn serve(State(app): State<App>, request: Request) -> Response {
    let ask = match Ask::read(request).await {
        Ok(ask) => ask,
        Err(status) => return status.into_response(),
    };
    match ask.segments().as_slice() {
        ["login", ""] | ["login"] => pages::log_in(&app, &ask).await,
        // The health of the web pages, beside that of the API.
        ["health"] if ask.method == "GET" => answer(&app, &ask, &Route::Health).await,
        ["api", "v1", path @ ..] => match Route::parse(Generation::Two, &ask.method, path) {
            Some(route) => answer(&app, &ask, &route).await,
            None => Wrong::no_route().response(),
        },
        _ => pages::not_found(),
    }
}

async fn answer(app: &App, ask: &Ask, route: &Route) -> Response {
    let body = ask.object();
    let known = body.clone().unwrap_or_default();
    let (operation, subject) = (route.operation(Generation::Two, &known), route.subject(ask, &known));
    let user = if route.is_open() { Ok(User::Admin) } else { app.logins().by_session(&ask.headers) };
    let allowed = user.is_ok_and(|user| user == User::Admin || !route.needs_right());
    // Who is not known and who may not are answered alike (measured).
    let refused = (!allowed).then(expired);
    let user = user.unwrap_or(User::Viewer);
    let act = async || {
        let told = app.world().act(operation, subject, |state| told(state, ask, route, body, user));
        told.map_or_else(Wrong::response, |answer| answer.response(true))
    };
    app.perform(operation, subject, refused, expired, act).await
}

fn expired() -> Response {
    Wrong::forbidden().response()
}

fn told(
    state: &mut world::State,
    ask: &Ask,
    route: &Route,
    body: Option<Map<String, Value>>,
    user: User,
) -> Result<Done<Answer>, Wrong> {
    read::parameters(ask, route)?;
    if ask.method == "DELETE" && ask.headers.contains_key("content-type") {
        return Err(Wrong::page(400));
    }
    if ask.method == "GET" {
        return read::told(state, ask, route).map(Done::same);
    }
    let body = match body {
        None if ask.method != "DELETE" => return Err(Wrong::bad("Request body is not valid JSON")),
        body => body.unwrap_or_default(),
    };
    change::told(state, ask, route, &body, user)
}
