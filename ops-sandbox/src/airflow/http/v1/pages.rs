//! The web pages that a login needs.

use axum::http::header::{CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::super::ask::Ask;
use crate::Operation;
use crate::server::App;
use crate::server::form::pairs;

const HTML: &str = "text/html; charset=utf-8";

pub(super) fn not_found() -> Response {
    let page = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Airflow 404</title></head>\
                <body><h1>Airflow 404</h1><p>Page cannot be found.</p></body></html>\n";
    (StatusCode::NOT_FOUND, [(CONTENT_TYPE, HTML)], page).into_response()
}

/// The form, and what it sends: a session of its own, and where to go.
pub(super) async fn log_in(app: &App, ask: &Ask) -> Response {
    match ask.method.as_str() {
        "GET" => form(app),
        "POST" => {
            let act = async || submit(app, ask);
            app.perform(Operation::AirflowLogin, Uuid::nil(), None, not_accepted, act).await
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// The form again: the password is wrong.
fn not_accepted() -> Response {
    redirect("/login/?next=/home")
}

fn form(app: &App) -> Response {
    let (session, csrf) = app.logins().open_session();
    let page = format!(
        "<!DOCTYPE html>\n<html>\n  <head><title>Sign In - Airflow</title></head>\n  <body>\n    \
         <form action=\"\" method=\"post\" name=\"login\">\n      \
         <input id=\"csrf_token\" name=\"csrf_token\" type=\"hidden\" value=\"{csrf}\">\n      \
         <input id=\"username\" name=\"username\"><input id=\"password\" name=\"password\" type=\"password\">\n    \
         </form>\n  </body>\n</html>\n"
    );
    with_session(([(CONTENT_TYPE, HTML)], page).into_response(), &session)
}

fn submit(app: &App, ask: &Ask) -> Response {
    let sent = pairs(&String::from_utf8_lossy(&ask.body));
    match app.logins().submit(&ask.headers, &sent) {
        Ok(Some(session)) => with_session(redirect("/home"), &session),
        Ok(None) => not_accepted(),
        Err(()) => {
            let page = "<!doctype html>\n<html lang=en>\n<title>400 Bad Request</title>\n<h1>Bad Request</h1>\n\
                        <p>The CSRF token is missing.</p>\n";
            (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, HTML)], page).into_response()
        }
    }
}

fn redirect(to: &'static str) -> Response {
    let page = format!("<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<a href=\"{to}\">{to}</a>\n");
    (StatusCode::FOUND, [(CONTENT_TYPE, HTML), (LOCATION, to)], page).into_response()
}

fn with_session(mut response: Response, session: &str) -> Response {
    let cookie = format!("session={session}; HttpOnly; Path=/; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
