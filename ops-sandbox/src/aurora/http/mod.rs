//! Aurora's schedulers and the Mesos master, as they answer over HTTP.

mod api;
mod ask;
mod leader;
mod mesos;
mod shape;
mod who;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::cluster::Reach;
use crate::server::{App, Door, MAX_REQUEST};

/// One scheduler of the world: the place at which it stands there.
#[derive(Clone, Debug)]
pub(crate) struct At {
    app: App,
    scheduler: usize,
}

/// All that one scheduler answers.
pub(crate) fn scheduler(app: App, scheduler: usize) -> Router {
    let at = At { app, scheduler };
    Router::new().fallback(leader::serve).layer(DefaultBodyLimit::max(MAX_REQUEST)).with_state(at)
}

/// All that the Mesos master answers.
pub(crate) fn master(app: App) -> Router {
    Router::new().fallback(mesos::serve).layer(DefaultBodyLimit::max(MAX_REQUEST)).with_state(app)
}

/// Whether the port of a scheduler is open.
pub(crate) fn scheduler_door(app: &App, scheduler: usize) -> Door {
    match app.world().state().aurora.schedulers.get(scheduler).map(|one| one.reach) {
        Some(Reach::Well) => Door::Open,
        Some(Reach::Lost) => Door::Silent,
        Some(Reach::Refused) | None => Door::Closed,
    }
}

/// Whether the port of the Mesos master is open.
pub(crate) fn master_door(app: &App) -> Door {
    if app.world().state().aurora.mesos.up { Door::Open } else { Door::Closed }
}

fn text(status: StatusCode, body: impl Into<String>) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=ISO-8859-1")], body.into()).into_response()
}

fn html(status: StatusCode, title: &str) -> Response {
    let page =
        format!("<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n");
    (status, [(CONTENT_TYPE, "text/html;charset=utf-8")], page).into_response()
}
