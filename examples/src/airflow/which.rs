//! Which run of which DAG is meant.

use airflow_client::{
    AirflowRead, Dag, DagFilter, DagId, DagRun, DagRunId, ExecutionDate, RunFilter, RunKey, TargetDate, TaskFilter,
    TaskKey, TaskState,
};
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::connect::Reach;
use crate::exit::Failure;

/// How many runs are listed to choose from.
const LISTED: usize = 5;

/// Which run of which DAG.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Which run")]
pub struct WhichRun {
    /// The DAG; the embedded sandbox takes its nightly one unless told
    #[arg(long, value_name = "ID")]
    pub dag: Option<DagId>,
    /// The run, by its id
    #[arg(long, value_name = "ID", conflicts_with = "target_date")]
    pub run: Option<DagRunId>,
    /// The run, by the day on which it runs (its execution date is the day before): 2026-11-25, or «today» in UTC
    #[arg(long, value_name = "DATE", value_parser = target_date)]
    pub target_date: Option<TargetDate>,
}

fn target_date(text: &str) -> Result<TargetDate, String> {
    if text == "today" {
        return Ok(TargetDate::new(Timestamp::now().to_zoned(TimeZone::UTC).date()));
    }
    text.parse().map_err(|_| format!("{text:?} is no day: 2026-11-25, or «today» (in UTC)"))
}

impl WhichRun {
    /// The run that is meant; in the embedded sandbox otherwise the newest one that has ended.
    ///
    /// # Errors
    /// Where none is named, there is no such run, or several are about the day.
    pub async fn find(&self, reach: &Reach) -> Result<DagRun, Failure> {
        self.find_or(reach, true).await
    }

    /// The run that is meant; in the embedded sandbox otherwise the newest one that goes on.
    ///
    /// # Errors
    /// As [`WhichRun::find`].
    pub async fn find_live(&self, reach: &Reach) -> Result<DagRun, Failure> {
        self.find_or(reach, false).await
    }

    async fn find_or(&self, reach: &Reach, ended: bool) -> Result<DagRun, Failure> {
        let airflow = &*reach.airflow()?.reads;
        let dag = self.dag(reach).await?;
        if let Some(run) = &self.run {
            return Ok(airflow.dag_run(&RunKey::new(dag, run.clone())).await?);
        }
        match self.target_date {
            Some(day) => about(airflow, dag, day).await,
            None if reach.sandbox.is_some() => {
                let runs = airflow.dag_runs(&RunFilter::of(dag.clone())).await?;
                let found = runs.into_iter().find(|run| run.state.is_final() == ended);
                found.ok_or_else(|| Failure::refused(format!("{dag} has no such run in the sandbox")))
            }
            None => Err(Failure::usage(format!(
                "say which run: --run ID or --target-date DATE{}",
                list(airflow, dag).await
            ))),
        }
    }

    /// The run that is meant, or else the newest; in the embedded sandbox the night's.
    ///
    /// # Errors
    /// As [`WhichRun::find`].
    pub async fn find_or_newest(&self, reach: &Reach) -> Result<DagRun, Failure> {
        if self.run.is_some() || self.target_date.is_some() || reach.sandbox.is_some() {
            return self.find(reach).await;
        }
        let dag = self.dag(reach).await?;
        newest(&*reach.airflow()?.reads, dag).await
    }

    async fn dag(&self, reach: &Reach) -> Result<DagId, Failure> {
        if let Some(dag) = &self.dag {
            return Ok(dag.clone());
        }
        let dags = reach.airflow()?.reads.dags(&DagFilter::all()).await?;
        match dags.as_slice() {
            [only] if reach.sandbox.is_some() => Ok(only.id.clone()),
            all => Err(Failure::usage(format!("say which DAG: --dag ID{}", names(all)))),
        }
    }
}

fn names(dags: &[Dag]) -> String {
    let names: Vec<&str> = dags.iter().take(20).map(|dag| dag.id.as_str()).collect();
    if names.is_empty() { "; there is none".into() } else { format!("\n  there is {}", names.join(", ")) }
}

