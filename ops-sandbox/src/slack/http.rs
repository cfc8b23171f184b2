//! Slack's Web API, as far as the client asks it.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use slack_client::{ChannelId, Window};

use super::spec::MessageSpec;
use super::state::{Asked, No, Pages};
use super::{About, TOKEN};
use crate::Operation;
use crate::server::App;
use crate::server::form::pairs;
use crate::world::{self, Done};

/// What a cursor says, before it is encoded.
const CURSOR: &str = "next_ts:";

/// All that lies below the root of Slack.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/auth.test", get(auth_test).post(auth_test))
        .route("/api/conversations.history", get(history))
        .fallback(async || no("unknown_method"))
}

fn told(body: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], body.to_string()).into_response()
}

/// Slack's refusals have status 200.
fn no(name: &str) -> Response {
    told(&json!({"ok": false, "error": name}))
}

fn expired() -> Response {
    no("token_expired")
}

fn refused(refusal: No) -> Response {
    let mut response = no(refusal.name());
    if let No::TooOften(wait) = refusal {
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        // A part of a second is a second to Slack.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Why who asks with this is not let in.
fn stranger(headers: &HeaderMap) -> Option<Response> {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    match given.map(|given| given.strip_prefix("Bearer ")) {
        None => Some(no("not_authed")),
        Some(Some(TOKEN)) => None,
        Some(_) => Some(no("invalid_auth")),
    }
}

async fn serve(
    app: &App,
    headers: &HeaderMap,
    operation: Operation,
    about: About,
    what: impl FnOnce(&mut world::State) -> Result<Value, No>,
) -> Response {
    let subject = about.subject();
    let act = async || match app.world().act(operation, subject, |state| what(state).map(Done::same)) {
        Ok(body) => told(&body),
        Err(refusal) => refused(refusal),
    };
    app.perform(operation, subject, stranger(headers), expired, act).await
}

async fn auth_test(State(app): State<App>, headers: HeaderMap) -> Response {
    let who = json!({"ok": true, "url": "https://example.slack.com/", "team": "Example", "team_id": "T1234567890",
        "user": "ops", "user_id": "U1234567890", "bot_id": "B1234567890"});
    serve(&app, &headers, Operation::SlackProbe, About::Everything, |_| Ok(who)).await
}

async fn history(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    let channel = channel(&query);
    let about = channel.as_ref().map_or(About::Everything, |id| About::Channel(id.clone()));
    let found = |state: &mut world::State| {
        let now = state.now();
        let asked = asked(&query, now)?;
        let page = state.slack.history(&channel.ok_or(No::Unknown)?, &asked, now)?;
        Ok(shape(&page))
    };
    serve(&app, &headers, Operation::SlackHistory, about, found).await
}

/// What is no channel's id is that of none.
fn channel(query: &str) -> Option<ChannelId> {
    pairs(query).into_iter().find(|(name, _)| name == "channel").and_then(|(_, id)| id.parse().ok())
}

fn asked(query: &str, now: Timestamp) -> Result<Asked, No> {
    let pairs = pairs(query);
    let one = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let time = |name, none, wrong| one(name).map_or(Ok(none), |ts| read(ts).ok_or(No::Wrong(wrong)));
    let mut from = time("oldest", Timestamp::UNIX_EPOCH, "invalid_ts_oldest")?;
    let mut to = time("latest", now, "invalid_ts_latest")?;
    if !matches!(one("inclusive"), Some("true" | "1")) {
        from = moved(from, 1);
        to = moved(to, -1);
    }
    let most = one("limit").unwrap_or("100").parse().ok().filter(|most| (1..=999).contains(most));
    let before = match one("cursor").filter(|cursor| !cursor.is_empty()) {
        None => None,
        Some(cursor) => Some(place(cursor).ok_or(No::Wrong("invalid_cursor"))?),
    };
    Ok(Asked { window: Window::new(from, to), before, most: most.ok_or(No::Wrong("invalid_limit"))? })
}

fn moved(at: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond().saturating_add(micros)).unwrap_or(at)
}

/// `1512085950.000216`; the part behind the point may be missing.
fn read(ts: &str) -> Option<Timestamp> {
    let (seconds, micros) = ts.split_once('.').unwrap_or((ts, "0"));
    let micros: i64 = format!("{micros:0<6}").parse().ok()?;
    Timestamp::from_microsecond(seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)?).ok()
}

fn written(at: Timestamp) -> String {
    let micros = at.as_microsecond();
    format!("{}.{:06}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000))
}

fn place(cursor: &str) -> Option<Timestamp> {
    let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    Timestamp::from_microsecond(text.strip_prefix(CURSOR)?.parse().ok()?).ok()
}

fn shape(page: &Pages) -> Value {
    let next = page.next.map_or(String::new(), |at| STANDARD.encode(format!("{CURSOR}{}", at.as_microsecond())));
    let messages: Vec<Value> = page.messages.iter().map(message).collect();
    json!({"ok": true, "messages": messages, "has_more": page.next.is_some(), "pin_count": 0,
        "response_metadata": {"next_cursor": next}})
}

fn message(message: &MessageSpec) -> Value {
    let mut told = json!({"type": "message", "ts": written(message.at), "text": message.text});
    if message.bot {
        (told["subtype"], told["bot_id"]) = (json!("bot_message"), json!("B1234567890"));
    } else {
        told["user"] = json!("U1234567890");
    }
    for (name, value) in [("attachments", &message.attachments), ("blocks", &message.blocks)] {
        if !value.is_null() {
            told[name] = value.clone();
        }
    }
    told
}
