//! What a failure of the SDK means. It cannot be a `From`: neither type is ours.

mod answer;
mod code;
mod words;

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use hyper_util::client::legacy::Error as ClientError;

use crate::{Effect, Error, ErrorKind};

/// What is known of a service's refusals, beyond what all services have in common: by its code and message.
pub type Known = fn(code: &str, message: &str) -> Option<ErrorKind>;

/// A failure of one attempt, with what it may have done if it was a write.
///
/// | | kind | effect |
/// |---|---|---|
/// | it could not be put together | `Invalid` | none |
/// | there is no credential | `Unauthenticated` | none |
/// | no connection | `Connect` | none |
/// | no answer in time | `Timeout` | possible |
/// | the connection broke | `Unavailable` | possible |
/// | an answer that is not one of AWS | by its status, otherwise `Decode` | none if 4xx |
/// | a refusal | by `known`, by its code, by its status | none if 4xx or throttled |
pub fn told<E>(op: &'static str, error: SdkError<E, HttpResponse>, known: Known) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    match &error {
        SdkError::ServiceError(refusal) => answer::refused(op, refusal.err().meta(), refusal.raw(), known),
        SdkError::ResponseError(answer) => answer::unreadable(op, answer.raw()),
        SdkError::TimeoutError(_) => Error::new(op, ErrorKind::Timeout, Effect::Possible),
        SdkError::DispatchFailure(failure) => not_answered(op, failure, &error),
        _ if find::<CredentialsError>(&error).is_some() => no_credential(op, &error),
        _ => Error::invalid(op, "the call could not be put together").with_words(words::chain(&error)),
    }
}

/// What looks like success, and has no id of AWS.
pub(crate) fn nameless(op: &'static str) -> Error {
    answer::foreign(Error::new(op, ErrorKind::Decode, Effect::Possible), "the answer is not one of AWS")
}

/// What was not answered, and perhaps not sent.
fn not_answered(op: &'static str, failure: &DispatchFailure, error: &(dyn StdError + 'static)) -> Error {
    if find::<CredentialsError>(error).is_some() {
        return no_credential(op, error);
    }
    if failure.is_user() {
        return Error::invalid(op, "the call could not be put together").with_words(words::chain(error));
    }
    if find::<ClientError>(error).is_some_and(ClientError::is_connect) {
        let chain = words::chain(error);
        let remedy = if chain.to_lowercase().contains("certificate") {
            "check the address, and which certificates this machine trusts"
        } else {
            "check the region, the address and the VPN"
        };
        let failed = Error::new(op, ErrorKind::Connect, Effect::None).with_message("no connection");
        return failed.with_words(chain).with_remedy(remedy);
    }
    if failure.is_timeout() {
        return Error::new(op, ErrorKind::Timeout, Effect::Possible);
    }
    Error::new(op, ErrorKind::Unavailable, Effect::Possible)
        .with_message("the connection broke before the answer came")
        .with_words(words::chain(error))
}

fn no_credential(op: &'static str, error: &(dyn StdError + 'static)) -> Error {
    Error::new(op, ErrorKind::Unauthenticated, Effect::None)
        .with_message("no credential was found, or it could not be renewed")
        .with_words(words::chain(error))
        .with_remedy("log in, or name a profile")
}

/// The failure of this type among those below.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    below(error).find_map(|error| error.downcast_ref())
}

/// An error, and those below it.
fn below<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| (*error).source())
}
