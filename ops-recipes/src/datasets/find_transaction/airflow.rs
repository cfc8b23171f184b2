//! Airflow: what was given to the run of the day, or what a task of it was started with.

use airflow_client::{AirflowRead, DagId, DagRun, TargetDate, TaskFilter, TaskInstance};
use jiff::civil::Date;
use metapod_model::TransactionId;
use ops_client::Result;
use serde_json::Value;

use super::{Outcome, Said};
use crate::airflow::runs_about;

/// So many runs of a DAG are about one day at most, and so many tasks of each are asked.
const RUNS: usize = 5;
const TASKS: usize = 3;
/// The tasks whose jobs compute (attested): they are started with the transaction.
const LIKELY: &str = "itaipu";
const WORD: &str = "transaction";
const ID: usize = 36;
/// How far behind its word an id may stand in a text, in bytes.
const NEAR: usize = 16;
/// Values are nested no deeper.
const DEEP: usize = 16;

/// The transactions of the runs of a target date.
pub(super) async fn ask(airflow: &dyn AirflowRead, dags: &[DagId], day: Date) -> Result<Outcome> {
    let (mut outcome, target) = (Outcome::default(), TargetDate::new(day));
    if dags.is_empty() {
        return Ok(outcome.noting("which DAG makes transactions is not told"));
    }
    for dag in dags {
        let runs = runs_about(airflow, dag, target).await?;
        if runs.is_empty() {
            outcome = outcome.noting(format!("{dag} has no run of that date"));
        }
        for run in runs.iter().take(RUNS) {
            let said = of_run(airflow, run).await?;
            if said.is_empty() {
                outcome = outcome.noting(format!("the run {} names no transaction", run.key.run));
            }
            outcome.said.extend(said);
        }
        if runs.len() > RUNS {
            outcome = outcome.noting(format!("{dag} has {} runs of that date; {RUNS} were looked at", runs.len()));
        }
    }
    Ok(outcome)
}

async fn of_run(airflow: &dyn AirflowRead, run: &DagRun) -> Result<Vec<Said>> {
    let began = run.started_at.or(run.queued_at);
    let given = run.conf.as_ref().map(named).unwrap_or_default();
    if !given.is_empty() {
        let how = format!("given to {} {}, which began", run.key.dag, run.key.run);
        return Ok(given.into_iter().map(|id| Said::new(id, how.clone()).since(began)).collect());
    }
    let mut tasks = airflow.task_instances(&run.key, &TaskFilter::all()).await?;
    tasks.retain(|task| task.started_at.is_some());
    tasks.sort_by_key(|task| (!likely(task), task.started_at));
    for task in tasks.iter().take(TASKS) {
        // Fields are kept for the newest runs only: that a task has none is no failure.
        let fields = match airflow.rendered_fields(&run.key, &task.key).await {
            Ok(fields) => Value::Object(fields),
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error),
        };
        let named = named(&fields);
        if !named.is_empty() {
            let how = format!("rendered in {} of {}, which began", task.key.task, run.key.run);
            return Ok(named.into_iter().map(|id| Said::new(id, how.clone()).since(task.started_at)).collect());
        }
    }
    Ok(Vec::new())
}

fn likely(task: &TaskInstance) -> bool {
    task.key.task.as_str().contains(LIKELY)
}

/// The ids that a value calls a transaction: `{"metapod_transaction": "ID"}`, or `"profile.metapod_transaction=ID"`.
fn named(value: &Value) -> Vec<TransactionId> {
    let mut found = Vec::new();
    walk(value, false, DEEP, &mut found);
    found
}

fn walk(value: &Value, called: bool, deep: usize, found: &mut Vec<TransactionId>) {
    if deep == 0 {
        return;
    }
    match value {
        Value::String(text) => {
            let whole = if called { text.trim().parse().ok() } else { None };
            // A value may be JSON inside of a text.
            let inner = if text.starts_with(['{', '[']) { serde_json::from_str(text).ok() } else { None };
            match (whole, inner) {
                (Some(id), _) => keep(id, found),
                (None, Some(inner)) => walk(&inner, called, deep - 1, found),
                (None, None) => in_text(text, found),
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, called, deep - 1, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                walk(value, name.to_ascii_lowercase().contains(WORD), deep - 1, found);
            }
        }
        _ => {}
    }
}

fn in_text(text: &str, found: &mut Vec<TransactionId>) {
    let lower = text.to_ascii_lowercase();
    for (at, _) in lower.match_indices(WORD) {
        let begin = at + WORD.len();
        let ids = (begin..begin + NEAR).filter_map(|from| lower.get(from..from + ID)?.parse().ok());
        if let Some(id) = ids.into_iter().next() {
            keep(id, found);
        }
    }
}

fn keep(id: TransactionId, found: &mut Vec<TransactionId>) {
    if !found.contains(&id) {
        found.push(id);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const A: &str = "f7832a01-001b-56f7-a4fe-b3a417f8f654";
    const B: &str = "10b090f0-fda6-4ef3-b091-9b8fec7c45fc";

    #[test]
    fn a_value_that_is_called_a_transaction() {
        let found = |value: Value| named(&value).iter().map(ToString::to_string).collect::<Vec<_>>();
        for value in [
            json!({"transaction": A, "dataset": B}),
            json!({"op_kwargs": {"metapod_transaction": [A]}}),
            json!({"bash_command": format!("run profile.metapod_transaction={A} dataset={B}")}),
            json!({"env": format!("{{\"METAPOD_TRANSACTION\": \"{A}\"}}")}),
            json!([format!("--transaction {A}"), format!("transactionId: '{A}'")]),
        ] {
            assert_eq!(found(value.clone()), [A], "{value}");
        }
        assert_eq!(found(json!({"transaction": "none", "x": A, "y": "transaction é"})), Vec::<String>::new());
    }
}