async fn about(airflow: &dyn AirflowRead, dag: DagId, day: TargetDate) -> Result<DagRun, Failure> {
    let midnight = day.execution_date();
    let midnight = midnight.ok_or_else(|| Failure::usage(format!("{day}: there is no day before it")))?;
    // A nightly run begins at midnight; one by hand may be about any time of that day.
    let end = Timestamp::from_second(midnight.timestamp().as_second() + 86_399).map(ExecutionDate::new);
    let end = end.map_err(|error| Failure::usage(format!("{day}: {error}")))?;
    let found = airflow.dag_runs(&RunFilter::of(dag.clone()).about(midnight, end)).await?;
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => {
            let text = format!("{dag} has no run of target date {day} (execution date {})", midnight.date());
            Err(Failure::refused(format!("{text}{}", list(airflow, dag).await)))
        }
        several => Err(Failure::refused(format!(
            "{dag} has {} runs of target date {day}; say which: --run ID{}",
            several.len(),
            lines(several)
        ))),
    }
}

async fn newest(airflow: &dyn AirflowRead, dag: DagId) -> Result<DagRun, Failure> {
    let runs = airflow.dag_runs(&RunFilter::of(dag.clone()).at_most(1)).await?;
    runs.into_iter().next().ok_or_else(|| Failure::refused(format!("{dag} has no run")))
}

/// The newest runs, to choose from; nothing where they cannot be had.
async fn list(airflow: &dyn AirflowRead, dag: DagId) -> String {
    airflow.dag_runs(&RunFilter::of(dag).at_most(LISTED)).await.map_or(String::new(), |runs| lines(&runs))
}

fn lines(runs: &[DagRun]) -> String {
    runs.iter().map(|run| format!("\n  --run {}: {}", run.key.run, described(run))).collect()
}

/// `failed, target date 2026-11-25 (execution date 2026-11-24)`.
pub fn described(run: &DagRun) -> String {
    let dates = run.execution_date.map(|execution| {
        let target = execution.target_date().map_or(String::new(), |target| format!("target date {target} "));
        format!(", {target}(execution date {})", execution.date())
    });
    format!("{}{}", run.state, dates.unwrap_or_default())
}

/// A task as people write it: its id, and for one instance of a mapped task its place: `load[3]`.
///
/// # Errors
/// Where it is no task's id, or no place.
pub fn task_key(text: &str) -> Result<TaskKey, String> {
    let (task, index) = match text.strip_suffix(']').and_then(|text| text.rsplit_once('[')) {
        Some((task, index)) => {
            let index = index.parse().map_err(|_| format!("{text:?}: {index:?} is no place of a mapped task"))?;
            (task, Some(index))
        }
        None => (text, None),
    };
    let task = task.parse().map_err(|error: airflow_client::ParseError| error.to_string())?;
    Ok(TaskKey { task, map_index: index })
}

/// The task that is meant: the named one; in the embedded sandbox otherwise the first that failed.
///
/// # Errors
/// Where none is named for a real environment: those that failed are listed.
pub async fn task_or_failed(reach: &Reach, run: &RunKey, named: Option<&TaskKey>) -> Result<TaskKey, Failure> {
    if let Some(named) = named {
        return Ok(named.clone());
    }
    let failed = TaskFilter::all().in_state(TaskState::Failed);
    let failed = reach.airflow()?.reads.task_instances(run, &failed).await?;
    match failed.first() {
        Some(first) if reach.sandbox.is_some() => Ok(first.key.clone()),
        _ => {
            let names: Vec<String> = failed.iter().take(20).map(|task| task.key.to_string()).collect();
            let list = if names.is_empty() { String::new() } else { format!("\n  failed: {}", names.join(", ")) };
            Err(Failure::usage(format!("say which task: --task ID{list}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_written_as_airflow_shows_it() {
        assert_eq!(task_key("fx-model").unwrap().map_index, None);
        let mapped = task_key("loads.load_one[3]").unwrap();
        assert_eq!((mapped.task.as_str(), mapped.map_index), ("loads.load_one", Some(3)));
        for wrong in ["", "~", "a/b", "load[x]", "load[-1]", "[1]"] {
            assert!(task_key(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_is_a_day_or_today() {
        assert_eq!(target_date("2026-11-25").unwrap().to_string(), "2026-11-25");
        assert!(target_date("today").is_ok());
        assert!(target_date("yesterday").unwrap_err().contains("today"));
    }
}
