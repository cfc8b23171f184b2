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
fn what_was_seen_can_be_kept() {
    let (seen, _) = read(HUNG);
    let text = serde_json::to_string(&seen).unwrap();
    assert!(text.contains("\"verdict\":\"hung\""));
    assert_eq!(serde_json::from_str::<LoaderSeen>(&text).unwrap(), seen);
}

#[test]
fn what_only_looks_like_a_hang_is_none() {
    let drop = statement(1, "DROP SCHEMA IF EXISTS fact CASCADE");
    let idle: String = (2..6).map(|minute| report(minute, 0, 24)).collect();
    let rename = statement(2, "ALTER SCHEMA temporary_fact RENAME TO fact");
    // Every line twice: two reports are two reports.
    let twice = report(2, 0, 24).repeat(2) + &report(3, 0, 24).repeat(2);
    assert_eq!(verdict(&(drop.clone() + &twice)), Verdict::Moving);
    // Nothing to load, or nobody knows how much, or for which transaction.
    for (what, instead) in [
        (":total-count 24", ":total-count 0"),
        (":total-count 24", ":total nil"),
        (":wip {}", ":wipe {}"),
        (":transaction-id", ":id"),
    ] {
        assert_eq!(verdict(&(drop.clone() + &idle.replace(what, instead))), Verdict::Moving, "{instead}");
    }
    // What was rolled back was not swapped; it does not hang either.
    let back = drop.clone() + &rename + &statement(2, "ROLLBACK");
    assert_eq!(verdict(&(back + &idle)), Verdict::Moving);
    // Temporary schemas are dropped before they are made: that is not the swap's drop.
    let made = statement(1, "DROP SCHEMA IF EXISTS temporary_fact CASCADE") + &drop + &rename;
    assert_eq!(verdict(&(made + &statement(3, "GRANT USAGE ON SCHEMA fact TO metabase"))), Verdict::Finished);
}

#[test]
fn several_parts_of_a_swap_in_one_statement_are_one_swap() {
    let idle: String = (2..6).map(|minute| report(minute, 0, 24)).collect();
    let all = statement(
        1,
        "DROP SCHEMA fact, dimension CASCADE; ALTER SCHEMA new_fact RENAME TO fact; ALTER SCHEMA new_dimension RENAME TO \
         dimension; COMMIT",
    );
    // The line is written before it runs.
    assert_eq!(verdict(&(all.clone() + &idle)), Verdict::Hung);
    assert_eq!(verdict(&(all + &statement(2, "ANALYZE"))), Verdict::Finished);
    let half = statement(1, "DROP SCHEMA fact, dimension CASCADE; ALTER SCHEMA new_fact RENAME TO fact");
    assert_eq!(verdict(&(half + &statement(2, "SELECT 'a; COMMIT'"))), Verdict::Moving);
}

#[test]
fn a_log_that_goes_on_without_reports_tells_that_the_swap_is_over() {
    let swap = report(0, 0, 24)
        + &statement(1, "DROP SCHEMA IF EXISTS fact CASCADE")
        + &statement(2, "ALTER SCHEMA temporary_fact RENAME TO fact");
    let line =
        |minute: u32| format!("2018-01-18T09:{minute:02}:01.000Z [CAPIVARA:main] INFO x - {{:log :in-message}}\n");
    assert_eq!(verdict(&swap), Verdict::Moving);
    assert_eq!(verdict(&(swap.clone() + &line(3))), Verdict::Moving);
    assert_eq!(verdict(&(swap.clone() + &line(3) + &line(4))), Verdict::Finished);
    // A swap that is not whole says nothing by its silence.
    let half = swap.replace("RENAME TO fact", "RENAME TO dimension");
    assert_eq!(verdict(&(half + &line(3) + &line(9))), Verdict::Moving);
}

