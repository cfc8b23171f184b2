//! What travels. A message's words are read here, searched, and dropped.

mod page;
mod refusal;
mod words;

pub(crate) use page::{Page, page, refused, seconds};
pub(crate) use refusal::Refused;
