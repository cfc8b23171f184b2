//! «Keep machines up after a model fails»: releasing them.

use airflow_client::{RunKey, TaskFilter, TaskId, TaskInstance, TaskState, Which};
use ops_client::Result;
use ops_plan::{Draft, Finding, Obligation, Observed, Recipe};
use serde::{Deserialize, Serialize};

use super::change::{ClearTasks, DagChange, Seen};
use super::forecast::RunView;
use super::opening;
use super::{AirflowReads, AirflowWrites, DagKnowledge, look};
use crate::words::{count, names, when};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &["machines are still up", "forgotten downscale", "release the machines"];

/// How the id of the obligation begins; DAG, run, task and try follow.
const RELEASE: &str = "release-machines";
/// What the phase is called.
const WHAT: &str = "machines that are kept";

/// Lets the tasks run that take machines away, after a hold or a stopped run.
///
/// The runbook: «Keep machines up after a model fails», its last step. One clear of the tasks that were passed over; they
/// run when the job before them has ended, at once where it has (measured). The run is set going for it and ends as it ended
/// before, so that alerts may fire once more.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReleaseMachines {
    /// The run.
    pub run: RunKey,
    /// The tasks that take the machines away; empty is all that are held in this run.
    pub downscales: Vec<TaskId>,
    /// What the configuration knows.
    #[serde(default)]
    pub knowledge: DagKnowledge,
}

impl ReleaseMachines {
    /// Lets these tasks of `run` take their machines away.
    pub fn new(run: RunKey, downscales: Vec<TaskId>) -> Self {
        Self { run, downscales, knowledge: DagKnowledge::default() }
    }

    /// Lets all of `run` take their machines away that are held: named so, or passed over without having run.
    pub fn all_held(run: RunKey) -> Self {
        Self::new(run, Vec::new())
    }

    /// With what the configuration knows.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: DagKnowledge) -> Self {
        self.knowledge = knowledge;
        self
    }

    /// The tasks of a run that would take machines away and did not run: marked, or skipped.
    fn held<'a>(&self, tasks: &'a [TaskInstance]) -> Vec<&'a TaskInstance> {
        tasks
            .iter()
            .filter(|task| self.knowledge.takes_machines(&task.key.task))
            .filter(|task| match task.state {
                TaskState::Skipped => true,
                // What was marked took no time.
                TaskState::Success => task.try_number == 0 || task.started_at == task.ended_at,
                _ => false,
            })
            .collect()
    }
}

impl Recipe for ReleaseMachines {
    const ID: &'static str = "release-machines";
    const VERSION: u32 = 1;
    type Reads = AirflowReads;
    type Writes = AirflowWrites;
    type Action = DagChange;

