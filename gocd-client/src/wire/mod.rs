//! What travels: the shapes of GoCD's JSON, and the way to our own words.

mod history;
mod status;

pub(crate) use history::Page;
pub(crate) use status::{StatusIn, Version};

/// An answer that decodes but is not what it should be. It names the place and never quotes the server.
#[derive(Debug)]
pub(crate) struct Misfit(pub(crate) String);

impl Misfit {
    fn at(place: &str, why: &str) -> Self {
        Self(format!("the answer cannot be read at `{place}`: {why}"))
    }
}

type Fit<T> = std::result::Result<T, Misfit>;

/// A text that says something.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}
