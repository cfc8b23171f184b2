//! What travels: the shapes of the workspace's JSON, and the way to our own words.

mod commands;
mod files;
mod jobs;
mod other;
mod problem;
mod sql;

pub(crate) use commands::{CommandIn, ContextIn, Created};
pub(crate) use files::{DbfsEntry, DbfsList, Directory, FileHeaders};
pub(crate) use jobs::{OutputIn, RunIn, Submitted, submission};
pub(crate) use other::{Clusters, MeIn, Object};
pub(crate) use problem::{explain, says_token_ended};
pub(crate) use sql::{Chunk, StatementIn, question};

use jiff::Timestamp;

/// An answer that decodes but is not what it should be. It names the place and never quotes the server.
#[derive(Debug)]
pub(crate) struct Misfit(pub(crate) String);

impl Misfit {
    fn at(place: &str, why: &str) -> Self {
        Self(format!("the answer cannot be read at `{place}`: {why}"))
    }
}

pub(crate) type Fit<T> = std::result::Result<T, Misfit>;

/// An id, a path.
fn parsed<T: std::str::FromStr>(place: &str, text: &str) -> Fit<T> {
    text.parse().map_err(|_| Misfit::at(place, "it is not what belongs there"))
}

/// A text that says something.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// A time; 0 is none.
fn instant(milliseconds: Option<i64>) -> Option<Timestamp> {
    milliseconds.filter(|at| *at > 0).and_then(|at| Timestamp::from_millisecond(at).ok())
}
