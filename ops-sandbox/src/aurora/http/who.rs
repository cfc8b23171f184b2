//! Who calls a scheduler. Nothing of it is secret: it guards a sandbox.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};

/// Whoever is not known is asked who he is.
pub(super) fn challenge() -> Response {
    let page = "<html><head><title>Error 401 </title></head><body><h2>HTTP ERROR: 401</h2></body></html>\n";
    let headers =
        [(CONTENT_TYPE, "text/html;charset=ISO-8859-1"), (WWW_AUTHENTICATE, "BASIC realm=\"Apache Aurora Scheduler\"")];
    (StatusCode::UNAUTHORIZED, headers, page).into_response()
}
