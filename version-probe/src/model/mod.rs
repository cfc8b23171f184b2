//! Where a service answers, what one answer says, and what many say together.

mod address;
mod answer;
mod prefix;
mod sample;

pub use address::{AddressTemplate, ServiceAddress};
pub use answer::Answer;
pub use prefix::VersionPrefix;
pub use sample::{Count, Sample};

/// Why a text is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    what: &'static str,
    why: String,
}

impl ParseError {
    fn new(what: &'static str, why: impl Into<String>) -> Self {
        Self { what, why: why.into() }
    }
}

impl std::fmt::Display for ParseError {
    /// The text itself is not repeated: an address may hold a password by mistake.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "this is no {}: {}", self.what, self.why)
    }
}

impl std::error::Error for ParseError {}
