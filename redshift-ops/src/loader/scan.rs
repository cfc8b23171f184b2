//! A log, read as it comes: in any pieces, of any length.

use std::io::{ErrorKind, Read};

use jiff::Timestamp;
use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

use super::event::LoaderEvent;
use super::line::{self, LOG, Markers};

/// A longer line is passed over, and counted.
const LONGEST_LINE: usize = 64 << 10;
/// As much is read at once.
const PIECE: usize = 256 << 10;
/// By its first bytes is a log told from other files.
const BEGINNING: usize = 4 << 10;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What a log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Content {
    /// There is nothing in it.
    Empty,
    /// It is compressed: it has to be unpacked first.
    Gzip,
    /// It is no text.
    Binary,
    /// It is a text, and no line of it is one of the loader's that matter.
    Other,
    /// The loader's.
    Loader,
}

/// A line that should be one that matters, and could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Unread {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub why: String,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanReport {
    /// What it is.
    pub content: Content,
    /// How many lines.
    pub lines: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How many events were told.
    pub events: u64,
    /// In how many lines something is no UTF-8.
    pub broken: u64,
    /// How many lines were too long to be read.
    pub overlong: u64,
    /// How many lines should be ones that matter, and could not be read.
    pub unread: u64,
    /// The first of these.
    pub first_unread: Option<Unread>,
    /// When the first event was written.
    pub first: Option<Timestamp>,
    /// When the last line was written that tells a time.
    pub last: Option<Timestamp>,
}

/// Reads a log as it comes. It keeps a line at most, and never fails: what it cannot read it counts.
#[derive(Debug)]
pub struct Scanner {
    markers: Markers,
    finder: Finder<'static>,
    /// The beginning of a line whose end has not come.
    rest: Vec<u8>,
    /// Whether the line is too long already: then its end is waited for.
    skipping: bool,
    beginning: Vec<u8>,
    report: ScanReport,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::with_markers(Markers::default())
    }
}

impl Scanner {
    /// Of capivara's log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Of a log with other words.
    pub fn with_markers(markers: Markers) -> Self {
        let report = ScanReport {
            content: Content::Empty,
            lines: 0,
            bytes: 0,
            events: 0,
            broken: 0,
            overlong: 0,
            unread: 0,
            first_unread: None,
            first: None,
            last: None,
        };
        Self { markers, finder: Finder::new(LOG), rest: Vec::new(), skipping: false, beginning: Vec::new(), report }
    }

