use ops_client::{Effect, Error, ErrorKind};

use crate::Operation;

/// Why a system says no, in its own words. Each way in (memory, REST, GraphQL) tells it as the real one would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotFound(String),
    Conflict(String),
    Invalid(String),
    Forbidden(String),
    Unauthenticated(String),
    /// Too often.
    Throttled(String),
    /// Understood, and refused for a reason of its own.
    Rejected(String),
    /// Nobody there who could do it at this moment.
    Unavailable(String),
    /// No way there, or nobody behind the port.
    Unreachable(String),
}

impl Refusal {
    pub(crate) fn words(&self) -> &str {
        match self {
            Self::NotFound(words)
            | Self::Conflict(words)
            | Self::Invalid(words)
            | Self::Forbidden(words)
            | Self::Unauthenticated(words)
            | Self::Throttled(words)
            | Self::Rejected(words)
            | Self::Unavailable(words)
            | Self::Unreachable(words) => words,
        }
    }

    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::NotFound(_) => 404,
            Self::Conflict(_) => 409,
            Self::Invalid(_) => 400,
            Self::Forbidden(_) => 403,
            Self::Unauthenticated(_) => 401,
            Self::Throttled(_) => 429,
            Self::Rejected(_) => 400,
            Self::Unavailable(_) | Self::Unreachable(_) => 503,
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Conflict(_) => ErrorKind::Conflict,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Forbidden(_) => ErrorKind::Forbidden,
            Self::Unauthenticated(_) => ErrorKind::Unauthenticated,
            Self::Throttled(_) => ErrorKind::RateLimited,
            Self::Rejected(_) => ErrorKind::Rejected,
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Unreachable(_) => ErrorKind::Connect,
        }
    }

    /// What a test is told that changes the world directly.
    pub(crate) fn directly(&self) -> Error {
        Error::new("sandbox.world", self.kind(), Effect::None).with_message(self.words().to_owned())
    }

    /// What a client reports of a system whose statuses say nothing: its words, and that nothing happened.
    pub(crate) fn told(&self, operation: Operation) -> Error {
        Error::new(operation.name(), self.kind(), Effect::None).with_words(self.words())
    }

    /// What a client of the REST routes reports.
    pub(crate) fn over_rest(&self, operation: Operation) -> Error {
        Error::new(operation.name(), self.kind(), Effect::None).with_status(self.status()).with_words(self.words())
    }

    /// What a GraphQL client reports of a mutation: every refusal comes as 200 with `errors`, and says nothing for certain.
    pub(crate) fn over_mutation(&self, operation: Operation) -> Error {
        Error::new(operation.name(), ErrorKind::Rejected, Effect::Possible).with_status(200).with_words(self.words())
    }

    /// What a GraphQL client reports of a query: what is not there is `null`.
    pub(crate) fn over_query(&self, operation: Operation) -> Error {
        let kind = if matches!(self, Self::NotFound(_)) { ErrorKind::NotFound } else { ErrorKind::Rejected };
        Error::new(operation.name(), kind, Effect::None).with_status(200).with_message(self.words().to_owned())
    }
}
