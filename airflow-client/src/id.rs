//! Names and keys: each kind a type of its own, so that one can never be given for another.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Airflow's own limit for the ids of DAGs, tasks and runs, in characters.
const MAX_LENGTH: usize = 250;

/// Why a text is no id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    what: &'static str,
    why: &'static str,
    text: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, why, text } = self;
        write!(f, "{:?} is no {what}: {why}", text.chars().take(60).collect::<String>())
    }
}

impl std::error::Error for ParseError {}

/// What every id must be. `~` is Airflow's word for «all»: it never passes for one.
fn check(what: &'static str, text: &str) -> Result<(), ParseError> {
    let why = if text.is_empty() {
        "it is empty"
    } else if text == "~" {
        "to Airflow it means all"
    } else if matches!(text, "." | "..") || text.contains('/') {
        "it would change the path of the request"
    } else if text.chars().any(char::is_control) {
        "it has control characters"
    } else if text.chars().count() > MAX_LENGTH {
        "it is longer than 250 characters"
    } else {
        return Ok(());
    };
    Err(ParseError { what, why, text: text.to_owned() })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as Airflow writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                check($what, text).map(|()| Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseError;

            fn try_from(text: String) -> Result<Self, ParseError> {
                check($what, &text).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

id! {
    /// A DAG, such as `prod-dagao`.
    DagId, "DAG's id"
}
id! {
    /// One run of a DAG, such as `scheduled__2026-11-24T00:00:00+00:00`. Unique within its DAG only: see [`RunKey`].
    DagRunId, "DAG run's id"
}
id! {
    /// A task of a DAG, with the groups it is in: `loads.inner.first`.
    TaskId, "task's id"
}

/// One run of one DAG.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunKey {
    /// The DAG.
    pub dag: DagId,
    /// Its run.
    pub run: DagRunId,
}

impl RunKey {
    /// This run of this DAG.
    pub fn new(dag: DagId, run: DagRunId) -> Self {
        Self { dag, run }
    }
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.dag, self.run)
    }
}

/// One task instance within a run: a task, and its place where it is mapped.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskKey {
    /// The task.
    pub task: TaskId,
    /// Which of a mapped task's instances; `None` for a task that is not mapped (Airflow's -1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map_index: Option<u32>,
}

impl TaskKey {
    /// A task that is not mapped.
    pub fn new(task: TaskId) -> Self {
        Self { task, map_index: None }
    }

    /// One instance of a mapped task.
    pub fn mapped(task: TaskId, map_index: u32) -> Self {
        Self { task, map_index: Some(map_index) }
    }
}

impl From<TaskId> for TaskKey {
    fn from(task: TaskId) -> Self {
        Self::new(task)
    }
}

impl fmt::Display for TaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.map_index {
            None => write!(f, "{}", self.task),
            Some(index) => write!(f, "{}[{index}]", self.task),
        }
    }
}

/// The beginning of the interval that a run is about: Airflow's `logical_date`, once called execution date. A nightly run
/// bears the date of the day *before* its target date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExecutionDate(Timestamp);

impl ExecutionDate {
    /// The execution date at this instant.
    pub fn new(at: Timestamp) -> Self {
        Self(at)
    }

    /// The instant.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// The day in UTC.
    pub fn date(self) -> Date {
        self.0.to_zoned(TimeZone::UTC).date()
    }

    /// The target date of a daily run: the day after. `None` at the end of time.
    ///
    /// ```
    /// use airflow_client::ExecutionDate;
    ///
    /// let execution = ExecutionDate::new("2026-11-24T00:00:00Z".parse().unwrap());
    /// assert_eq!(execution.target_date().unwrap().to_string(), "2026-11-25");
    /// ```
    pub fn target_date(self) -> Option<TargetDate> {
        self.date().tomorrow().ok().map(TargetDate)
    }
}

impl fmt::Display for ExecutionDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The day that the platform's people name a nightly run by: the day on which it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TargetDate(Date);

impl TargetDate {
    /// This day.
    pub fn new(date: Date) -> Self {
        Self(date)
    }

    /// The day.
    pub fn date(self) -> Date {
        self.0
    }

    /// The execution date of a daily run that begins at midnight UTC: the day before. `None` at the beginning of time.
    pub fn execution_date(self) -> Option<ExecutionDate> {
        let midnight = self.0.yesterday().ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some(ExecutionDate(midnight.timestamp()))
    }
}

impl FromStr for TargetDate {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Self)
    }
}

impl fmt::Display for TargetDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_all_or_another_path_is_no_id() {
        for wrong in ["", "~", ".", "..", "a/b", "a\nb"] {
            assert!(wrong.parse::<DagId>().is_err(), "{wrong:?}");
            assert!(wrong.parse::<DagRunId>().is_err(), "{wrong:?}");
        }
        assert!("x".repeat(251).parse::<TaskId>().is_err());
        assert_eq!("~".parse::<DagId>().unwrap_err().to_string(), "\"~\" is no DAG's id: to Airflow it means all");
        let run: DagRunId = "manual__2026-11-25T00:00:00.1+00:00".parse().unwrap();
        assert_eq!(run.to_string(), "manual__2026-11-25T00:00:00.1+00:00");
        assert!(serde_json::from_str::<DagId>("\"~\"").is_err());
    }

    #[test]
    fn target_and_execution_date_are_a_day_apart() {
        let target: TargetDate = "2026-03-01".parse().unwrap();
        let execution = target.execution_date().unwrap();
        assert_eq!(execution.to_string(), "2026-02-28T00:00:00Z");
        assert_eq!(execution.target_date(), Some(target));
    }
}
