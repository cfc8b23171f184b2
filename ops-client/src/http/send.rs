//! Sending: one attempt, and the loop around it.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Request, Response};
use tokio::time::{Instant, sleep, timeout};
use tracing::field::Empty;
use tracing::{Instrument, Span, debug, debug_span, warn};

use super::retry::may_resend;
use super::{CallRecord, Endpoint, Idempotency, Reply, judge};
use crate::{Effect, Error, ErrorKind, Result};

/// How much of a refusal is read, in bytes: enough for its words.
const MAX_REFUSAL: usize = 64 << 10;

/// A call that is right and ready.
pub(super) struct Prepared {
    pub(super) endpoint: Endpoint,
    pub(super) op: &'static str,
    pub(super) template: &'static str,
    pub(super) idempotency: Idempotency,
    pub(super) target: String,
    pub(super) request: Request,
    pub(super) timeout: Duration,
    pub(super) max_body: usize,
    /// A status besides 200 to 299 that is an answer and no failure.
    pub(super) accepted: Option<u16>,
    /// Whether the body is left unread.
    pub(super) open: bool,
}

/// A reply, and its body where that was left unread.
pub(super) struct Delivered {
    pub(super) reply: Reply,
    pub(super) open: Option<Response>,
}

/// An answer that is no failure.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    open: Option<Response>,
}

/// Sends the call, again where that is allowed, and tells span and observer how it went.
pub(super) async fn deliver(call: Prepared) -> Result<Delivered> {
    let span = debug_span!(
        "call",
        op = call.op,
        environment = call.endpoint.environment().as_str(),
        method = call.request.method().as_str(),
        template = call.template,
        status = Empty,
        attempts = Empty,
        elapsed_ms = Empty,
    );
    let begun = Instant::now();
    async {
        let mut attempts = 0;
        let result = persist(&call, begun, &mut attempts).await;
        let elapsed = begun.elapsed();
        tell(&call, &result, attempts, elapsed);
        match result {
            Ok(Answer { status, headers, body, open }) => {
                let Prepared { endpoint, op, target, idempotency, .. } = call;
                let reply = Reply { endpoint, op, target, idempotency, status, headers, body, attempts, elapsed };
                Ok(Delivered { reply, open })
            }
            Err(error) => Err(error.with_target(call.target).with_attempts(attempts).with_elapsed(elapsed)),
        }
    }
    .instrument(span)
    .await
}

/// The loop. Its error carries the worst effect over all attempts.
async fn persist(call: &Prepared, begun: Instant, attempts: &mut u32) -> Result<Answer> {
    let credential = call.endpoint.credential();
    let policy = call.endpoint.retry();
    let mut pauses = policy.pauses();
    let mut renewed = false;
    let mut worst = Effect::None;
    loop {
        let authorization =
            credential.authorization(call.op, call.timeout).await.map_err(|error| error.with_effect(worst))?;
        *attempts += 1;
        let error = match attempt(call, authorization.header).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if call.idempotency != Idempotency::Read {
            worst = worst.max(error.effect());
        }
        if !renewed && credential.has_ended(&error) {
            renewed = true;
            match credential.renew(call.op, authorization.generation, call.timeout).await {
                Ok(()) => continue,
                Err(failed) if error.status() == Some(401) => return Err(failed.with_status(401).with_effect(worst)),
                // It may as well be a right that is missing: then what the server said is worth more.
                Err(_) => return Err(error.with_effect(worst)),
            }
        }
        let pause = may_resend(call.idempotency, &error).then(|| pauses.next()).flatten();
        let pause = pause.map(|pause| pause.max(error.retry_after().unwrap_or_default()));
        // Where the wait would be longer than we have, the caller should know now.
        let pause = pause.filter(|pause| begun.elapsed().saturating_add(*pause) <= policy.total);
        let Some(pause) = pause else { return Err(error.with_effect(worst)) };
        debug!(attempt = *attempts, kind = %error.kind(), status = error.status(), pause_ms = millis(pause), "again");
        sleep(pause).await;
    }
}

