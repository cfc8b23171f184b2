//! One line, read.

use jiff::Timestamp;

use super::edn::{self, Fault};
use super::event::{Killed, LoaderEvent, Progress, Statement};
use crate::statement::masked;

/// What stands before the word that says what a line is about.
pub(super) const LOG: &[u8] = b":log :";
/// What stands before a line's map.
const MAP: &[u8] = b" - {";
/// A time stands among so many words at a line's beginning.
const WORDS: usize = 6;

/// The words of the lines that matter. Those of capivara unless told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Markers {
    /// How far it is.
    pub progress: String,
    /// A statement begins.
    pub statement: String,
    /// A session is ended.
    pub killed: String,
}

impl Default for Markers {
    fn default() -> Self {
        let [progress, statement, killed] =
            ["progress-reporter", "execute-statement", "killing-schema-query"].map(str::to_owned);
        Self { progress, statement, killed }
    }
}

impl Markers {
    /// With these words.
    pub fn new(progress: impl Into<String>, statement: impl Into<String>, killed: impl Into<String>) -> Self {
        Self { progress: progress.into(), statement: statement.into(), killed: killed.into() }
    }

    /// What a line is about, by what stands after `:log :`.
    pub(super) fn about(&self, after: &[u8]) -> Option<(About, &[u8])> {
        let is = |word: &String| {
            after.strip_prefix(word.as_bytes()).is_some_and(|rest| {
                !rest
                    .first()
                    .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'))
            })
        };
        [(&self.progress, About::Progress), (&self.statement, About::Statement), (&self.killed, About::Killed)]
            .into_iter()
            .find_map(|(word, about)| is(word).then_some((about, word.as_bytes())))
    }
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Progress,
    Statement,
    Killed,
}

/// When a line was written.
pub(super) fn time(line: &[u8]) -> Option<Timestamp> {
    let words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).take(WORDS);
    let looks = |word: &&[u8]| word.len() >= 20 && word.first().is_some_and(u8::is_ascii_digit);
    words.filter(looks).find_map(|word| std::str::from_utf8(word).ok()?.parse().ok())
}

/// Reads a line whose mark, of this word, stands at this place. `None` where the mark is not its map's own `:log`: it may stand in
/// a text, or in a map within.
pub(super) fn read(line: &[u8], mark: usize, (about, word): (About, &[u8])) -> Result<Option<LoaderEvent>, Fault> {
    let head = line.get(..mark).unwrap_or_default();
    let map = memchr::memmem::find(head, MAP).map_or(0, |at| at + MAP.len() - 1);
    let map = line.get(map..).unwrap_or_default();
    let at = time(head);
    let mut own = false;
    let is_own = |key: &[u8], value: &[u8]| key == b":log" && value.strip_prefix(b":") == Some(word);
    let event = match about {
        About::Progress => progress(map, at, |key, value| own |= is_own(key, value)),
        About::Statement => statement(map, at, |key, value| own |= is_own(key, value)),
        About::Killed => killed(map, at, |key, value| own |= is_own(key, value)),
    };
    match event {
        Ok(event) => Ok(own.then_some(event)),
        // What is broken in a line that is about something else does not matter.
        Err(fault) => {
            if own {
                Err(fault)
            } else {
                Ok(None)
            }
        }
    }
}

fn progress(map: &[u8], at: Option<Timestamp>, mut each: impl FnMut(&[u8], &[u8])) -> Result<LoaderEvent, Fault> {
    let mut found = Progress { at, ..Progress::default() };
    let (mut wip, mut done) = (None, None);
    edn::entries(map, |key, value| {
        each(key, value);
        match key {
            b":wip" => found.wip_is_empty = edn::is_empty(value).unwrap_or(false),
            b":wip-count" => wip = Some(edn::number(value).ok_or(":wip-count is no number")?),
            b":done-count" => done = Some(edn::number(value).ok_or(":done-count is no number")?),
            b":transaction-info" => edn::entries(value, |key, value| {
                match key {
                    b":total-count" => found.total = edn::number(value),
                    b":transaction-id" => found.transaction = edn::text(value).map(Into::into),
                    b":target-date" => found.target_date = edn::text(value).map(Into::into),
                    _ => {}
                }
                Ok(())
            })?,
            _ => {}
        }
        Ok(())
    })?;
    found.wip = wip.ok_or("it has no :wip-count")?;
    found.done = done.ok_or("it has no :done-count")?;
    Ok(LoaderEvent::Progress(found))
}

fn statement(map: &[u8], at: Option<Timestamp>, mut each: impl FnMut(&[u8], &[u8])) -> Result<LoaderEvent, Fault> {
    let mut text = None;
    edn::entries(map, |key, value| {
        each(key, value);
        if key == b":statement" {
            text = edn::text(edn::first(value).unwrap_or(value)).map(|text| masked(&text).into_owned());
        }
        Ok(())
    })?;
    let text = text.ok_or("it has no :statement")?;
    Ok(LoaderEvent::Statement(Statement { at, text }))
}

fn killed(map: &[u8], at: Option<Timestamp>, mut each: impl FnMut(&[u8], &[u8])) -> Result<LoaderEvent, Fault> {
    let (mut pid, mut user) = (None, None);
    edn::entries(map, |key, value| {
        each(key, value);
        match key {
            b":pid" => pid = Some(edn::number(value).ok_or(":pid is no number")?),
            b":username" => user = edn::text(value).map(Into::into),
            _ => {}
        }
        Ok(())
    })?;
    Ok(LoaderEvent::Killed(Killed { at, pid: pid.ok_or("it has no :pid")?, user }))
}
