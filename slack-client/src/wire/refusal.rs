//! What Slack's names of errors mean.

use ops_client::ErrorKind;

/// Longer than any name that Slack gives.
const LONGEST: usize = 48;

/// A refusal: what it is, in our words, and what to do about it.
pub(crate) struct Refused {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    pub(crate) remedy: Option<&'static str>,
}

impl Refused {
    /// By the name that Slack gives it.
    pub(crate) fn named(name: &str) -> Self {
        let (kind, remedy) = meaning(name);
        // A name is small letters: anything else may be somebody's words.
        let sound = !name.is_empty()
            && name.len() <= LONGEST
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let message = if sound { format!("Slack says {name}") } else { "Slack says no, and not why".to_owned() };
        Self { kind, message, remedy }
    }
}

fn meaning(name: &str) -> (ErrorKind, Option<&'static str>) {
    match name {
        "channel_not_found" => (
            ErrorKind::NotFound,
            Some("check the channel's id; a private channel is there only for who is in it: /invite the bot there"),
        ),
        "not_in_channel" => (ErrorKind::Forbidden, Some("invite the bot: write /invite and its name in the channel")),
        "missing_scope" => (
            ErrorKind::Forbidden,
            Some(
                "give the app the scope channels:history, or groups:history for a private channel, and install it again",
            ),
        ),
        "not_authed" => (ErrorKind::Unauthenticated, Some("no token was given: give that of the app's bot (xoxb-…)")),
        "invalid_auth" | "account_inactive" | "not_allowed_token_type" => {
            (ErrorKind::Unauthenticated, Some("the token was not accepted: take that of the app's bot (xoxb-…)"))
        }
        "token_expired" | "token_revoked" => (ErrorKind::Unauthenticated, Some("the token has ended: get a new one")),
        "access_denied" | "no_permission" | "ekm_access_denied" | "team_access_not_granted" | "org_login_required" => {
            (ErrorKind::Forbidden, Some("ask who administers the workspace to let the app read there"))
        }
        "ratelimited" | "rate_limited" => (
            ErrorKind::RateLimited,
            Some("wait a minute; an app that is not of Slack's Marketplace may read one page a minute"),
        ),
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => (ErrorKind::Unavailable, None),
        "invalid_cursor" | "invalid_limit" | "invalid_ts_latest" | "invalid_ts_oldest" | "invalid_arguments" => {
            (ErrorKind::Invalid, None)
        }
        _ => (ErrorKind::Rejected, None),
    }
}
