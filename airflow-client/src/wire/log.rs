//! Logs: text on API v1, one JSON object a line on API v2. One kind of line comes of both.

use std::collections::VecDeque;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use jiff::Timestamp;
use ops_client::http::{LineLimits, Lines};
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::Value;

use super::{Api, task_path, v1, v2};
use crate::{LogLine, LogRequest};

/// How many lines API v1 may say about itself before the log begins.
const PREAMBLE: usize = 64;

impl Api<'_> {
    pub(crate) async fn log(&self, request: &LogRequest) -> Result<BoxStream<'static, Result<LogLine>>> {
        let LogRequest { run, task, try_number, max_bytes, .. } = request;
        if *try_number == 0 {
            return Err(Error::invalid(self.op, "the first try is 1: what never ran has no log"));
        }
        let number = try_number.to_string();
        let mut path = task_path(run, task, None);
        path.extend(["logs", &number]);
        let mut call = self
            .get(&path, "/api/{api}/dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/{try}")
            .query("full_content", "true")
            .header("accept", if self.is_v1() { v1::LOG_TYPE } else { v2::LOG_TYPE });
        if let Some(index) = super::index(task) {
            call = call.query("map_index", index);
        }
        let limits = LineLimits::default().with_total(*max_bytes);
        let lines = call.lines(limits).await.map_err(|error| super::problem::explain(error, self.is_v1()))?;
        let mut log = Log { lines, ahead: VecDeque::new(), v1: self.is_v1() };
        if log.v1 && log.is_apology().await? {
            let words: Vec<String> = log.ahead.into_iter().map(|line| line.text).collect();
            return Err(Error::new(self.op, ErrorKind::NotFound, Effect::None)
                .with_message(format!("there is no log of try {number} of {task}"))
                .with_words(words.join(" ")));
        }
        Ok(stream::unfold(Some(log), |log| async move {
            let mut log = log?;
            match log.next().await {
                Ok(Some(line)) => Some((Ok(line), Some(log))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed())
    }
}

struct Log {
    lines: Lines,
    /// Lines that were read to find out what this is.
    ahead: VecDeque<LogLine>,
    v1: bool,
}

impl Log {
    async fn next(&mut self) -> Result<Option<LogLine>> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        self.read().await
    }

    async fn read(&mut self) -> Result<Option<LogLine>> {
        let line = self.lines.next().await?;
        Ok(line.map(|line| if self.v1 { text_line(line) } else { json_line(line) }))
    }

    /// API v1 answers 200 also where there is nothing: with an account of where it looked. That is all then: the host, a
    /// frame, and lines with three stars, which a log has at its head only.
    async fn is_apology(&mut self) -> Result<bool> {
        let mut first = true;
        while self.ahead.len() < PREAMBLE {
            let Some(line) = self.read().await? else { return Ok(true) };
            let says_nothing = line.text.is_empty()
                || line.text.starts_with("***")
                || line.text.starts_with("::")
                || line.text.starts_with(" INFO - ::")
                || (first && line.at.is_none() && !line.text.contains(' '));
            let is_of_the_log = line.at.is_some() || !says_nothing;
            first = false;
            self.ahead.push_back(line);
            if is_of_the_log {
                return Ok(false);
            }
        }
        Ok(false)
    }
}

/// `[2026-11-25T20:54:05.836+0000] {taskinstance.py:2885} INFO - Starting attempt 1 of 1`; any other line is text only.
fn text_line(line: String) -> LogLine {
    parsed(&line).unwrap_or_else(|| LogLine::new(line))
}

fn parsed(line: &str) -> Option<LogLine> {
    let (at, rest) = line.strip_prefix('[')?.split_once("] {")?;
    let (_, rest) = rest.split_once("} ")?;
    let (level, text) = rest.split_once(" - ")?;
    if level.is_empty() || !level.bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let mut line = LogLine::new(text);
    line.at = Some(at.parse::<Timestamp>().ok()?);
    line.level = Some(level.to_ascii_lowercase());
    Some(line)
}

#[derive(Deserialize)]
struct JsonLine {
    timestamp: Option<String>,
    event: Value,
    level: Option<String>,
    #[serde(default)]
    error_detail: Value,
    /// Where the log was found (3.0 puts it so, beside its frame).
    #[serde(default)]
    sources: Value,
}

fn json_line(line: String) -> LogLine {
    let Ok(json) = serde_json::from_str::<JsonLine>(&line) else { return LogLine::new(line) };
    let mut text = match json.event {
        Value::String(text) => text,
        other => other.to_string(),
    };
    for source in json.sources.as_array().into_iter().flatten().filter_map(Value::as_str) {
        text.push(' ');
        text.push_str(source);
    }
    for failure in json.error_detail.as_array().into_iter().flatten() {
        let word = |name: &str| failure.get(name).and_then(Value::as_str).unwrap_or_default();
        text.push_str(&format!(": {}: {}", word("exc_type"), word("exc_value")));
    }
    let mut line = LogLine::new(text);
    line.at = json.timestamp.and_then(|at| at.parse().ok());
    line.level = json.level;
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_v1() {
        let line = text_line("[2026-11-25T20:54:05.836+0000] {taskinstance.py:2885} INFO - Starting - 1 of 1".into());
        assert_eq!(line.at, Some("2026-11-25T20:54:05.836Z".parse().unwrap()));
        assert_eq!((line.level.as_deref(), &*line.text), (Some("info"), "Starting - 1 of 1"));
        let zone = text_line("[2026-11-25T20:54:05.836+0530] {a.py:1} WARNING - x".into());
        assert_eq!(zone.at, Some("2026-11-25T15:24:05.836Z".parse().unwrap()));
    }

    #[test]
    fn any_other_line_is_kept_as_it_is() {
        for text in ["", "vm", "Traceback:", "[x] {y} INFO - z", "[2026-11-25T20:54:05.836+0000] {a.py:1} info", "{}"] {
            assert_eq!(text_line(text.into()), LogLine::new(text), "{text}");
            assert_eq!(json_line(text.into()), LogLine::new(text), "{text}");
        }
    }

    #[test]
    fn a_line_of_v2() {
        let line =
            json_line(r#"{"timestamp":"2026-11-25T20:54:05.304978Z","event":"Done","level":"info","lineno":1}"#.into());
        assert_eq!(line.at, Some("2026-11-25T20:54:05.304978Z".parse().unwrap()));
        assert_eq!((line.level.as_deref(), &*line.text), (Some("info"), "Done"));
        let failed = json_line(
            r#"{"timestamp":null,"event":"Task failed","error_detail":[{"exc_type":"RuntimeError","exc_value":"told to"}]}"#.into(),
        );
        assert_eq!((failed.at, &*failed.text), (None, "Task failed: RuntimeError: told to"));
    }
}
