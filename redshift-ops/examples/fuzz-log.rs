//! Feeds the loader's scanner with broken logs: real ones that are changed, cut, and put together anew.
//!
//!     cargo run --release -p redshift-ops --no-default-features --example fuzz-log -- 300
//!
//! Each log is fed whole and in pieces, which must tell the same, and the scanner must keep little. A panic ends it, and prints
//! the log.

#![expect(clippy::print_stdout, reason = "a program for a terminal")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use redshift_ops::loader::{HangDetector, LoaderEvent, ScanReport, Scanner};
use redshift_ops::statement::masked;

/// A scanner keeps no more than a line and a beginning, and what its growing takes.
const KEPT: usize = 200_000;
/// What logs are made of: a change of a byte alone seldom leaves a line.
const WORDS: &[&[u8]] = &[
    b"\n",
    b"\r\n",
    b" - {",
    b":log :",
    b":log :progress-reporter",
    b":log :execute-statement, :statement [\"",
    b":log :killing-schema-query",
    b":wip {}",
    b":wip-count 0",
    b":done-count 24N",
    b":transaction-info {",
    b":transaction-info nil",
    b"{",
    b"}",
    b"[",
    b"]",
    b"(",
    b")",
    b"\"",
    b"\\",
    b"\\u00e9",
    b"\\ud83d",
    b"#{",
    b"#'",
    b"##NaN",
    b"#<",
    b"#inst \"",
    b"99999999999999999999",
    b"-1",
    b"2018-01-18T09:03:06.077Z ",
    b"9999-12-31T23:59:59.999999999Z ",
    b"DROP SCHEMA IF EXISTS ",
    b"ALTER SCHEMA a RENAME TO ",
    b"COMMIT;",
    b"ROLLBACK",
    b"PASSWORD '",
    b"secret_access_key=",
    b"$$",
    b"/*",
    b"--",
    b"\x00",
    b"\xc3\x28",
    b"\xc3\xa9",
    b"\xef\xbb\xbf",
    b"\x1f\x8b",
];

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

fn mutate(log: &mut Vec<u8>, others: &[Vec<u8>], chance: &mut Chance) {
    for _ in 0..=chance.below(5) {
        let at = chance.below(log.len() + 1);
        match chance.below(8) {
            0 => {
                if let Some(byte) = log.get_mut(at) {
                    *byte ^= 1 << chance.below(8);
                }
            }
            1 => log.truncate(at),
            2 => {
                let end = (at + chance.below(64)).min(log.len());
                log.drain(at..end);
            }
            3 | 4 => {
                let word = WORDS[chance.below(WORDS.len())];
                log.splice(at..at, word.iter().copied());
            }
            5 => {
                let other = &others[chance.below(others.len())];
                let from = chance.below(other.len());
                let to = (from + chance.below(512)).min(other.len());
                log.splice(at..at, other[from..to].iter().copied());
            }
            6 => {
                let end = (at + chance.below(256)).min(log.len());
                let again = log[at..end].to_vec();
                log.splice(at..at, again);
            }
            // Seldom a line of about the length at which it is too long.
            _ if chance.below(50) == 0 => {
                let byte = WORDS[chance.below(WORDS.len())][0];
                let length = (64 << 10) - 200 + chance.below(400);
                log.splice(at..at, std::iter::repeat_n(byte, length));
            }
            _ => {}
        }
    }
    log.truncate(256 << 10);
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (ScanReport, Vec<LoaderEvent>) {
    let (mut scanner, mut events) = (Scanner::new(), Vec::new());
    for piece in pieces {
        scanner.feed(piece, |event| events.push(event));
        assert!(scanner.capacity() <= KEPT, "it keeps {}", scanner.capacity());
    }
    let report = scanner.finish(|event| events.push(event));
    (report, events)
}

/// How a log ends: in words that differ where the scanner took another way.
fn check(log: &[u8], size: usize) -> String {
    let (report, events) = read(std::iter::once(log));
    let pieces = read(log.chunks(size));
    assert!(pieces.0 == report && pieces.1 == events, "in pieces of {size} it tells something else: {:?}", pieces.0);
    let ends = log.iter().filter(|byte| **byte == b'\n').count();
    let last = usize::from(!log.is_empty() && !log.ends_with(b"\n"));
    assert_eq!((report.bytes, report.lines), (log.len() as u64, (ends + last) as u64));
    let mut detector = HangDetector::new();
    events.iter().for_each(|event| detector.see(event));
    let seen = detector.seen(&report);
    assert!(!seen.to_string().is_empty());
    if let Ok(text) = std::str::from_utf8(log) {
        let _ = masked(text);
    }
    let why = report.first_unread.as_ref().map_or("", |unread| &unread.why);
    let some = |count: u64, word: &'static str| if count > 0 { word } else { "" };
    let (broken, overlong) = (some(report.broken, ", broken"), some(report.overlong, ", overlong"));
    format!("{:?}, {:?}{broken}{overlong} {why}", report.content, seen.verdict)
}

fn main() {
    let seconds: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10);
    let mut all =
        vec![include_bytes!("../tests/data/hung.log").to_vec(), include_bytes!("../tests/data/healthy.log").to_vec()];
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut ways: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let (begun, mut tried, mut bytes) = (Instant::now(), 0_u64, 0_u64);
    let mut slowest = Duration::ZERO;
    while begun.elapsed() < Duration::from_secs(seconds) {
        for _ in 0..100 {
            let mut log = all[chance.below(all.len())].clone();
            mutate(&mut log, &all, &mut chance);
            let most = [8, 200, 5_000, 100_000][chance.below(4)];
            let size = 1 + chance.below(most);
            let from = Instant::now();
            let came = std::panic::catch_unwind(|| check(&log, size));
            slowest = slowest.max(from.elapsed());
            let way = came.unwrap_or_else(|_| panic!("this log: {}", log.escape_ascii()));
            (tried, bytes) = (tried + 1, bytes + log.len() as u64);
            if ways.get(&way).is_none_or(|known| known.len() > log.len()) {
                // It is begun with from now on, too.
                if all.len() < 2_000 {
                    all.push(log.clone());
                }
                ways.insert(way, log);
            }
        }
    }
    println!(
        "{tried} logs, {} MB in {} s, the slowest {} ms; {} ways to end:",
        bytes / 1_000_000,
        begun.elapsed().as_secs(),
        slowest.as_millis(),
        ways.len()
    );
    for (way, log) in &ways {
        println!("  {way}: {} bytes", log.len());
    }
}
