//! A page of a channel's history, and what `auth.test` answers.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::error::Category;

use super::words::Words;
use crate::find::starts_a_run;
use crate::{Author, Finder, Mention};

/// The longest cursor that is sent back.
const MAX_CURSOR: usize = 4 << 10;
const MICROS: i128 = 1_000_000;

/// What a page told, without its words.
pub(crate) struct Page {
    pub(crate) found: Vec<Mention>,
    pub(crate) messages: u32,
    pub(crate) next: Option<String>,
    pub(crate) more: bool,
}

#[derive(Deserialize)]
struct PageIn {
    messages: Vec<MessageIn>,
    #[serde(default)]
    has_more: bool,
    response_metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct MessageIn {
    ts: String,
    subtype: Option<String>,
    bot_id: Option<String>,
    user: Option<String>,
    #[serde(default)]
    text: Words,
    #[serde(default)]
    attachments: Words,
    #[serde(default)]
    blocks: Words,
}

/// Whether it went well. Slack says so in the body: the status is 200 in any case.
#[derive(Deserialize)]
struct Said<'a> {
    ok: bool,
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
}

/// The name of the error that Slack tells; nothing where it went well.
pub(crate) fn refused(body: &[u8]) -> Result<Option<String>, String> {
    let said: Said<'_> = serde_json::from_slice(body).map_err(|error| misfit(body, &error))?;
    Ok((!said.ok).then(|| said.error.unwrap_or_default().into_owned()))
}

/// A page of history.
pub(crate) fn page(body: &[u8], finder: &Finder) -> Result<Page, String> {
    let page: PageIn = serde_json::from_slice(body).map_err(|error| misfit(body, &error))?;
    let mut found = Vec::new();
    for (at, message) in page.messages.iter().enumerate() {
        let written = written(&message.ts).ok_or_else(|| format!("`messages[{at}].ts` is no time of a message"))?;
        message.tell(written, finder, &mut found);
    }
    let next = page.response_metadata.and_then(|data| data.next_cursor).filter(|cursor| !cursor.is_empty());
    if next.as_ref().is_some_and(|cursor| cursor.len() > MAX_CURSOR) {
        return Err(format!("`response_metadata.next_cursor` is longer than {MAX_CURSOR} bytes"));
    }
    let messages = u32::try_from(page.messages.len()).unwrap_or(u32::MAX);
    Ok(Page { found, messages, more: page.has_more || next.is_some(), next })
}

impl MessageIn {
    fn tell(&self, at: Timestamp, finder: &Finder, found: &mut Vec<Mention>) {
        let texts = [&self.text, &self.attachments, &self.blocks].map(Words::as_str);
        let by = match (&self.bot_id, &self.user, self.subtype.as_deref()) {
            (Some(_), ..) | (.., Some("bot_message")) => Author::Bot,
            (None, Some(_), _) => Author::Person,
            _ => Author::Unknown,
        };
        let starts = texts.into_iter().any(starts_a_run);
        let first = found.len();
        for transaction in texts.into_iter().flat_map(|text| finder.transactions(text)) {
            // Blocks say again what the text says.
            if found[first..].iter().all(|mention| mention.transaction != transaction) {
                let mention = Mention::new(transaction, at).by(by);
                found.push(if starts { mention.starting() } else { mention });
            }
        }
    }
}

/// Where it does not fit, without a word of what is there: serde would quote it.
fn misfit(body: &[u8], error: &serde_json::Error) -> String {
    if body.trim_ascii_start().first() == Some(&b'<') {
        return "the answer is an HTML page".to_owned();
    }
    let what = match error.classify() {
        Category::Eof => "it ends too early",
        Category::Data => "it has another shape",
        _ => "it is no JSON",
    };
    format!("the answer cannot be read at line {}, column {}: {what}", error.line(), error.column())
}

/// The time of a message: `1512085950.000216`, seconds and microseconds.
fn written(ts: &str) -> Option<Timestamp> {
    let (seconds, micros) = ts.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds) || !digits(micros) || micros.len() != 6 {
        return None;
    }
    Timestamp::new(seconds.parse().ok()?, micros.parse::<i32>().ok()?.checked_mul(1_000)?).ok()
}

/// An instant as Slack writes it.
pub(crate) fn seconds(at: Timestamp) -> String {
    let micros = i128::from(at.as_microsecond());
    format!("{}.{:06}", micros.div_euclid(MICROS), micros.rem_euclid(MICROS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_there_and_back() {
        let at = written("1512085950.000216").unwrap();
        assert_eq!(
            (at.to_string().as_str(), seconds(at).as_str()),
            ("2017-11-30T23:52:30.000216Z", "1512085950.000216")
        );
        for wrong in
            ["", "1512085950", "1512085950.", "-1.000000", "1.5", "1.0000000", "99999999999999.000000", "+1.000000"]
        {
            assert_eq!(written(wrong), None, "{wrong}");
        }
    }
}
