//! Running tasks of a run again: what «Re-deploying the DAG during a run» ends with.

use std::collections::BTreeSet;

use airflow_client::{RunKey, TaskFilter, TaskId, TaskState, Which};
use ops_client::Result;
use ops_plan::{Draft, Finding, Observed, Recipe};
use serde::{Deserialize, Serialize};

use super::change::{ClearTasks, DagChange, Seen};
use super::forecast::RunView;
use super::opening::{self, Opened};
use super::{AirflowReads, AirflowWrites, DagKnowledge, look};
use crate::words::{count, names};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &["clear and rerun", "run the task again", "clear the job in airflow"];

/// What the phase is called.
const WHAT: &str = "to run again";

/// Runs tasks of a run again, with all that hangs on them.
///
/// One clear, so that the scheduler never sees half of it: the tasks that are named, what follows them and is failed,
/// `upstream_failed` or skipped, and green tasks that would have to take machines away once more. What follows and is well stays.
///
/// What stops it: a task that the DAG does not have, one that works now (kill its job first); a credential without the right.
/// What it asks: whether to go on although some will be `upstream_failed` again for another reason (`reruns`).
///
/// Other recipes embed it: its action is [`DagChange`], which looks and performs by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClearAndRerun {
    /// The run.
    pub run: RunKey,
    /// The tasks.
    pub tasks: Vec<TaskId>,
    /// Whether they run the DAG's newest version instead of the one that the run is pinned to (Airflow 3.1 and later, where
    /// bundles are versioned).
    #[serde(default)]
    pub on_latest_version: bool,
    /// What the configuration knows.
    #[serde(default)]
    pub knowledge: DagKnowledge,
}

impl ClearAndRerun {
    /// Runs these tasks of `run` again.
    pub fn new(run: RunKey, tasks: Vec<TaskId>) -> Self {
        Self { run, tasks, on_latest_version: false, knowledge: DagKnowledge::default() }
    }

    /// With the DAG's newest version.
    #[must_use]
    pub fn on_latest_version(mut self) -> Self {
        self.on_latest_version = true;
        self
    }

    /// With what the configuration knows.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: DagKnowledge) -> Self {
        self.knowledge = knowledge;
        self
    }

    /// The tasks, and what follows them and did not work.
    fn closure(&self, view: &RunView<'_>) -> BTreeSet<TaskId> {
        let mut all: BTreeSet<TaskId> = self.tasks.iter().cloned().collect();
        for task in &self.tasks {
            let below = view.graph().descendants(task).into_iter();
            all.extend(below.filter(|id| view.state(id).is_failed() || view.state(id) == TaskState::Skipped).cloned());
        }
        all
    }
}

impl Recipe for ClearAndRerun {
    const ID: &'static str = "clear-and-rerun";
    const VERSION: u32 = 1;
    type Reads = AirflowReads;
    type Writes = AirflowWrites;
    type Action = DagChange;

