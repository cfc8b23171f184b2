//! What travels: the shapes of Metabase's JSON, and the way to our own words.

mod answer;
mod ask;
mod catalogue;

pub(crate) use answer::{answer, failure};
pub(crate) use ask::{dataset, question};
pub(crate) use catalogue::{Databases, MetadataIn, Properties, UserIn};

/// An answer that decodes but is not what it should be. It names the place and never quotes the server.
#[derive(Debug)]
pub(crate) struct Misfit(pub(crate) String);

impl Misfit {
    fn at(place: &str, why: &str) -> Self {
        Self(format!("the answer cannot be read at `{place}`: {why}"))
    }
}

type Fit<T> = std::result::Result<T, Misfit>;
