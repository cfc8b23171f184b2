//! One line, read.

use jiff::Timestamp;

use super::edn::{self, Fault};
use super::event::{Killed, LoaderEvent, Progress, Statement};
use crate::statement::masked;

/// What stands before the word that says what a line is about.
pub(super) const LOG: &[u8] = b":log :";
/// What stands before a line's map.
const MAP: &[u8] = b" - {";
/// A time stands among so many words, and in so many bytes, at a line's beginning.
const WORDS: usize = 6;
const HEAD: usize = 160;

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

    /// Whether what stands after `:log :` begins with one of them.
    pub(super) fn begin(&self, after: &[u8]) -> bool {
        let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
        let is = |word: &String| {
            // Nearly every line has a mark, and most are told apart by the first letter.
            let word = word.as_bytes();
            after.first() == word.first()
                && after.strip_prefix(word).is_some_and(|rest| !rest.first().is_some_and(goes_on))
        };
        is(&self.progress) || is(&self.statement) || is(&self.killed)
    }
}

/// When a line was written.
pub(super) fn time(line: &[u8]) -> Option<Timestamp> {
    let head = line.get(..line.len().min(HEAD)).unwrap_or_default();
    let words = head.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).take(WORDS);
    let looks = |word: &&[u8]| word.len() >= 20 && word.first().is_some_and(u8::is_ascii_digit);
    words.filter(looks).find_map(|word| std::str::from_utf8(word).ok()?.parse().ok())
}

/// Reads a line in which a mark stands. `None` where its map has another `:log` or none, or it has no map: then the mark stands in
/// a text, or in a map within.
pub(super) fn read(line: &[u8], markers: &Markers) -> Result<Option<LoaderEvent>, Fault> {
    let named = memchr::memmem::find(line, MAP).and_then(|at| line.get(at + MAP.len() - 1..));
    let Some(map) = named.or_else(|| line.starts_with(b"{").then_some(line)) else { return Ok(None) };
    let mut told = Told::default();
    let whole = edn::entries(map, |key, value| told.keep(key, value));
    // Where it is broken before its own `:log`, nobody knows whether it matters: that is counted, too.
    let Some(log) = told.log else { return whole.map(|()| None) };
    let at = time(line);
    let event = if log == markers.progress.as_bytes() {
        told.progress(at).map(LoaderEvent::Progress)
    } else if log == markers.statement.as_bytes() {
        told.statement(at).map(LoaderEvent::Statement)
    } else if log == markers.killed.as_bytes() {
        told.killed(at).map(LoaderEvent::Killed)
    } else {
        return Ok(None);
    };
    whole.and(event).map(Some)
}

/// What a line's own map tells, in any order; as it stands there.
#[derive(Default)]
struct Told<'a> {
    log: Option<&'a [u8]>,
    wip: Option<&'a [u8]>,
    wip_count: Option<&'a [u8]>,
    done_count: Option<&'a [u8]>,
    info: Option<&'a [u8]>,
    statement: Option<&'a [u8]>,
    pid: Option<&'a [u8]>,
    user: Option<&'a [u8]>,
}

impl<'a> Told<'a> {
    fn keep(&mut self, key: &[u8], value: &'a [u8]) {
        match key {
            b":log" => self.log = value.strip_prefix(b":"),
            b":wip" => self.wip = Some(value),
            b":wip-count" => self.wip_count = Some(value),
            b":done-count" => self.done_count = Some(value),
            b":transaction-info" => self.info = Some(value),
            b":statement" => self.statement = Some(value),
            b":pid" => self.pid = Some(value),
            b":username" => self.user = Some(value),
            _ => {}
        }
    }

    fn progress(&self, at: Option<Timestamp>) -> Result<Progress, Fault> {
        let wip = edn::number(self.wip_count.ok_or("it has no :wip-count")?).ok_or(":wip-count is no number")?;
        let done = edn::number(self.done_count.ok_or("it has no :done-count")?).ok_or(":done-count is no number")?;
        let mut found = Progress {
            at,
            wip,
            wip_is_empty: self.wip.and_then(edn::is_empty).unwrap_or(false),
            done,
            ..Progress::default()
        };
        // A loader that has not begun has no transaction.
        if let Some(info) = self.info.filter(|info| *info != b"nil") {
            edn::entries(info, |key, value| match key {
                b":total-count" => found.total = edn::number(value),
                b":transaction-id" => found.transaction = edn::text(value).map(Into::into),
                b":target-date" => found.target_date = edn::text(value).map(Into::into),
                _ => {}
            })?;
        }
        Ok(found)
    }

    fn statement(&self, at: Option<Timestamp>) -> Result<Statement, Fault> {
        let value = self.statement.ok_or("it has no :statement")?;
        // The parameters that may follow the text are not read: they are data.
        let text = if value.starts_with(b"[") { edn::first(value) } else { Some(value) };
        let text = text.filter(|text| text.starts_with(b"\"")).and_then(edn::text).ok_or(":statement is no text")?;
        Ok(Statement { at, text: masked(&text).into_owned() })
    }

    fn killed(&self, at: Option<Timestamp>) -> Result<Killed, Fault> {
        let pid = edn::number(self.pid.ok_or("it has no :pid")?).ok_or(":pid is no number")?;
        Ok(Killed { at, pid, user: self.user.and_then(edn::text).map(Into::into) })
    }
}
