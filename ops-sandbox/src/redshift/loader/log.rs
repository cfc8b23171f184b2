//! What a loader logs, in the form of capivara's lines: the prefix of its logger, then a map in EDN.
//!
//! Its kills, its statements and its reports are as they were seen. That it tells of its `COPY` and of the new names in
//! the same way, what stands in `:wip` while there is something, and the line of a failure are assumed.

use std::collections::VecDeque;
use std::fmt;

use jiff::Timestamp;
use redshift_ops::Pid;

use super::LoaderSpec;

/// The most lines that are kept: the oldest go first.
const LINES: usize = 20_000;

#[derive(Debug, Default)]
pub(super) struct Log {
    lines: VecDeque<String>,
    reports: u64,
}

impl Log {
    pub(super) fn kill(&mut self, at: Timestamp, pid: Pid, user: &str) {
        let map =
            format!(":line 124, :cid \"DEFAULT\", :log :killing-schema-query, :pid {pid}, :username {}", edn(user));
        self.line(at, "main", "INFO", "redshift", &map);
    }

    pub(super) fn statement(&mut self, at: Timestamp, text: &str) {
        let map = format!(":line 91, :cid \"DEFAULT\", :log :execute-statement, :statement [{}]", edn(text));
        self.line(at, "main", "INFO", "redshift", &map);
    }

    pub(super) fn progress(
        &mut self,
        at: Timestamp,
        loading: Option<&str>,
        done: usize,
        total: usize,
        spec: &LoaderSpec,
    ) {
        let wip = loading.map(|table| format!("{} :copying", edn(table))).unwrap_or_default();
        let (count, transaction, date) = (u8::from(loading.is_some()), edn(&spec.transaction), spec.target_date);
        let map = format!(
            ":line 20, :cid \"DEFAULT\", :log :progress-reporter, :wip {{{wip}}}, :done-count {done}, :wip-count {count}, \
             :transaction-info {{:total-count {total}, :transaction-id {transaction}, :target-date \"{date}\"}}"
        );
        // The pool's threads take turns, in no order that matters.
        let thread = format!("async-dispatch-{}", (self.reports * 5 + 7) % 8 + 1);
        self.reports += 1;
        self.line(at, &thread, "INFO", "progress", &map);
    }

    pub(super) fn failed(&mut self, at: Timestamp, words: &str) {
        let map = format!(":line 97, :cid \"DEFAULT\", :log :load-failed, :error {}", edn(words));
        self.line(at, "main", "ERROR", "redshift", &map);
    }

    fn line(&mut self, at: Timestamp, thread: &str, level: &str, component: &str, map: &str) {
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        let prefix = format!("{at:.3} [CAPIVARA:{thread}] {level} capivara.components.{component}");
        self.lines.push_back(format!("{prefix} - {{{map}}}\n"));
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| f.write_str(line))
    }
}

/// A text, as EDN writes it.
fn edn(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_lines_are_written_to_the_letter() {
        let spec = LoaderSpec::new("556b5e98-60a1-5743-ad2e-da82d4798170", "2018-01-18".parse().unwrap());
        let mut log = Log::default();
        log.kill("2018-01-18T09:02:49.654Z".parse().unwrap(), Pid::new(19805).unwrap(), "sandrews");
        log.statement("2018-01-18T09:02:49.79Z".parse().unwrap(), "DROP SCHEMA IF EXISTS fact CASCADE");
        log.progress("2018-01-18T09:03:06.077Z".parse().unwrap(), None, 24, 24, &spec);
        let wanted = "\
2018-01-18T09:02:49.654Z [CAPIVARA:main] INFO capivara.components.redshift - {:line 124, :cid \"DEFAULT\", :log \
:killing-schema-query, :pid 19805, :username \"sandrews\"}
2018-01-18T09:02:49.790Z [CAPIVARA:main] INFO capivara.components.redshift - {:line 91, :cid \"DEFAULT\", :log \
:execute-statement, :statement [\"DROP SCHEMA IF EXISTS fact CASCADE\"]}
2018-01-18T09:03:06.077Z [CAPIVARA:async-dispatch-8] INFO capivara.components.progress - {:line 20, :cid \"DEFAULT\", :log \
:progress-reporter, :wip {}, :done-count 24, :wip-count 0, :transaction-info {:total-count 24, :transaction-id \
\"556b5e98-60a1-5743-ad2e-da82d4798170\", :target-date \"2018-01-18\"}}
";
        assert_eq!(log.to_string(), wanted);
    }

    #[test]
    fn it_keeps_the_newest_lines() {
        let mut log = Log::default();
        for second in 0..25_000 {
            log.statement(Timestamp::from_second(second).unwrap(), "a \"quoted\" name");
        }
        let text = log.to_string();
        assert!(text.lines().count() == LINES && text.contains("[\"a \\\"quoted\\\" name\"]"));
        assert!(text.starts_with("1970-01-01T01:23:20.000Z "), "{}", &text[..30]);
    }
}