    async fn plan(&self, reads: &AirflowReads, mut draft: Draft<DagChange>) -> Result<Draft<DagChange>> {
        let title = opening::title(&draft, &self.run, &format!("run again {}", names(&self.tasks)));
        draft.title(title);
        let Some(opened) = opening::open(&mut draft, reads, &self.run).await? else { return Ok(draft) };
        if !self.tasks_are_known(&mut draft, &opened) {
            return Ok(draft);
        }
        let view = RunView::new(&opened.graph, &opened.tasks);
        let mut all = self.closure(&view);
        let downscales = view.after_clear(all.clone(), &self.knowledge);
        if let Some(finding) = opening::machines_gone(&downscales) {
            draft.finding(finding);
        }
        all.extend(downscales.green_downscales);
        let live: Vec<String> = opened
            .tasks
            .iter()
            .filter(|task| all.contains(&task.key.task) && task.state.is_live() && task.state != TaskState::UpForRetry)
            .map(|task| Seen::of(task).to_string())
            .collect();
        if !live.is_empty() {
            let text = format!("at work: {}", names(live));
            let advice =
                "kill its job and wait until it has ended: Airflow 2 would say that it cleared it, and leave it alone";
            draft.finding(Finding::block("live", text).with_advice(advice));
            return Ok(draft);
        }
        let forecast = view.after_clear(all.clone(), &self.knowledge);
        if !forecast.falls_back.is_empty() {
            let blame: BTreeSet<&TaskId> = forecast.falls_back.values().flatten().collect();
            let text = format!(
                "{} will be upstream_failed again because of {}: {}",
                count(forecast.falls_back.len(), "task"),
                names(blame),
                names(forecast.falls_back.keys())
            );
            let right = "right when the rest is worth running now; or run what failed again, too";
            draft.finding(Finding::ask("reruns", text, right));
        }
        let critical: Vec<&TaskId> = all.iter().filter(|id| self.knowledge.is_serving(id)).collect();
        if !critical.is_empty() {
            let text = format!("serving, and fed once more: {}", names(critical));
            draft.finding(Finding::warn("downstream", text).with_advice("tell their owners before"));
        }
        if self.on_latest_version {
            draft.note("They run the DAG's newest version, also where the run is pinned to an older one.");
        } else if let Some(version) = &opened.run.bundle_version {
            draft.note(format!("The run is pinned to version {version} of the DAG's files: they run that one again."));
        }
        draft
            .note(format!("Cleared together: {}.", all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")));
        draft.finding(opening::slot(reads, &opened.run).await);
        draft.finding(opening::right(reads, &self.run.dag).await);
        let ids: Vec<&TaskId> = all.iter().collect();
        draft.phase_at(
            "clear",
            1,
            vec![DagChange::Clear(ClearTasks {
                run: self.run.clone(),
                structure: Some(look::around(&opened.graph, &ids)),
                tasks: opened.tasks.iter().filter(|task| all.contains(&task.key.task)).map(Seen::of).collect(),
                which: Which::Any,
                on_latest_version: self.on_latest_version,
                what: WHAT.to_owned(),
                holds: None,
            })],
        );
        Ok(draft)
    }

    async fn observe(&self, reads: &AirflowReads, actions: &[&DagChange]) -> Result<Vec<Observed>> {
        look::observe(reads, &self.run, actions).await
    }

    async fn perform(&self, writes: &AirflowWrites, action: &DagChange) -> Result<()> {
        action.perform(writes).await
    }

    async fn verify(&self, reads: &AirflowReads, done: &[&DagChange]) -> Result<Vec<Finding>> {
        let tasks = reads.airflow.task_instances(&self.run, &TaskFilter::all()).await?;
        let graph = reads.airflow.graph(&self.run.dag).await?;
        let view = RunView::new(&graph, &tasks);
        let mut findings = Vec::new();
        for clear in
            done.iter().filter_map(|action| if let DagChange::Clear(clear) = action { Some(clear) } else { None })
        {
            let began =
                |seen: &Seen| tasks.iter().any(|task| task.key == seen.task && task.try_number > seen.try_number);
            let named: Vec<&Seen> = clear.tasks.iter().filter(|seen| self.tasks.contains(&seen.task.task)).collect();
            for seen in named {
                let state = view.state(&seen.task.task);
                let waits = graph.upstream(&seen.task.task).any(|before| !view.state(before).is_final());
                let id = &seen.task;
                findings.push(if began(seen) {
                    Finding::pass("new-try", format!("{id} has a new try, and is {state}"))
                } else if waits {
                    Finding::pass("new-try", format!("{id} is {state}: it waits for what comes before it"))
                } else if state == TaskState::NoStatus || state.is_live() {
                    Finding::warn("new-try", format!("{id} is {state}: its new try has not begun yet"))
                } else {
                    Finding::block("new-try", format!("{id} is {state}, without a new try"))
                });
            }
        }
        Ok(findings)
    }
}

impl ClearAndRerun {
    fn tasks_are_known(&self, draft: &mut Draft<DagChange>, opened: &Opened) -> bool {
        if self.tasks.is_empty() {
            draft.finding(Finding::block("task", "no task is named").with_advice("name at least one"));
            return false;
        }
        let unknown: Vec<&TaskId> = self.tasks.iter().filter(|id| !opened.graph.contains(id)).collect();
        if !unknown.is_empty() {
            let text = format!("{} has no task {}", self.run.dag, names(unknown));
            draft.finding(Finding::block("task", text).with_advice("look it up in the DAG; the id of a group is none"));
            return false;
        }
        let absent: Vec<&TaskId> = self.tasks.iter().filter(|id| opened.instances(id).next().is_none()).collect();
        if !absent.is_empty() {
            let text = format!("not in this run: {}", names(absent));
            let advice = "the run began before these tasks were there";
            draft.finding(Finding::block("task", text).with_advice(advice));
            return false;
        }
        true
    }
}
