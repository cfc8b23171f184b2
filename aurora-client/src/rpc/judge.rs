//! What a reply means, and whether a call may be sent again.

use ops_client::http;
use ops_client::{Effect, Error, ErrorKind, Result};

use super::Reply;
use crate::wire::{self, Again, ApplicationException, Encoding, Message, MessageKind, Method, ReplyBody, ResponseCode};

/// Reads the reply to a call.
pub(super) fn read<M: Method>(reply: &http::Reply, server: &str, seq: i32) -> Result<Reply<wire::Response>> {
    reply.refuse_page()?;
    let broken = |what: String| reply.error(ErrorKind::Decode, Effect::Possible, "").with_message(what);
    let content_type = reply.header("content-type");
    let encoding = Encoding::of_content_type(content_type)
        .ok_or_else(|| broken("the reply is in no encoding of Thrift's".to_owned()))?;
    let message =
        Message::open(encoding, reply.bytes()).map_err(|error| broken(format!("the reply is no message: {error}")))?;
    if message.name != M::NAME || message.seq != seq {
        return Err(broken("the reply is to another call".to_owned()));
    }
    match message.kind {
        MessageKind::Reply => {}
        MessageKind::Exception => {
            let what: ApplicationException =
                message.body().map_err(|error| broken(format!("the reply cannot be read: {error}")))?;
            let words = what.message.unwrap_or_default();
            return Err(match what.kind {
                Some(1) => reply
                    .error(ErrorKind::Rejected, Effect::None, &words)
                    .with_message(format!("the scheduler knows no {}: it is too old", M::NAME)),
                Some(7) => reply
                    .error(ErrorKind::Rejected, Effect::None, &words)
                    .with_message("the scheduler cannot read the call"),
                _ => reply
                    .error(ErrorKind::Unavailable, Effect::Possible, &words)
                    .with_message("the scheduler failed within"),
            });
        }
        MessageKind::Call | MessageKind::Oneway => return Err(broken("the reply is no reply".to_owned())),
    }
    let body: ReplyBody = message.body().map_err(|error| broken(format!("the reply cannot be read: {error}")))?;
    let value = body.success.ok_or_else(|| broken("the reply is empty".to_owned()))?;
    let notes = notes(&value).map(|text| reply.scrub(text)).collect();
    Ok(Reply { value, notes, server: server.to_owned() })
}

/// What stands in the details. One may have no words: exceptions without text give that.
fn notes(response: &wire::Response) -> impl Iterator<Item = &str> {
    let details = response.details.iter().flatten();
    details.filter_map(|detail| detail.message.as_deref()).filter(|text| !text.is_empty())
}

/// Whether the scheduler's storage is not there yet: then nothing was executed.
pub(super) fn is_not_ready(response: &wire::Response) -> bool {
    response.response_code == Some(ResponseCode::ErrorTransient)
}

/// What the scheduler refused, as an error; the caller has looked that it is no success.
pub(super) fn refused(op: &'static str, reply: &Reply<wire::Response>, again: Again) -> Error {
    let (kind, effect, message) = match reply.value.response_code {
        Some(ResponseCode::InvalidRequest) => (ErrorKind::Rejected, Effect::None, "the scheduler does not take it"),
        Some(ResponseCode::AuthFailed) => (ErrorKind::Forbidden, Effect::None, "the credential lacks the right"),
        Some(ResponseCode::JobUpdatingError) => (ErrorKind::Conflict, Effect::None, "the job is being updated"),
        Some(ResponseCode::ErrorTransient) => {
            (ErrorKind::Unavailable, Effect::None, "the scheduler's storage is not ready")
        }
        Some(ResponseCode::Error) => (ErrorKind::Rejected, Effect::Possible, "the scheduler failed"),
        _ => (ErrorKind::Rejected, Effect::Possible, "the scheduler replied in a way that is not known here"),
    };
    let effect = if again == Again::Read { Effect::None } else { effect };
    let error = Error::new(op, kind, effect).with_message(message).with_target(format!("POST {}/api", reply.server));
    if reply.notes.is_empty() { error } else { error.with_words(reply.notes.join("; ")) }
}

/// Whether a reply is a success. Nothing in the scheduler sends a warning; one would be a success.
pub(super) fn is_well(response: &wire::Response) -> bool {
    matches!(response.response_code, Some(ResponseCode::Ok | ResponseCode::Warning))
}

/// A 503 comes from the filter before the scheduler: nobody leads, and nothing was executed.
pub(super) fn of_the_filter(error: Error) -> Error {
    if error.status() == Some(503) { error.with_effect(Effect::None) } else { error }
}

/// The table of what may be sent again.
pub(super) fn may_be_sent_again(again: Again, error: &Error) -> bool {
    let never_executed = error.effect() == Effect::None
        && (matches!(error.kind(), ErrorKind::Connect | ErrorKind::Unavailable) || error.status() == Some(503));
    if never_executed || error.kind() == ErrorKind::RateLimited {
        return true;
    }
    let unknown = matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable)
        || (error.kind() == ErrorKind::Decode && error.status() == Some(200));
    unknown && matches!(again, Again::Read | Again::Same)
}