#[test]
fn an_old_log_is_history() {
    let (seen, _) = read(HUNG);
    assert!(!seen.is_history(at("2018-01-18T09:05:30Z")));
    assert!(seen.is_history(at("2018-01-18T09:06:30Z")));
    // Lines that do not matter tell the time, too; those of a stack trace do not.
    let later = format!("{HUNG}2018-01-18T09:09:00.000Z [CAPIVARA:main] INFO x - {{:log :other}}\n\tat x.y(z.clj:1)\n");
    assert!(!read(&later).0.is_history(at("2018-01-18T09:10:00Z") + SignedDuration::from_secs(30)));
    // However long that is.
    let trace = format!("{later}{}", "\tat x.y(z.clj:1)\n".repeat(500));
    assert_eq!(read(&trace).0.last, Some(at("2018-01-18T09:09:00Z")));
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
fn what_cannot_be_read_is_counted_wherever_its_fault_is() {
    let head = "2018-01-18T09:00:00Z [A:b] INFO n - ";
    for (map, why) in [
        ("{:wip-count x, :done-count 1, :log :progress-reporter}", ":wip-count is no number"),
        ("{:log :progress-reporter, :wip {}, :done-count 1}", "it has no :wip-count"),
        ("{:pid \"1\", :log :killing-schema-query}", ":pid is no number"),
        ("{:statement [], :log :execute-statement}", ":statement is no text"),
        ("{:a ], :log :execute-statement, :statement [\"x\"]}", "it closes what is not open"),
    ] {
        let (_, report) = read(format!("{head}{map}\n"));
        assert_eq!((report.events, report.unread), (0, 1), "{map}");
        assert_eq!(report.first_unread.unwrap().why, why, "{map}");
    }
    // A loader that has not begun has no transaction.
    let early =
        format!("{head}{{:log :progress-reporter, :wip {{}}, :wip-count 0, :done-count 0, :transaction-info nil}}\n");
    assert_eq!(read(early).1.events, 1);
}

#[test]
fn a_line_of_marks_is_read_once() {
    let marks = ":log :progress-reporter ".repeat(2_500);
    let line = format!("2018-01-18T09:00:00Z [A:b] INFO n - {{:log :echo, :text \"{marks}\"}}\n");
    let (_, report) = read(line.repeat(200));
    assert_eq!((report.lines, report.events, report.unread), (200, 0, 0));
}

#[test]
fn a_line_is_too_long_wherever_it_is_cut() {
    let longest = 64 << 10;
    let log = |length: usize| format!("{HUNG}{}\n{HUNG}", "a".repeat(length));
    for (length, overlong) in [(longest, 0), (longest + 1, 1), (3 * longest, 1)] {
        let log = log(length);
        for size in [log.len(), 256 << 10, 100_000, 4096] {
            let (mut scanner, mut events) = (Scanner::new(), 0);
            log.as_bytes().chunks(size).for_each(|piece| scanner.feed(piece, |_| events += 1));
            let report = scanner.finish(|_| {});
            assert_eq!(
                (report.overlong, report.lines, events),
                (overlong, 13, 12),
                "{length} bytes in pieces of {size}"
            );
        }
    }
    // Also where the loader itself writes one.
    let statement = statement(1, &"x".repeat(longest));
    let (_, report) = read(&statement);
    assert_eq!((report.overlong, report.events, report.content), (1, 0, Content::Other));
}

#[test]
fn a_line_without_end_takes_no_memory() {
    let mut scanner = Scanner::new();
    let piece = vec![b'a'; 1 << 20];
    for _ in 0..1000 {
        scanner.feed(&piece, |_| {});
        assert!(scanner.capacity() < 200_000);
    }
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

#[test]
fn a_line_that_was_cut_off_is_not_taken_together_with_another_files() {
    for rotates in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("capivara.log");
        std::fs::write(&path, format!("{HUNG}2018-01-18T09:04:36.078Z [CAPIVARA:async-dispatch-2] INFO cap")).unwrap();
        let (mut follow, mut scanner, mut events) = (Follow::open(&path).unwrap(), Scanner::new(), 0);
        follow.read_new(&mut scanner, |_| events += 1).unwrap();
        if rotates {
            std::fs::rename(&path, folder.path().join("capivara.log.1")).unwrap();
        }
        std::fs::write(&path, statement(5, "COMMIT")).unwrap();
        follow.read_new(&mut scanner, |_| events += 1).unwrap();
        assert_eq!((events, scanner.report().lines, scanner.report().unread), (7, 8, 0));
    }
}

/// Lines of all kinds, some of them broken.
fn any_log() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        6 => (0..HUNG.lines().count()).prop_map(|number| HUNG.lines().nth(number).unwrap_or_default().as_bytes().to_vec()),
        2 => proptest::collection::vec(any::<u8>(), 0..60),
        2 => Just(b"\tat x.y(z.clj:1)".to_vec()),
        1 => (65_500_usize..65_600).prop_map(|length| vec![b'a'; length]),
        1 => Just(b"2018-01-18T09:05:00Z [A:b] INFO n - {:text \"{:log :progress-reporter}\", :a".to_vec()),
        1 => Just("2018-01-18T09:06:00Z [A:b] INFO n - São Paulo\r".as_bytes().to_vec()),
    ];
    proptest::collection::vec(line, 0..20).prop_map(|lines| lines.join(&b'\n'))
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
    fn pieces_do_not_matter_to_what_is_broken_either(log in any_log(), sizes in proptest::collection::vec(1..40_000_usize, 1..9)) {
        let (mut scanner, mut events, mut rest) = (Scanner::new(), Vec::new(), &log[..]);
        for size in sizes.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at(size.min(rest.len()));
            scanner.feed(piece, |event| events.push(event));
            rest = after;
        }
        let report = scanner.finish(|event| events.push(event));
        let (mut whole, mut told) = (Scanner::new(), Vec::new());
        whole.feed(&log, |event| told.push(event));
        let wanted = whole.finish(|event| told.push(event));
        prop_assert_eq!(report, wanted);
        prop_assert_eq!(events, told);
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
