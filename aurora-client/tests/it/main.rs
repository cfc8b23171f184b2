//! What the client sends, what it makes of answers, and what of broken ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod failures;
mod redirects;
mod requests;
mod support;
mod wire;
