//! Looking at the changes of a DAG run: one query each for the run and its tasks, whatever the number of actions.

use std::collections::BTreeMap;
use std::time::SystemTime;

use airflow_client::{DagGraph, DagRun, RunKey, RunState, TaskFilter, TaskId, TaskInstance, TaskKey, TaskState, Which};
use jiff::{SignedDuration, Timestamp};
use ops_client::Result;
use ops_plan::{Digest, Observed};

use super::change::{ClearTasks, DagChange, Mark, Seen, SetRun, Still};
use super::cluster::LiveJob;
use super::{AirflowReads, DagKnowledge, RunView};
use crate::words::names;

/// Looks at changes of one run.
///
/// # Errors
/// As the reads.
pub async fn observe(reads: &AirflowReads, run: &RunKey, actions: &[&DagChange]) -> Result<Vec<Observed>> {
    let all = TaskFilter::all();
    let (dag_run, tasks) =
        futures_util::future::join(reads.airflow.dag_run(run), reads.airflow.task_instances(run, &all)).await;
    let (dag_run, tasks) = match (dag_run, tasks) {
        (Err(error), _) | (_, Err(error)) if error.is_not_found() => {
            return Ok(actions.iter().map(|_| Observed::Drifted(format!("the run {run} is gone"))).collect());
        }
        (dag_run, tasks) => (dag_run?, tasks?),
    };
    let graph = match actions.iter().any(|action| action.structure().is_some()) {
        true => Some(reads.airflow.graph(&run.dag).await?),
        false => None,
    };
    let tasks: BTreeMap<TaskKey, TaskInstance> = tasks.into_iter().map(|task| (task.key.clone(), task)).collect();
    let look = Look { run: dag_run, tasks, graph };
    let mut seen = Vec::with_capacity(actions.len());
    for action in actions {
        seen.push(match action {
            DagChange::Mark(mark) => look.mark(mark),
            DagChange::Clear(clear) => look.clear(clear),
            DagChange::SetRun(set) => look.set_run(set),
            DagChange::Kill(kill) => {
                let alive = alive(reads, &look.run, std::slice::from_ref(&kill.job)).await?;
                let lives = |process: &LiveJob| alive.iter().any(|now| now.id == process.id && now.is_alive());
                if kill.processes.iter().any(lives) { Observed::Pending } else { Observed::Done }
            }
            DagChange::Still(still) => {
                let alive = alive(reads, &look.run, &still.jobs).await?;
                let now = reads.airflow.probe().await?.server_time;
                look.still(still, &alive, now)
            }
        });
    }
    Ok(seen)
}

async fn alive(reads: &AirflowReads, run: &DagRun, jobs: &[String]) -> Result<Vec<LiveJob>> {
    match &reads.jobs {
        Some(port) if !jobs.is_empty() => port.live(run, jobs).await,
        _ => Ok(Vec::new()),
    }
}

/// A run at one moment.
struct Look {
    run: DagRun,
    tasks: BTreeMap<TaskKey, TaskInstance>,
    graph: Option<DagGraph>,
}

impl Look {
    fn mark(&self, mark: &Mark) -> Observed {
        let seen = &mark.seen;
        let Some(now) = self.tasks.get(&seen.task) else {
            return Observed::Drifted(format!("{} is no longer in the run", seen.task));
        };
        if now.state.as_str() == mark.to.as_str() {
            // A mark leaves the try as it is (measured on both API generations): with a larger one it ran.
            return if now.try_number > seen.try_number {
                Observed::Drifted(format!("{} ran again and is {} by itself ({})", now.key, now.state, tries(now)))
            } else {
                Observed::Done
            };
        }
        if !seen.is_still(now) {
            return Observed::Drifted(moved(seen, now));
        }
        self.pending(mark.structure, &[&seen.task.task])
    }