/// One attempt. Its error carries the effect of a write.
async fn attempt(call: &Prepared, authorization: Option<(HeaderName, HeaderValue)>) -> Result<Answer> {
    let mut request = call
        .request
        .try_clone()
        .ok_or_else(|| Error::new(call.op, ErrorKind::Other, Effect::None).with_message("the body cannot be copied"))?;
    if let Some((name, value)) = authorization {
        request.headers_mut().insert(name, value);
    }
    timeout(call.timeout, exchange(call, request)).await.unwrap_or_else(|_| {
        let message = format!("no whole answer within {:.1} s", call.timeout.as_secs_f64());
        Err(Error::new(call.op, ErrorKind::Timeout, Effect::Possible).with_message(message))
    })
}

async fn exchange(call: &Prepared, request: Request) -> Result<Answer> {
    let mut response =
        call.endpoint.client().execute(request).await.map_err(|error| judge::unanswered(call.op, error))?;
    let status = response.status();
    let announced = response.content_length();
    let headers = std::mem::take(response.headers_mut());
    if !status.is_success() && call.accepted != Some(status.as_u16()) {
        // The status says enough: whether its words come whole does not matter.
        let (Body::Whole(body) | Body::TooLarge(body) | Body::Broken(body, _)) =
            read(&mut response, None, call.max_body.min(MAX_REFUSAL)).await;
        let url = call.request.url();
        return Err(judge::refused(call.op, call.endpoint.credential(), url, status.as_u16(), &headers, &body));
    }
    let failed = |kind, effect| {
        let error = Error::new(call.op, kind, effect).with_status(status.as_u16());
        match judge::request_id(&headers) {
            Some(id) => error.with_request_id(call.endpoint.credential().scrub(&id)),
            None => error,
        }
    };
    if call.open {
        return Ok(Answer { status: status.as_u16(), headers, body: Vec::new(), open: Some(response) });
    }
    match read(&mut response, announced, call.max_body).await {
        Body::Whole(body) => Ok(Answer { status: status.as_u16(), headers, body, open: None }),
        Body::TooLarge(_) => Err(failed(ErrorKind::Decode, Effect::Certain)
            .with_message(format!("the answer is larger than the limit of {} bytes", call.max_body))),
        Body::Broken(body, error) => Err(failed(ErrorKind::Unavailable, Effect::Possible)
            .with_message(format!("the answer broke off after {} bytes", body.len()))
            .with_source(error.without_url())),
    }
}

enum Body {
    Whole(Vec<u8>),
    /// What was read before the limit; never more than the limit.
    TooLarge(Vec<u8>),
    Broken(Vec<u8>, reqwest::Error),
}

/// Reads at most `max` bytes. A length that is announced is believed only when it is too large.
async fn read(response: &mut Response, announced: Option<u64>, max: usize) -> Body {
    let announced = announced.map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
    if announced > max {
        return Body::TooLarge(Vec::new());
    }
    let mut body = Vec::with_capacity(announced);
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if chunk.len() > max - body.len() => {
                body.extend_from_slice(&chunk[..max - body.len()]);
                return Body::TooLarge(body);
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Body::Whole(body),
            Err(error) => return Body::Broken(body, error),
        }
    }
}

fn tell(call: &Prepared, result: &Result<Answer>, attempts: u32, elapsed: Duration) {
    let status = match result {
        Ok(answer) => Some(answer.status),
        Err(error) => error.status(),
    };
    let span = Span::current();
    if let Some(status) = status {
        span.record("status", status);
    }
    span.record("attempts", attempts);
    span.record("elapsed_ms", millis(elapsed));
    match result {
        Ok(_) => debug!("answered"),
        Err(error) => warn!(op = call.op, kind = %error.kind(), effect = ?error.effect(), status, attempts, "failed"),
    }
    if let Some(observer) = call.endpoint.observer() {
        observer.on_call(&CallRecord {
            environment: call.endpoint.environment().clone(),
            op: call.op,
            method: method_name(&call.request),
            template: call.template,
            status,
            attempts,
            elapsed,
            failure: result.as_ref().err().map(|error| (error.kind(), error.effect())),
        });
    }
}

fn method_name(request: &Request) -> &'static str {
    match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        _ => "DELETE",
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
