//! What a refusal of the warehouse means.

use crate::ErrorKind;

/// By SQLSTATE, where there is one: the first two characters are a class.
pub(super) fn by_state(state: &str, message: &str) -> ErrorKind {
    match state {
        "28000" | "28P01" => ErrorKind::Unauthenticated,
        "42501" => ErrorKind::Forbidden,
        "3D000" | "3F000" | "42P01" | "42704" | "42883" | "42703" => ErrorKind::NotFound,
        "53300" => ErrorKind::RateLimited,
        "57014" => ErrorKind::Timeout,
        _ => match state.get(..2) {
            Some("08" | "53" | "57") => ErrorKind::Unavailable,
            Some("25" | "40" | "55") => ErrorKind::Conflict,
            Some("22" | "42") => by_words(message).unwrap_or(ErrorKind::Invalid),
            _ => by_words(message).unwrap_or(ErrorKind::Rejected),
        },
    }
}

/// By its words, where they are all there is.
pub(super) fn by_words(message: &str) -> Option<ErrorKind> {
    let message = message.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if any(&["permission denied", "must be superuser", "must be a superuser", "must be a member", "not authorized"]) {
        return Some(ErrorKind::Forbidden);
    }
    if any(&["password authentication failed", "authentication failed"]) {
        return Some(ErrorKind::Unauthenticated);
    }
    if any(&["too many connections", "connection limit"]) {
        return Some(ErrorKind::RateLimited);
    }
    if any(&["not available", "terminating connection", "starting up", "shutting down"]) {
        return Some(ErrorKind::Unavailable);
    }
    if any(&["does not exist", "doesn't exist"]) {
        return Some(ErrorKind::NotFound);
    }
    None
}

/// What a person can do about it.
pub(super) fn remedy(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Unauthenticated => {
            Some("check the user and the password, or the right to redshift:GetClusterCredentials")
        }
        ErrorKind::Forbidden => {
            Some("a superuser may, or who has the role sys:operator (to end) or sys:monitor (to see)")
        }
        ErrorKind::RateLimited => Some("all connections are taken: a superuser still has some, over the wire"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_words_mean_the_same() {
        for (state, words, kind) in [
            ("42501", "permission denied for schema fact", ErrorKind::Forbidden),
            ("XX000", "must be superuser to terminate other server processes", ErrorKind::Forbidden),
            ("28P01", "password authentication failed for user \"x\"", ErrorKind::Unauthenticated),
            ("42P01", "relation \"meta.loads\" does not exist", ErrorKind::NotFound),
            ("57P01", "terminating connection due to administrator command", ErrorKind::Unavailable),
        ] {
            assert_eq!(by_state(state, words), kind, "{state}");
            assert_eq!(by_words(words), Some(kind), "{words}");
        }
        assert_eq!(by_state("22P02", "invalid input syntax for type uuid"), ErrorKind::Invalid);
        assert_eq!(by_words("something else"), None);
    }
}