    /// Reads to the end.
    ///
    /// # Errors
    /// Where reading fails.
    pub fn scan(mut self, mut from: impl Read, mut tell: impl FnMut(LoaderEvent)) -> std::io::Result<ScanReport> {
        let mut piece = vec![0; PIECE];
        loop {
            match from.read(&mut piece) {
                Ok(0) => return Ok(self.finish(tell)),
                Ok(read) => self.feed(piece.get(..read).unwrap_or_default(), &mut tell),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes the next piece, and tells the events in it.
    pub fn feed(&mut self, piece: &[u8], mut tell: impl FnMut(LoaderEvent)) {
        self.report.bytes += piece.len() as u64;
        let room = BEGINNING.saturating_sub(self.beginning.len()).min(piece.len());
        self.beginning.extend_from_slice(piece.get(..room).unwrap_or_default());
        let mut piece = piece;
        if self.skipping || !self.rest.is_empty() {
            let end = memchr::memchr(b'\n', piece);
            let (line, after) = piece.split_at(end.map_or(piece.len(), |at| at + 1));
            piece = after;
            self.extend(line);
            if end.is_none() {
                return;
            }
            self.end_line(&mut tell);
        }
        let whole = memchr::memrchr(b'\n', piece).map_or(0, |at| at + 1);
        let (lines, rest) = piece.split_at(whole);
        self.lines(lines, &mut tell);
        self.extend(rest);
    }

    /// What was read so far. The last line may not have come to its end: it is read now.
    pub fn finish(mut self, mut tell: impl FnMut(LoaderEvent)) -> ScanReport {
        self.cut(&mut tell);
        self.report()
    }

    /// What was read so far, without a last line that has not come to its end.
    pub fn report(&self) -> ScanReport {
        let mut report = self.report.clone();
        report.content = match self.beginning.as_slice() {
            [] => Content::Empty,
            beginning if beginning.starts_with(&GZIP) => Content::Gzip,
            _ if report.events + report.unread > 0 => Content::Loader,
            beginning if beginning.contains(&0) => Content::Binary,
            _ => Content::Other,
        };
        report
    }

    /// How much room the scanner keeps for what has not come to its end, in bytes.
    pub fn capacity(&self) -> usize {
        self.rest.capacity() + self.beginning.capacity()
    }

    /// What comes next belongs to another file: a line whose end has not come gets none.
    pub(super) fn cut(&mut self, tell: &mut impl FnMut(LoaderEvent)) {
        if self.skipping || !self.rest.is_empty() {
            self.end_line(tell);
        }
    }

    /// More of a line whose end may not have come.
    fn extend(&mut self, part: &[u8]) {
        if self.skipping {
            return;
        }
        if self.rest.len() + part.strip_suffix(b"\n").unwrap_or(part).len() > LONGEST_LINE {
            self.skipping = true;
            self.rest.clear();
            return;
        }
        self.rest.extend_from_slice(part);
    }

    fn end_line(&mut self, tell: &mut impl FnMut(LoaderEvent)) {
        if std::mem::take(&mut self.skipping) {
            self.overlong();
            return;
        }
        let mut line = std::mem::take(&mut self.rest);
        self.read(&line, tell);
        // The room is kept for the next one.
        line.clear();
        self.rest = line;
    }

    fn overlong(&mut self) {
        self.report.lines += 1;
        self.report.overlong += 1;
    }

    /// Whole lines, of any length.
    fn lines(&mut self, lines: &[u8], tell: &mut impl FnMut(LoaderEvent)) {
        // A line that is too long leaves a stretch of half that length without an end: seldom must each line be measured.
        let ends = |stretch| memchr::memchr(b'\n', stretch).is_some();
        if lines.len() <= LONGEST_LINE || lines.chunks(LONGEST_LINE / 2).all(ends) {
            return self.read(lines, tell);
        }
        let (mut from, mut at) = (0, 0);
        for end in memchr::memchr_iter(b'\n', lines) {
            if end - at > LONGEST_LINE {
                self.read(lines.get(from..at).unwrap_or_default(), tell);
                self.overlong();
                from = end + 1;
            }
            at = end + 1;
        }
        self.read(lines.get(from..).unwrap_or_default(), tell);
    }

    /// Whole lines, none of them too long. Only where a mark stands is a line looked for.
    fn read(&mut self, lines: &[u8], tell: &mut impl FnMut(LoaderEvent)) {
        if lines.is_empty() {
            return;
        }
        let before = self.report.lines;
        let ends = memchr::memchr_iter(b'\n', lines).count() as u64;
        self.report.lines += ends + u64::from(!lines.ends_with(b"\n"));
        self.report.broken += broken_lines(lines);
        self.report.last = last_time(lines).or(self.report.last);
        let mut at = 0;
        while let Some(found) = lines.get(at..).and_then(|rest| self.finder.find(rest)) {
            let mark = at + found;
            at = mark + LOG.len();
            let after = lines.get(at..).unwrap_or_default();
            if !self.markers.begin(after) {
                continue;
            }
            let from = lines.get(..mark).and_then(|head| memchr::memrchr(b'\n', head)).map_or(0, |end| end + 1);
            // A line is read once, however many marks are in it.
            at += memchr::memchr(b'\n', after).unwrap_or(after.len());
            match line::read(lines.get(from..at).unwrap_or_default(), &self.markers) {
                Ok(None) => {}
                Ok(Some(event)) => {
                    self.report.events += 1;
                    self.report.first = self.report.first.or(event.at());
                    tell(event);
                }
                Err(why) => {
                    self.report.unread += 1;
                    if self.report.first_unread.is_none() {
                        let above = memchr::memchr_iter(b'\n', lines.get(..from).unwrap_or_default()).count() as u64;
                        self.report.first_unread = Some(Unread { line: before + above + 1, why: why.to_owned() });
                    }
                }
            }
        }
    }
}

/// When the last of these lines was written that tells it: those of a stack trace do not.
fn last_time(lines: &[u8]) -> Option<Timestamp> {
    let mut rest = lines;
    while !rest.is_empty() {
        let body = rest.strip_suffix(b"\n").unwrap_or(rest);
        let (above, line) = body.split_at(memchr::memrchr(b'\n', body).map_or(0, |at| at + 1));
        if let Some(time) = line::time(line) {
            return Some(time);
        }
        rest = above;
    }
    None
}

/// In how many lines something is no UTF-8.
fn broken_lines(lines: &[u8]) -> u64 {
    let mut broken = 0;
    let mut rest = lines;
    while let Err(error) = std::str::from_utf8(rest) {
        broken += 1;
        let wrong = rest.get(error.valid_up_to()..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'\n', wrong) else { break };
        rest = wrong.get(end + 1..).unwrap_or_default();
    }
    broken
}