    async fn plan(&self, reads: &AirflowReads, mut draft: Draft<DagChange>) -> Result<Draft<DagChange>> {
        let title = opening::title(&draft, &self.run, "release machines that are kept");
        draft.title(title);
        let Some(opened) = opening::open(&mut draft, reads, &self.run).await? else { return Ok(draft) };
        let view = RunView::new(&opened.graph, &opened.tasks);
        let unknown: Vec<&TaskId> = self.downscales.iter().filter(|id| !opened.graph.contains(id)).collect();
        if !unknown.is_empty() {
            let text = format!("{} has no task {}", self.run.dag, names(unknown));
            draft.finding(Finding::block("task", text).with_advice("look it up in the DAG; the id of a group is none"));
            return Ok(draft);
        }
        let chosen: Vec<&TaskInstance> = if self.downscales.is_empty() {
            self.held(&opened.tasks)
        } else {
            opened.tasks.iter().filter(|task| self.downscales.contains(&task.key.task)).collect()
        };
        let live: Vec<&TaskInstance> = chosen.iter().copied().filter(|task| task.state.is_live()).collect();
        if !live.is_empty() {
            let text = format!("at work already: {}", names(live.iter().map(|task| &task.key)));
            draft.finding(Finding::pass("held", text));
        }
        let waiting: Vec<&TaskInstance> =
            chosen.iter().copied().filter(|task| task.state == TaskState::NoStatus).collect();
        if !waiting.is_empty() {
            let text =
                format!("run by themselves when their job has ended: {}", names(waiting.iter().map(|task| &task.key)));
            draft.finding(Finding::pass("held", text));
        }
        let held: Vec<&TaskInstance> = chosen.into_iter().filter(|task| task.state.is_final()).collect();
        if held.is_empty() {
            draft.finding(Finding::pass("held", "nothing to do: no machines are held in this run"));
            return Ok(draft);
        }
        let title = opening::title(
            &draft,
            &self.run,
            &format!("release the machines of {}", names(held.iter().map(|task| &task.key))),
        );
        draft.title(title);
        for task in &held {
            let since = task.ended_at.map_or("an unknown time".to_owned(), |at| when(at, draft.now()));
            draft.note(format!("{} is {} since {since}.", task.key, task.state));
            draft.settles(debt(&self.run, &task.key.task, task.try_number));
        }
        let before: Vec<&TaskId> = held
            .iter()
            .flat_map(|task| opened.graph.upstream(&task.key.task))
            .filter(|id| !view.state(id).is_final())
            .collect();
        if before.is_empty() {
            draft.note("They run at once: what they wait for has ended.");
        } else {
            draft.note(format!("They wait until these have ended: {}.", names(before)));
        }
        if opened.run.state.is_final() {
            draft.note(format!(
                "The run is set going for it, and then is {} again: alerts may fire once more.",
                opened.run.state
            ));
        }
        draft.finding(opening::slot(reads, &opened.run).await);
        draft.finding(opening::right(reads, &self.run.dag).await);
        let mut ids: Vec<&TaskId> = held.iter().map(|task| &task.key.task).collect();
        ids.sort_unstable();
        ids.dedup();
        draft.phase_at(
            "release",
            1,
            vec![DagChange::Clear(ClearTasks {
                run: self.run.clone(),
                structure: Some(look::around(&opened.graph, &ids)),
                tasks: held.iter().map(|task| Seen::of(task)).collect(),
                which: Which::Any,
                on_latest_version: false,
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
        let mut findings = Vec::new();
        for clear in
            done.iter().filter_map(|action| if let DagChange::Clear(clear) = action { Some(clear) } else { None })
        {
            for seen in &clear.tasks {
                let now = tasks.iter().find(|task| task.key == seen.task);
                findings.push(match now {
                    Some(now) if now.state == TaskState::Success && now.try_number > seen.try_number => {
                        Finding::pass("released", format!("{} has run", now.key))
                    }
                    Some(now) if now.state.is_failed() => {
                        Finding::block("released", format!("{} is {}: its machines stay", now.key, now.state))
                            .with_advice("look at its log, and release again")
                    }
                    Some(now) => Finding::pass("released", format!("{} is {}, and runs by itself", now.key, now.state)),
                    None => Finding::block("released", format!("{} is no longer in the run", seen.task)),
                });
            }
        }
        let rest = self.held(&tasks);
        if !rest.is_empty() {
            let text = format!(
                "{} still held in this run: {}",
                count(rest.len(), "task"),
                names(rest.iter().map(|task| &task.key))
            );
            findings.push(Finding::warn("rest", text));
        }
        Ok(findings)
    }

    async fn still_owed(&self, reads: &AirflowReads, obligation: &Obligation) -> Result<bool> {
        released(reads, &self.run, &obligation.id).await.map(|released| !released)
    }
}

/// The id of what is owed for one task that was passed over at one try.
pub(crate) fn debt(run: &RunKey, task: &TaskId, try_number: u32) -> String {
    format!("{RELEASE}/{}/{}/{task}@{try_number}", run.dag, run.run)
}

/// Whether the task of such an id has really run since, whoever let it.
pub(crate) async fn released(reads: &AirflowReads, run: &RunKey, id: &str) -> Result<bool> {
    let prefix = format!("{RELEASE}/{}/{}/", run.dag, run.run);
    let Some((task, at)) = id.strip_prefix(&prefix).and_then(|rest| rest.rsplit_once('@')) else { return Ok(false) };
    let (Ok(task), Ok(at)) = (task.parse::<TaskId>(), at.parse::<u32>()) else { return Ok(false) };
    let instances = match reads.airflow.task_instances(run, &TaskFilter::all().of([task])).await {
        Ok(instances) => instances,
        // The run is forgotten: nothing of Airflow's will release anything.
        Err(error) if error.is_not_found() => return Ok(false),
        Err(error) => return Err(error),
    };
    let ran = |task: &TaskInstance| task.state == TaskState::Success && task.try_number > at;
    Ok(!instances.is_empty() && instances.iter().all(ran))
}
