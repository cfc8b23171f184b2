//! How jobs are: tables that can be pasted.

use std::collections::{BTreeMap, BTreeSet};

use aurora_client::{AuroraRead, JobKey, Task, TaskFilter, TaskStatus};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::connect::Reach;
use crate::exit::{Exit, Failure};
use crate::screen::{Ending, Screen};
use crate::text::{age, count, one_line};

/// Shows a job: its tasks by instance, the newest first.
///
/// # Errors
/// Where Aurora does not answer, or knows no task of it.
pub async fn job(reach: &Reach, job: &JobKey, screen: Screen) -> Result<Ending, Failure> {
    let aurora = reach.aurora()?;
    let mut tasks = aurora.tasks(&TaskFilter::of_job(job).brief()).await?;
    if tasks.is_empty() {
        let text = format!("{}: no task of {job} is known{}", reach.target, like(aurora, job).await);
        return Err(Failure::refused(text));
    }
    // Why a task waits is worth asking only where one does.
    let reasons: BTreeMap<String, String> = match tasks.iter().any(|task| task.status == TaskStatus::Pending) {
        true => {
            let reasons = aurora.pending_reasons(job).await?.into_iter();
            reasons.map(|reason| (reason.task.to_string(), reason.reason)).collect()
        }
        false => BTreeMap::new(),
    };
    tasks.sort_by_key(|task| (task.instance, std::cmp::Reverse(task.began())));
    let now = Timestamp::now();
    let why = |task: &Task| match reasons.get(task.id.as_str()) {
        Some(reason) => one_line(reason),
        None => one_line(task.events.last().and_then(|event| event.message.as_deref()).unwrap_or_default()),
    };
    let rows = tasks.iter().map(|task| {
        let since = task.since().map_or("-".into(), |at| format!("{at:.0} ({})", age(at, now)));
        let host = one_line(task.host.as_deref().unwrap_or("-"));
        vec![task.instance.to_string(), task.status.to_string(), host, since, why(task), task.id.to_string()]
    });
    screen.say(&table(&["instance", "state", "host", "since", "why", "task"], rows));
    let of = |status: TaskStatus| tasks.iter().filter(|task| task.status == status).count();
    let active = tasks.iter().filter(|task| task.status.is_active()).count();
    let mut seen = BTreeSet::new();
    let newest: Vec<&Task> = tasks.iter().filter(|task| seen.insert(task.instance)).collect();
    let bad = |task: &&&Task| matches!(task.status, TaskStatus::Failed | TaskStatus::Lost | TaskStatus::Pending);
    let found = newest.iter().filter(bad).count();
    let line = format!(
        "{}: {job}: {}, {active} active ({} running, {} waiting)",
        reach.target,
        count(newest.len(), "instance"),
        of(TaskStatus::Running),
        of(TaskStatus::Pending)
    );
    let documents: Vec<Value> = tasks
        .iter()
        .map(|task| {
            json!({
                "task": task.id, "instance": task.instance, "state": task.status.to_string(), "host": task.host,
                "since": task.since(), "began": task.began(), "ancestor": task.ancestor, "failures": task.failures,
                "pending_reason": reasons.get(task.id.as_str()),
            })
        })
        .collect();
    let exit = if found > 0 { Exit::Found } else { Exit::Done };
    Ok(Ending::new(exit, line).with("job", json!(job)).with("tasks", documents.into()))
}

/// Shows all jobs of the platform's role.
///
/// # Errors
/// Where Aurora does not answer.
pub async fn jobs(reach: &Reach, screen: Screen) -> Result<Ending, Failure> {
    let role = reach.settings.aurora_role();
    let jobs = reach.aurora()?.jobs(Some(role.to_owned())).await?;
    let rows = jobs.iter().map(|job| {
        let numbers = [job.active, job.pending, job.finished, job.failed].map(|number| number.to_string());
        std::iter::once(job.key.to_string()).chain(numbers).collect()
    });
    screen.say(&table(&["job", "active", "waiting", "finished", "failed"], rows));
    let documents: Vec<Value> = jobs
        .iter()
        .map(|job| {
            json!({
                "job": job.key, "active": job.active, "waiting": job.pending, "finished": job.finished,
                "failed": job.failed,
            })
        })
        .collect();
    let line = format!("{}: {} of {role}", reach.target, count(jobs.len(), "job"));
    Ok(Ending::new(Exit::Done, line).with("jobs", documents.into()))
}

/// Jobs of the same name, where the key is one that nobody knows.
async fn like(aurora: &dyn AuroraRead, job: &JobKey) -> String {
    let Ok(all) = aurora.jobs(None).await else { return String::new() };
    let part = |key: &JobKey| key.name().contains(job.name()) || job.name().contains(key.name());
    let found: Vec<String> = all.iter().filter(|one| part(&one.key)).take(5).map(|one| one.key.to_string()).collect();
    if found.is_empty() {
        "; aurora-jobs status lists all".into()
    } else {
        format!("\n  there is {}", found.join(", "))
    }
}

/// Columns as wide as what stands in them, parted by two blanks; the last one is not filled up.
fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut all = vec![head.iter().map(|&title| title.to_owned()).collect::<Vec<_>>()];
    all.extend(rows);
    let width = |column: usize| all.iter().filter_map(|row| row.get(column)).map(|text| text.chars().count()).max();
    // A column in which nothing stands is left out.
    let used: Vec<(usize, usize)> = (0..head.len())
        .filter(|&column| {
            all.len() == 1 || all.iter().skip(1).any(|row| row.get(column).is_some_and(|text| !text.is_empty()))
        })
        .map(|column| (column, width(column).unwrap_or(0)))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = used.iter().filter_map(|&(column, width)| Some(format!("{:<width$}", row.get(column)?)));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_can_be_pasted() {
        let rows = [["0", "RUNNING", ""], ["12", "LOST", ""]].map(|row| row.map(str::to_owned).to_vec());
        let text = table(&["instance", "state", "why"], rows.into_iter());
        assert_eq!(text, "instance  state\n0         RUNNING\n12        LOST");
    }
}
