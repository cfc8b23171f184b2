//! Who calls a scheduler. Nothing of it is secret: it guards a sandbox.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Each has its name for a password: `admin`, `operator`, `viewer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    /// May do everything.
    Admin,
    /// May change jobs.
    Operator,
    /// May change nothing.
    Viewer,
}

impl User {
    /// Whom these headers name; none where they name nobody, or the password is wrong.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let given = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
        let pair = String::from_utf8(STANDARD.decode(given).ok()?).ok()?;
        let (name, password) = pair.split_once(':')?;
        let user = match name {
            "admin" => Self::Admin,
            "operator" => Self::Operator,
            "viewer" => Self::Viewer,
            _ => return None,
        };
        (name == password).then_some(user)
    }

    pub(super) fn may(self, admin: bool) -> bool {
        self == Self::Admin || self == Self::Operator && !admin
    }
}

/// Whoever is not known is asked who he is.
pub(super) fn challenge() -> Response {
    let page = "<html><head><title>Error 401 </title></head><body><h2>HTTP ERROR: 401</h2></body></html>\n";
    let headers =
        [(CONTENT_TYPE, "text/html;charset=ISO-8859-1"), (WWW_AUTHENTICATE, "BASIC realm=\"Apache Aurora Scheduler\"")];
    (StatusCode::UNAUTHORIZED, headers, page).into_response()
}