    fn clear(&self, clear: &ClearTasks) -> Observed {
        let mut waiting: Vec<&Seen> = Vec::new();
        let mut left = Vec::new();
        for seen in &clear.tasks {
            // What had no state has none after a clear either: it says nothing.
            if seen.state == TaskState::NoStatus {
                continue;
            }
            match self.tasks.get(&seen.task) {
                None => {}
                Some(now) if now.try_number > seen.try_number => left.push(now),
                Some(now) if clear.which == Which::Failed && !now.state.is_failed() => left.push(now),
                Some(now) if clear.which == Which::Any && now.state != seen.state => left.push(now),
                Some(_) => waiting.push(seen),
            }
        }
        if clear.which == Which::Failed {
            self.leave_out_what_another_failure_holds(&mut waiting);
        }
        if waiting.is_empty() {
            return Observed::Done;
        }
        // Of what failed only that is taken which has not left meanwhile; but what has run again and failed anew would be
        // run once more than anybody asked for.
        left.retain(|now| clear.which == Which::Any || now.state.is_failed());
        if !left.is_empty() {
            let what = names(left.iter().map(|now| format!("{} ({}, {})", now.key, now.state, tries(now))));
            return Observed::Drifted(match clear.which {
                Which::Any => format!("somebody else cleared {what}"),
                Which::Failed => format!("{what} failed anew, and would run once more"),
            });
        }
        let ids = clear.ids();
        self.pending(clear.structure, &ids.iter().collect::<Vec<_>>())
    }

    /// What would be `upstream_failed` again at once has nothing to gain from a clear.
    fn leave_out_what_another_failure_holds(&self, waiting: &mut Vec<&Seen>) {
        let Some(graph) = self.graph.as_ref().filter(|_| !waiting.is_empty()) else { return };
        let tasks: Vec<TaskInstance> = self.tasks.values().cloned().collect();
        let ids = waiting.iter().map(|seen| seen.task.task.clone()).collect();
        let held = RunView::new(graph, &tasks).after_clear(ids, &DagKnowledge::default()).falls_back;
        waiting.retain(|seen| !held.contains_key(&seen.task.task));
    }

    fn set_run(&self, set: &SetRun) -> Observed {
        if self.run.state.as_str() == set.to.as_str() {
            return Observed::Done;
        }
        let going = |state: &RunState| matches!(state, RunState::Queued | RunState::Running);
        if self.run.state == set.seen || (going(&self.run.state) && going(&set.seen)) {
            return Observed::Pending;
        }
        Observed::Drifted(format!("the run was {}, and is {}", set.seen, self.run.state))
    }

    fn still(&self, still: &Still, alive: &[LiveJob], now: Option<SystemTime>) -> Observed {
        let live = self.tasks.values().any(|task| task.state.is_live());
        // A process of which nobody knows whose it is was asked about before; another run's is none of ours.
        let ours = |job: &LiveJob| job.ours == Some(true) || still.processes.iter().any(|known| known.id == job.id);
        if live || alive.iter().any(|job| ours(job) && job.is_alive()) {
            return Observed::InProgress;
        }
        let ends = alive.iter().filter(|job| ours(job)).filter_map(|job| job.ended_at);
        let last = self.tasks.values().filter_map(|task| task.ended_at).chain(self.run.ended_at).chain(ends).max();
        let now = now.and_then(|now| Timestamp::try_from(now).ok());
        let calm = SignedDuration::try_from(Still::FOR).unwrap_or(SignedDuration::ZERO);
        match (last, now) {
            (Some(last), Some(now)) if now.duration_since(last) >= calm => Observed::Done,
            (None, _) => Observed::Done,
            _ => Observed::InProgress,
        }
    }

    fn pending(&self, structure: Option<Digest>, tasks: &[&TaskId]) -> Observed {
        match (structure, &self.graph) {
            (Some(known), Some(graph)) if around(graph, tasks) != known => {
                Observed::Drifted(format!("the structure of {} changed around {}", self.run.key.dag, names(tasks)))
            }
            _ => Observed::Pending,
        }
    }
}

fn moved(seen: &Seen, now: &TaskInstance) -> String {
    format!("{} was {} (try {}), and is {} ({})", now.key, seen.state, seen.try_number, now.state, tries(now))
}

fn tries(task: &TaskInstance) -> String {
    format!("try {}", task.try_number)
}

/// A digest of the structure around some tasks: all that follows them, with the rules and the arrows of each.
pub fn around(graph: &DagGraph, tasks: &[&TaskId]) -> Digest {
    let mut part: std::collections::BTreeSet<&TaskId> = tasks.iter().copied().collect();
    for task in tasks {
        part.extend(graph.descendants(task));
    }
    let mut text = String::new();
    for id in part {
        let rule = graph.task(id).map_or("gone", |task| task.trigger_rule.as_str());
        let before: Vec<&str> = graph.upstream(id).map(TaskId::as_str).collect();
        // No id has a line feed or a tab.
        text.push_str(&format!("{id}\t{rule}\t{}\n", before.join("\t")));
    }
    Digest::of(text)
}
