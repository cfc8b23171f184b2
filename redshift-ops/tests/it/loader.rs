//! The loader's log: what is read of it, and when it hangs.

use std::io::Write as _;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use redshift_ops::loader::{
    Content, Follow, HangDetector, LoaderEvent, LoaderSeen, Markers, ScanReport, Scanner, Verdict,
};

/// A log as the runbook shows it.
const HUNG: &str = include_str!("../data/hung.log");
/// The same, but the swap goes on after two reports.
const HEALTHY: &str = include_str!("../data/healthy.log");
const TRANSACTION: &str = "556b5e98-60a1-5743-ad2e-da82d4798170";

fn read(log: impl AsRef<[u8]>) -> (LoaderSeen, ScanReport) {
    let mut detector = HangDetector::new();
    let report = Scanner::new().scan(log.as_ref(), |event| detector.see(&event)).unwrap();
    (detector.seen(&report), report)
}

fn verdict(log: &str) -> Verdict {
    read(log).0.verdict
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A report; the first argument is the minute, in which it is written at half past.
fn report(minute: u32, wip: u32, done: u32) -> String {
    let map = if wip == 0 { "{}".to_owned() } else { "{:a \":wip-count 0\"}".to_owned() };
    format!(
        "2018-01-18T09:{minute:02}:30.000Z [CAPIVARA:async-dispatch-1] INFO capivara.components.progress - {{:line 20, \
         :log :progress-reporter, :wip {map}, :done-count {done}, :wip-count {wip}, :transaction-info {{:total-count 24, \
         :transaction-id \"{TRANSACTION}\", :target-date \"2018-01-18\"}}}}\n"
    )
}

fn statement(minute: u32, text: &str) -> String {
    format!(
        "2018-01-18T09:{minute:02}:00.000Z [CAPIVARA:main] INFO capivara.components.redshift - {{:line 91, :log \
         :execute-statement, :statement [\"{text}\"]}}\n"
    )
}

#[test]
fn the_log_of_the_runbook_hangs() {
    let (seen, report) = read(HUNG);
    assert_eq!(seen.verdict, Verdict::Hung);
    assert_eq!(seen.transaction.as_deref(), Some(TRANSACTION));
    assert_eq!(seen.target_date.as_deref(), Some("2018-01-18"));
    assert_eq!(seen.since, Some(at("2018-01-18T09:03:01.133Z")));
    assert_eq!(seen.statement.as_deref(), Some("DROP SCHEMA IF EXISTS dimension CASCADE"));
    assert_eq!((seen.done, seen.total, seen.reports), (24, Some(24), 3));
    assert_eq!((seen.killed[0].pid, seen.killed[0].user.as_deref()), (19_805, Some("ada")));
    assert_eq!(seen.last, Some(at("2018-01-18T09:04:06.078Z")));
    assert_eq!((report.content, report.lines, report.events, report.unread), (Content::Loader, 6, 6, 0));
    assert_eq!(
        seen.to_string(),
        "the loader hangs since 2018-01-18T09:03:01Z, after «DROP SCHEMA IF EXISTS dimension CASCADE»; 24 of 24 tables \
         loaded, nothing in work, reported 3 times"
    );
}

#[test]
fn two_reports_are_no_hang_and_neither_is_a_swap_that_goes_on() {
    let two: String = HUNG.lines().take(5).map(|line| format!("{line}\n")).collect();
    assert_eq!(verdict(&two), Verdict::Moving);
    let (seen, _) = read(HEALTHY);
    assert_eq!((seen.verdict, seen.statement.as_deref()), (Verdict::Finished, Some("COMMIT")));
    // Cut off anywhere, it never looks as if it hung.
    for lines in 0..HEALTHY.lines().count() {
        let log: String = HEALTHY.lines().take(lines).map(|line| format!("{line}\n")).collect();
        assert_ne!(verdict(&log), Verdict::Hung, "{lines} lines");
    }
}

#[test]
fn loads_that_are_well_are_never_called_hung() {
    let drop = statement(1, "DROP SCHEMA IF EXISTS fact CASCADE");
    let idle: String = (2..6).map(|minute| report(minute, 0, 24)).collect();
    // All is loaded, and the swap has not begun.
    assert_eq!(verdict(&idle), Verdict::Moving);
    // A last statement that is not of the swap: something long runs.
    assert_eq!(verdict(&(statement(1, "VACUUM fact.bills") + &idle)), Verdict::Moving);
    // A drop of the load before, and a load that goes on: tables in work, or not all done.
    let slow: String = (2..9).map(|minute| report(minute, 3, 7)).collect();
    assert_eq!(verdict(&(drop.clone() + &slow)), Verdict::Moving);
    let waiting: String = (2..9).map(|minute| report(minute, 0, 23)).collect();
    assert_eq!(verdict(&(drop.clone() + &waiting)), Verdict::Moving);
    // Reports of another transaction are about another load.
    let other = idle.replace(TRANSACTION, "11111111-60a1-5743-ad2e-da82d4798170");
    assert_eq!(verdict(&(report(0, 0, 24) + &drop + &other)), Verdict::Moving);
    // The swap went through; the loader goes on reporting.
    let through = drop.clone() + &statement(2, "ALTER SCHEMA temporary_fact RENAME TO fact") + &statement(2, "COMMIT");
    assert_eq!(verdict(&(through + &idle)), Verdict::Finished);
    let logged = drop.clone()
        + &statement(2, "ALTER SCHEMA temporary_fact RENAME TO fact")
        + &statement(2, "INSERT INTO meta.loads VALUES (1)");
    assert_eq!(verdict(&(logged + &idle)), Verdict::Finished);
    // The rename can hang, too.
    let renaming = drop.clone() + &statement(2, "ALTER SCHEMA temporary_fact RENAME TO fact");
    assert_eq!(verdict(&(renaming + &idle)), Verdict::Hung);
    // And so can the drop of a second load after a first one that was well.
    let second = drop.clone() + &statement(1, "COMMIT") + &report(2, 4, 3) + &drop + &idle;
    assert_eq!(verdict(&second), Verdict::Hung);
}

#[test]
fn an_old_log_is_history() {
    let (seen, _) = read(HUNG);
    assert!(!seen.is_history(at("2018-01-18T09:05:30Z")));
    assert!(seen.is_history(at("2018-01-18T09:06:30Z")));
    // Lines that do not matter tell the time, too; those of a stack trace do not.
    let later = format!("{HUNG}2018-01-18T09:09:00.000Z [CAPIVARA:main] INFO x - {{:log :other}}\n\tat x.y(z.clj:1)\n");
    assert!(!read(&later).0.is_history(at("2018-01-18T09:10:00Z") + SignedDuration::from_secs(30)));
}

#[test]
fn keys_come_in_any_order_and_a_mark_in_a_text_is_none() {
    let line = "2018-01-18T09:00:00Z [A:b] INFO n - {:transaction-info {:target-date \"2018-01-18\" :transaction-id #uuid \
                \"556b5e98-60a1-5743-ad2e-da82d4798170\", :total-count 1}, :wip-count 0 :wip {} :x #{1 [2]}, :done-count 1N, \
                :log :progress-reporter}\n";
    let (seen, report) = read(line);
    assert_eq!((seen.transaction.as_deref(), seen.total, report.unread), (Some(TRANSACTION), Some(1), 0));
    for quoted in [
        "2018-01-18T09:00:00Z [A:b] INFO n - {:log :echo, :text \"{:log :progress-reporter}\"}\n",
        "2018-01-18T09:00:00Z [A:b] INFO n - {:log :echo, :map {:log :progress-reporter}}\n",
        "2018-01-18T09:00:00Z [A:b] INFO n - {:log :progress-reporter-started}\n",
    ] {
        assert_eq!(read(quoted).1.events + read(quoted).1.unread, 0, "{quoted}");
    }
    let other = Markers::new("reporter", "sql", "kill");
    let log = HUNG.replace("progress-reporter", "reporter").replace("execute-statement", "sql");
    let mut detector = HangDetector::new();
    Scanner::with_markers(other).scan(log.as_bytes(), |event| detector.see(&event)).unwrap();
    assert_eq!(detector.verdict(), Verdict::Hung);
}

#[test]
fn passwords_in_statements_are_not_kept() {
    let (seen, _) = read(statement(1, "COPY t FROM 's3://b' CREDENTIALS 'aws_secret_access_key=planted'"));
    assert_eq!(seen.statement.as_deref(), Some("COPY t FROM 's3://b' CREDENTIALS '***'"));
}

#[test]
fn what_is_no_log_is_told() {
    for (bytes, content) in [
        (&b""[..], Content::Empty),
        (&b"\x1f\x8b\x08\x00\x00"[..], Content::Gzip),
        (&b"\x7fELF\x02\x00\x00"[..], Content::Binary),
        (&b"2018-01-18T09:00:00Z [A:b] INFO nothing of it\n"[..], Content::Other),
    ] {
        let (seen, report) = read(bytes);
        assert_eq!((report.content, seen.verdict), (content, Verdict::Nothing));
    }
}

#[test]
fn what_cannot_be_read_is_counted() {
    let mut log = b"a line\n\xff\xfe broken \xff\nfine \xc3\xa9\n".to_vec();
    log.extend_from_slice(b"2018-01-18T09:00:00Z [A:b] INFO n - {:log :progress-reporter, :wip-count x}\n");
    log.extend_from_slice(b"2018-01-18T09:00:00Z [A:b] INFO n - {:log :execute-statement, :stat");
    let (_, report) = read(&log);
    assert_eq!((report.lines, report.broken, report.unread, report.events), (5, 1, 2, 0));
    let first = report.first_unread.unwrap();
    assert_eq!((first.line, first.why.as_str()), (4, ":wip-count is no number"));
}

#[test]
fn a_line_without_end_takes_no_memory() {
    let mut scanner = Scanner::new();
    let piece = vec![b'a'; 1 << 20];
    for _ in 0..200 {
        scanner.feed(&piece, |_| {});
    }
    // What it holds is private; its text shows it.
    assert!(format!("{scanner:?}").len() < 100_000);
    scanner.feed(b"\n", |_| {});
    let mut events = 0;
    scanner.feed(HUNG.as_bytes(), |_| events += 1);
    let report = scanner.finish(|_| {});
    assert_eq!((report.lines, report.overlong, events), (7, 1, 6));
}

#[test]
fn a_log_that_grows_is_followed_through_rotation_and_truncation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capivara.log");
    let lines: Vec<&str> = HUNG.split_inclusive('\n').collect();
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(lines[0].as_bytes()).unwrap();
    let (mut follow, mut scanner, mut detector) = (Follow::open(&path).unwrap(), Scanner::new(), HangDetector::new());
    let mut read = |follow: &mut Follow| follow.read_new(&mut scanner, |event| detector.see(&event)).unwrap();
    assert_eq!(read(&mut follow), lines[0].len() as u64);
    assert_eq!(read(&mut follow), 0);
    // Half a line, and its rest.
    let (head, tail) = lines[1].split_at(40);
    file.write_all(head.as_bytes()).unwrap();
    read(&mut follow);
    file.write_all(tail.as_bytes()).unwrap();
    read(&mut follow);
    // Another file takes its place; what the old one got last is read, too.
    file.write_all(lines[2].as_bytes()).unwrap();
    std::fs::rename(&path, folder.path().join("capivara.log.1")).unwrap();
    assert_eq!(read(&mut follow), lines[2].len() as u64);
    std::fs::write(&path, [lines[3], lines[4]].concat()).unwrap();
    assert_eq!(read(&mut follow), (lines[3].len() + lines[4].len()) as u64);
    // It is cut off and written again.
    std::fs::write(&path, lines[5]).unwrap();
    assert_eq!(read(&mut follow), lines[5].len() as u64);
    assert_eq!(detector.verdict(), Verdict::Hung);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn pieces_do_not_matter(cuts in proptest::collection::vec(0..HUNG.len(), 0..12)) {
        let mut cuts = cuts;
        cuts.sort_unstable();
        let (mut scanner, mut events, mut from) = (Scanner::new(), Vec::new(), 0);
        for cut in cuts.into_iter().chain([HUNG.len()]) {
            scanner.feed(&HUNG.as_bytes()[from..cut], |event| events.push(event));
            from = cut;
        }
        let report = scanner.finish(|event| events.push(event));
        let mut whole: Vec<LoaderEvent> = Vec::new();
        let wanted = Scanner::new().scan(HUNG.as_bytes(), |event| whole.push(event)).unwrap();
        prop_assert_eq!(report, wanted);
        prop_assert_eq!(events, whole);
    }

    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..2000), size in 1..64_usize) {
        let mut scanner = Scanner::new();
        bytes.chunks(size).for_each(|piece| scanner.feed(piece, |_| {}));
        scanner.finish(|_| {});
    }

    #[test]
    fn a_log_with_a_wrong_byte_is_taken(at in 0..HUNG.len(), byte in any::<u8>()) {
        let mut log = HUNG.as_bytes().to_vec();
        log[at] = byte;
        read(&log);
    }
}
