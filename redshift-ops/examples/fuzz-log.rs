//! Feeds the reader of the loader's log with broken logs: those of the tests that are changed, cut, and put together anew.
//!
//!     cargo run --release -p redshift-ops --no-default-features --example fuzz-log -- 600
//!
//! A log says the same in whatever pieces it comes, its lines are those that a plain reading counts, and what is kept of a log
//! that never ends stays small. A panic ends it, and prints the log.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for a terminal")]

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use redshift_ops::loader::{HangDetector, LoaderEvent, LoaderSeen, ScanReport, Scanner, Verdict};
use redshift_ops::statement::masked;

const LOGS: [&[u8]; 2] = [include_bytes!("../tests/data/hung.log"), include_bytes!("../tests/data/healthy.log")];

/// The words of which logs are made: a change of a byte alone seldom leaves a line that matters.
const WORDS: &[&[u8]] = &[
    b"\n",
    b"\r\n",
    b" ",
    b"{",
    b"}",
    b"[",
    b"]",
    b"#{",
    b"#uuid ",
    b"\"",
    b"\\",
    b"\\\"",
    b", ",
    b" - {",
    b":log :",
    b":log :progress-reporter",
    b":log :execute-statement, :statement [\"DROP SCHEMA x\"]",
    b":statement [\"COMMIT\"]",
    b":statement [\"ALTER SCHEMA temporary_x RENAME TO x\"]",
    b":wip {}",
    b":wip-count 0",
    b":done-count 24N",
    b":pid 99999999999999999999",
    b"nil",
    b"-1",
    b"2018-01-18T09:03:06.077Z ",
    b"2018-01-18T09:03:06.077+99:99 ",
    b"password 'x'",
    b"secret_access_key=",
    b"$$",
    b"/*",
    b"--",
    b"\\u00e9",
    b"#'",
    b"##NaN",
    b"#<",
    b"\tat x.y(z.clj:1)\n",
    b"\xc3\xa9",
    b"\xc3\x28",
    b"\xff",
    b"\x00",
    b"\x1f\x8b",
];
/// A line may be so long, and is tried around it.
const LONGEST_LINE: usize = 64 << 10;
/// No log is longer.
const LONGEST_LOG: usize = 200 << 10;
/// What is kept of a log that never ends, as it shows itself: four characters a byte.
const KEPT: usize = 4 << 20;

/// Numbers that look like chance, and are the same every time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { usize::try_from(self.next() % end as u64).unwrap_or(0) }
    }
}

fn mutate(log: &mut Vec<u8>, chance: &mut Chance) {
    for _ in 0..=chance.below(6) {
        let at = chance.below(log.len() + 1);
        match chance.below(8) {
            0 => {
                if let Some(byte) = log.get_mut(at) {
                    *byte ^= 1 << chance.below(8);
                }
            }
            1 => {
                if let Some(byte) = log.get_mut(at) {
                    *byte = chance.next().to_le_bytes()[0];
                }
            }
            2 => log.truncate(at),
            3 => {
                let end = (at + chance.below(64)).min(log.len());
                log.drain(at..end);
            }
            4 | 5 => {
                let word = WORDS[chance.below(WORDS.len())];
                log.splice(at..at, word.iter().copied());
            }
            6 => {
                let other = LOGS[chance.below(LOGS.len())];
                let from = chance.below(other.len());
                let to = (from + chance.below(600)).min(other.len());
                log.splice(at..at, other[from..to].iter().copied());
            }
            // Seldom, for it takes long: a word so often that the line, or the log, is too long.
            _ if chance.below(40) == 0 => {
                let word = WORDS[chance.below(WORDS.len())];
                let times = match chance.below(3) {
                    0 => (LONGEST_LINE + 8 - chance.below(16)) / word.len(),
                    1 => chance.below(2 * LONGEST_LINE) / word.len(),
                    _ => chance.below(200),
                };
                log.splice(at..at, word.repeat(times));
            }
            _ => {}
        }
    }
    log.truncate(LONGEST_LOG);
}

/// What is said of a log.
type Said = (ScanReport, LoaderSeen, Vec<LoaderEvent>);

fn said(report: ScanReport, events: Vec<LoaderEvent>) -> Said {
    let mut detector = HangDetector::new();
    events.iter().for_each(|event| detector.see(event));
    (report.clone(), detector.seen(&report), events)
}

fn whole(log: &[u8]) -> Said {
    let mut events = Vec::new();
    let report = Scanner::new().scan(log, |event| events.push(event)).unwrap();
    said(report, events)
}

fn in_pieces(log: &[u8], chance: &mut Chance) -> Said {
    let most = [3, 100, 1000, 1 << 20][chance.below(4)].max(log.len() / 2000);
    let (mut scanner, mut events, mut rest) = (Scanner::new(), Vec::new(), log);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + chance.below(most.min(rest.len())));
        scanner.feed(piece, |event| events.push(event));
        rest = after;
    }
    let report = scanner.finish(|event| events.push(event));
    said(report, events)
}

/// What a plain reading counts: lines, those that are too long, and those of the others with something that is no UTF-8.
fn plain(log: &[u8]) -> [u64; 3] {
    let mut counted = [0; 3];
    for line in log.split_inclusive(|byte| *byte == b'\n') {
        counted[0] += 1;
        if line.strip_suffix(b"\n").unwrap_or(line).len() > LONGEST_LINE {
            counted[1] += 1;
        } else if std::str::from_utf8(line).is_err() {
            counted[2] += 1;
        }
    }
    counted
}

/// Reads a log in all ways; what is said of it.
fn read(log: &[u8], chance: &mut Chance) -> Said {
    let whole = whole(log);
    assert_eq!(in_pieces(log, chance), whole, "pieces do not matter");
    let report = &whole.0;
    assert_eq!([report.lines, report.overlong, report.broken], plain(log), "lines are as they are");
    assert_eq!((report.bytes, report.events), (log.len() as u64, whole.2.len() as u64), "all was read, and told");
    // A whole log as the text of a statement: nothing is cut within a letter.
    let _ = masked(&String::from_utf8_lossy(log));
    whole
}

fn main() {
    let seconds: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10);
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let (mut endless, mut detector) = (Scanner::new(), HangDetector::new());
    let (begun, mut tried, mut bytes, mut kept) = (Instant::now(), 0_u64, 0_u64, 0);
    let (mut events, mut unread, mut overlong, mut hung) = (0, 0, 0, 0_u64);
    while begun.elapsed() < Duration::from_secs(seconds) {
        for _ in 0..1000 {
            let mut log = LOGS[chance.below(LOGS.len())].to_vec();
            mutate(&mut log, &mut chance);
            let came = std::panic::catch_unwind(AssertUnwindSafe(|| read(&log, &mut chance)));
            let (report, seen, _) = came.unwrap_or_else(|_| panic!("this log: {}", log.escape_ascii()));
            // All of them are one log, too.
            endless.feed(&log, |event| detector.see(&event));
            tried += 1;
            bytes += report.bytes;
            events += report.events;
            unread += report.unread;
            overlong += report.overlong;
            hung += u64::from(seen.verdict == Verdict::Hung);
        }
        kept = kept.max(format!("{endless:?} {detector:?}").len());
        assert!(kept < KEPT, "what is kept of a log without end is small: {kept}");
    }
    println!(
        "{tried} logs, {} MB, in {} s: {events} events, {unread} lines that could not be read, {overlong} too long, {hung} logs \
         that hang; of one without end {kept} characters were kept",
        bytes / 1_000_000,
        begun.elapsed().as_secs()
    );
}
