//! Who calls. Nothing of it is secret: it guards a sandbox.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Each has its name for a password, and `go_` and its name for a token.
const USERS: [&str; 2] = ["admin", "viewer"];

/// Whether anybody must say who they are.
#[derive(Debug, Default)]
pub(crate) struct Logins {
    required: AtomicBool,
}

impl Logins {
    /// From now on only who is known is answered.
    pub(crate) fn require(&self) {
        self.required.store(true, Ordering::Relaxed);
    }

    pub(super) fn admits(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let known = USERS.iter().any(|user| {
            given == Some(&format!("Bearer go_{user}"))
                || given == Some(&format!("Basic {}", STANDARD.encode(format!("{user}:{user}"))))
        });
        // Also where nobody is asked, a wrong login is none.
        known || given.is_none() && !self.required.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_let_in() {
        let logins = Logins::default();
        let admits = |given: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, given.parse().unwrap());
            logins.admits(&headers)
        };
        assert!(logins.admits(&HeaderMap::new()));
        assert!(!admits("Bearer x"));
        logins.require();
        assert!(!logins.admits(&HeaderMap::new()));
        assert!(admits("Bearer go_viewer") && admits("Basic YWRtaW46YWRtaW4="));
        assert!(!admits("Bearer viewer") && !admits("Basic YWRtaW46eA=="));
    }
}
