//! How numbers, times and long lists are said: the same everywhere.

use std::fmt::{Display, Write};

use jiff::Timestamp;
use jiff::civil::Date;

/// How many names of a list are said before the rest is counted.
const NAMED: usize = 5;

/// `1 dataset`, `214 datasets`, `2 processes`.
pub(crate) fn count(number: usize, one: &str) -> String {
    let s = match number {
        1 => "",
        _ if one.ends_with('s') => "es",
        _ => "s",
    };
    format!("{number} {one}{s}")
}

/// `1 session waits`, `3 sessions wait`.
#[cfg(feature = "redshift")]
pub(crate) fn wait(sessions: usize) -> String {
    let verb = if sessions == 1 { "waits" } else { "wait" };
    format!("{} {verb}", count(sessions, "session"))
}

/// The first five, and how many more there are.
pub(crate) fn names<T: Display>(all: impl IntoIterator<Item = T>) -> String {
    let mut text = String::new();
    let mut more = 0_usize;
    for (i, name) in all.into_iter().enumerate() {
        if i >= NAMED {
            more += 1;
            continue;
        }
        let comma = if i == 0 { "" } else { ", " };
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{comma}{name}");
    }
    if more > 0 {
        let _ = write!(text, " and {more} more");
    }
    text
}

/// An instant in UTC, to the second.
pub(crate) fn utc(at: Timestamp) -> String {
    format!("{at:.0}")
}

/// An instant in UTC, and how long ago that was.
pub(crate) fn when(at: Timestamp, now: Timestamp) -> String {
    format!("{} ({})", utc(at), age(at, now))
}

/// `9 h ago`, `in 5 min`.
pub(crate) fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    let size = seconds.unsigned_abs();
    let text = match size {
        0..120 => format!("{size} s"),
        120..7_200 => format!("{} min", size / 60),
        7_200..172_800 => format!("{} h", size / 3_600),
        _ => format!("{} d", size / 86_400),
    };
    if seconds < 0 { format!("in {text}") } else { format!("{text} ago") }
}

/// A run's day, both ways: the platform says the target date, Airflow the day before it.
pub(crate) fn run_day(target: Date) -> String {
    match target.yesterday() {
        Ok(execution) => format!("target date {target}, execution date {execution}"),
        Err(_) => format!("target date {target}"),
    }
}

/// A text in at most `width` characters; the middle gives way, because names differ at their ends.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let head = width.saturating_sub(1) / 2;
    let tail = width.saturating_sub(1) - head;
    text.chars().take(head).chain(['…']).chain(text.chars().skip(length - tail)).collect()
}

/// A text as one word of a shell.
#[cfg(any(feature = "airflow", feature = "aurora", feature = "datasets", feature = "redshift", feature = "services"))]
pub(crate) fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '+' | '=' | '@' | ',');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_counted() {
        assert_eq!(names(["a", "b"]), "a, b");
        assert_eq!(names(1..=12), "1, 2, 3, 4, 5 and 7 more");
        assert_eq!(
            [count(1, "process"), count(2, "process"), count(0, "task")],
            ["1 process", "2 processes", "0 tasks"]
        );
    }

    #[test]
    #[cfg(any(
        feature = "airflow",
        feature = "aurora",
        feature = "datasets",
        feature = "redshift",
        feature = "services"
    ))]
    fn a_shell_takes_it_for_one_word() {
        assert_eq!(shell("manual__2026-11-25T09:00:00+00:00"), "manual__2026-11-25T09:00:00+00:00");
        assert_eq!([shell("loads.load-one[1]"), shell("it's"), shell("")], ["'loads.load-one[1]'", "'it'\\''s'", "''"]);
    }

    #[test]
    fn ages_both_ways() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let ago = |text: &str| age(text.parse().unwrap(), now);
        assert_eq!(ago("2026-11-22T08:59:01Z"), "59 s ago");
        assert_eq!(ago("2026-11-22T00:01:04Z"), "8 h ago");
        assert_eq!(ago("2026-11-15T00:00:00Z"), "7 d ago");
        assert_eq!(ago("2026-11-22T09:10:00Z"), "in 10 min");
    }

    #[test]
    fn the_middle_gives_way() {
        assert_eq!(fit("dataset/a-very-long-name-avro", 15), "dataset…me-avro");
        assert_eq!(fit("short", 15), "short");
        assert_eq!(fit("ééééé", 3), "é…é");
    }

    #[test]
    fn a_run_has_two_days() {
        assert_eq!(run_day(jiff::civil::date(2026, 3, 1)), "target date 2026-03-01, execution date 2026-02-28");
    }
}
