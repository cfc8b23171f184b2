//! «Making downstream jobs run when an upstream job fails».

use std::collections::BTreeSet;

use airflow_client::{
    Clear, NewTaskState, RunKey, RunState, Spread, TaskFilter, TaskId, TaskInstance, TaskKey, TaskState, Which,
};
use jiff::{SignedDuration, Timestamp};
use ops_client::Result;
use ops_plan::{Draft, Finding, Obligation, Observed, Recipe};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::change::{ClearTasks, DagChange, Mark, Seen};
use super::forecast::{Forecast, RunView};
use super::opening::{self, Opened};
use super::{AirflowReads, AirflowWrites, DagKnowledge, look};
use crate::words::{count, names};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &[
    "making downstream jobs run when an upstream job fails",
    "upstream_failed",
    "downstream jobs do not run",
    "mark success and clear downstream",
];

/// How the id of the obligation begins; DAG, run and task follow.
const KEEP_OUT: &str = "keep-task-out-of-next-run";
/// A run follows the one before by a day, where Airflow does not tell (attested for the nightly run).
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// What phases are called.
const STUCK: &str = "what is still failed because of it";
const DOWNSCALES: &str = "green downscales of what runs again";

/// Passes over a task that failed, so that what follows it runs with an empty input.
///
/// The runbook: «Making downstream jobs run when an upstream job fails». The task is marked «success»; Airflow then clears
/// by itself every failed or `upstream_failed` descendant of the same run and sets the run going (measured): the plan foretells
/// exactly which. What Airflow leaves behind is cleared afterwards: what a known race left `upstream_failed`, and green tasks
/// that took machines away which are made again now.
///
/// What stops it: a task that is not in the run, that works, or that is well already; a credential without the right. What
/// it asks: whether a critical output may be empty (`critical`), and whether to go on although some descendants will be
/// `upstream_failed` again for another reason (`reruns`).
///
/// Undo marks the task «failed» again, and takes back nothing that has run since. It leaves the duty to keep the task out of
/// the next run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UnblockDownstream {
    /// The run.
    pub run: RunKey,
    /// The task to pass over.
    pub task: TaskKey,
    /// Who accepted that its output will be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<String>,
    /// What the configuration knows.
    #[serde(default)]
    pub knowledge: DagKnowledge,
}

impl UnblockDownstream {
    /// Passes over `task` in `run`.
    pub fn new(run: RunKey, task: impl Into<TaskKey>) -> Self {
        Self { run, task: task.into(), accepted_by: None, knowledge: DagKnowledge::default() }
    }

    /// With who accepted that its output will be empty.
    #[must_use]
    pub fn accepted_by(mut self, who: impl Into<String>) -> Self {
        self.accepted_by = Some(who.into());
        self
    }

    /// With what the configuration knows.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: DagKnowledge) -> Self {
        self.knowledge = knowledge;
        self
    }
}

impl Recipe for UnblockDownstream {
    const ID: &'static str = "unblock-downstream";
    const VERSION: u32 = 1;
    type Reads = AirflowReads;
    type Writes = AirflowWrites;
    type Action = DagChange;

    async fn plan(&self, reads: &AirflowReads, mut draft: Draft<DagChange>) -> Result<Draft<DagChange>> {
        let title = opening::title(&draft, &self.run, &format!("pass over {}", self.task));
        draft.title(title);
        let Some(opened) = opening::open(&mut draft, reads, &self.run).await? else { return Ok(draft) };
        let Some(task) = self.passable(&mut draft, &opened) else { return Ok(draft) };
        let view = RunView::new(&opened.graph, &opened.tasks);
        if task.state == TaskState::Success {
            self.only_what_is_stuck(&mut draft, &opened, &view);
            draft.finding(opening::right(reads, &self.run.dag).await);
            return Ok(draft);
        }
        let mut forecast = view.after_mark(&self.task, &self.knowledge);
        let told = self.foretold(reads, &mut forecast).await;
        draft.finding(told);
        for finding in self.guards(&view, &forecast) {
            draft.finding(finding);
        }
        draft.finding(self.empty(reads, &opened).await);
        draft.finding(opening::slot(reads, &opened.run).await);
        draft.finding(opening::right(reads, &self.run.dag).await);
        self.words(&mut draft, &forecast);
        let structure = Some(look::around(&opened.graph, &[&self.task.task]));
        // Where Airflow does not say, the run's own date has to do.
        let next_run = reads.airflow.dag(&self.run.dag).await.ok().and_then(|dag| dag.next_run);
        let to = NewTaskState::Success;
        let mark = Mark { run: self.run.clone(), seen: Seen::of(task), to, structure, next_run };
        draft.phase_at("pass over", 1, vec![DagChange::Mark(mark)]);
        // What falls back has nothing to gain from one more clear.
        let runs = forecast.runs().cloned().collect();
        draft.phase_at("follow up", 1, self.clear(&opened, &runs, Which::Failed, STUCK));
        draft.phase_at("machines", 1, self.clear(&opened, &forecast.green_downscales, Which::Any, DOWNSCALES));
        Ok(draft)
    }

    async fn observe(&self, reads: &AirflowReads, actions: &[&DagChange]) -> Result<Vec<Observed>> {
        look::observe(reads, &self.run, actions).await
    }

    async fn perform(&self, writes: &AirflowWrites, action: &DagChange) -> Result<()> {
        action.perform(writes).await
    }

    async fn verify(&self, reads: &AirflowReads, done: &[&DagChange]) -> Result<Vec<Finding>> {
        let run = reads.airflow.dag_run(&self.run).await?;
        let graph = reads.airflow.graph(&self.run.dag).await?;
        let tasks = reads.airflow.task_instances(&self.run, &TaskFilter::all()).await?;
        let view = RunView::new(&graph, &tasks);
        let mut findings = Vec::new();
        for action in done {
            match action {
                DagChange::Mark(mark) => findings.push(marked(mark, &tasks)),
                DagChange::Clear(clear) if clear.which == Which::Failed => findings.push(left(clear, &view, &tasks)),
                DagChange::Clear(clear) => findings.extend(clear.ids().iter().map(|id| after(id, &view, &tasks))),
                _ => {}
            }
        }
        if run.state == RunState::Queued {
            findings.push(Finding::warn("slot", "the run waits in the queue for a free place; it goes on by itself"));
        } else {
            findings.push(Finding::pass("run", format!("the run is {}", run.state)));
        }
        Ok(findings)
    }

    fn undo(&self, action: &DagChange, _before: Option<&RawValue>) -> Option<DagChange> {
        let DagChange::Mark(mark) = action else { return None };
        let seen = Seen { state: mark.to_state(), ..mark.seen.clone() };
        let to = NewTaskState::Failed;
        Some(DagChange::Mark(Mark { run: mark.run.clone(), seen, to, structure: None, next_run: None }))
    }

    async fn review_undo(&self, reads: &AirflowReads, mut draft: Draft<DagChange>) -> Result<Draft<DagChange>> {
        let title = opening::title(&draft, &self.run, &format!("mark {} failed again", self.task));
        draft.title(title);
        if draft.actions().is_empty() {
            return Ok(draft);
        }
        let Some(opened) = opening::open(&mut draft, reads, &self.run).await? else { return Ok(draft) };
        let below = RunView::new(&opened.graph, &opened.tasks).after_mark(&self.task, &self.knowledge).cleared;
        if !below.is_empty() {
            let text = format!("Airflow clears what follows and failed on this mark, too: {}", names(below));
            draft.finding(Finding::warn("besides", text).with_advice("most of it will be upstream_failed"));
        }
        draft.finding(opening::right(reads, &self.run.dag).await);
        draft.note("What ran since stays as it ran, and what is going on goes on: this only tells the truth about the task again.");
        draft.later("Stop what must not go on with `stop-run`, or kill its jobs one by one.");
        Ok(draft)
    }

    fn obligation(&self, action: &DagChange) -> Option<Obligation> {
        let DagChange::Mark(mark) = action else { return None };
        if mark.to != NewTaskState::Success {
            return None;
        }
        let what = format!(
            "keep {} out of the next run: tell its owner, comment it out, deploy after this run ends",
            self.task.task
        );
        let mut obligation = Obligation::new(self.debt(), what);
        if let Some(owner) = self.knowledge.owner(&self.task.task) {
            obligation = obligation.with_owner(owner);
        }
        match mark.next_run.or_else(|| mark_deadline(&self.run)) {
            Some(deadline) => Some(obligation.with_deadline(deadline)),
            None => Some(obligation),
        }
    }

    /// Settled when the DAG no longer has the task.
    async fn still_owed(&self, reads: &AirflowReads, obligation: &Obligation) -> Result<bool> {
        if obligation.id != self.debt() {
            return Ok(true);
        }
        match reads.airflow.graph(&self.run.dag).await {
            Ok(graph) => Ok(graph.contains(&self.task.task)),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl UnblockDownstream {
    fn debt(&self) -> String {
        format!("{KEEP_OUT}/{}/{}/{}", self.run.dag, self.run.run, self.task)
    }

    /// The task, if it may be passed over. Otherwise the draft says why not.
    fn passable<'a>(&self, draft: &mut Draft<DagChange>, opened: &'a Opened) -> Option<&'a TaskInstance> {
        let block = |draft: &mut Draft<DagChange>, text: String, advice: &'static str| {
            draft.finding(Finding::block("task", text).with_advice(advice));
            None
        };
        if !opened.graph.contains(&self.task.task) {
            let text = format!("{} has no task {}", self.run.dag, self.task.task);
            return block(draft, text, "look it up in the DAG; the id of a group is none");
        }
        let Some(task) = opened.tasks.iter().find(|task| task.key == self.task) else {
            let indexes: Vec<String> = opened.instances(&self.task.task).map(|task| task.key.to_string()).collect();
            if indexes.is_empty() {
                let text = format!("{} is not in this run", self.task);
                return block(draft, text, "the run began before the task was there, or has not reached it");
            }
            let text = format!("{} is mapped: say which of {}", self.task, names(&indexes));
            return block(draft, text, "one instance is passed over at a time");
        };
        let seen = Seen::of(task);
        match &task.state {
            TaskState::Failed | TaskState::UpstreamFailed => {
                draft.finding(Finding::pass("task", seen.to_string()));
            }
            TaskState::UpForRetry => {
                let text = format!("{seen} would be tried again by itself; that try will not happen");
                draft.finding(Finding::warn("task", text).with_advice("wait for it, if it may still work"));
            }
            TaskState::Success => {}
            TaskState::Running | TaskState::Restarting | TaskState::Queued | TaskState::Deferred => {
                return block(draft, format!("{seen} is at work"), "kill its job first, and plan again");
            }
            _ => {
                let text = format!("{seen} has not failed");
                return block(draft, text, "nothing needs to be passed over; wait until its turn has come");
            }
        }
        Some(task)
    }

    /// The task is well already: only what the race left is mended.
    fn only_what_is_stuck(&self, draft: &mut Draft<DagChange>, opened: &Opened, view: &RunView<'_>) {
        let below = opened.graph.descendants(&self.task.task);
        let stuck: BTreeSet<TaskId> = view.stuck().into_iter().filter(|id| below.contains(id)).collect();
        if stuck.is_empty() {
            let text = format!("nothing to do: {} is success, and nothing that follows it is stuck", self.task);
            draft.finding(Finding::pass("task", text));
            return;
        }
        let text = format!(
            "{} is success already, and {} stuck in upstream_failed although all before is well: {}",
            self.task,
            count(stuck.len(), "task"),
            names(&stuck)
        );
        draft.finding(Finding::warn("task", text).with_advice("a known race of Airflow; they are cleared again"));
        draft.phase_at("follow up", 1, self.clear(opened, &stuck, Which::Failed, STUCK));
    }

    /// Asks the server's own dry run what will be cleared; where it may not be asked, our own word counts.
    async fn foretold(&self, reads: &AirflowReads, forecast: &mut Forecast) -> Finding {
        const GUARD: &str = "foretold";
        let clear = Clear::failed(self.run.clone(), [self.task.task.clone()]).spread(Spread::none().downstream());
        let asked = reads.writer.as_ref().unwrap_or(&reads.airflow);
        let told = match asked.preview_clear(&clear).await {
            Ok(told) => told,
            Err(error) => {
                let text = format!("computed from the DAG and its states; Airflow's dry run cannot be asked: {error}");
                return Finding::warn(GUARD, text);
            }
        };
        let told: BTreeSet<TaskId> =
            told.into_iter().map(|told| told.task).filter(|task| *task != self.task.task).collect();
        if told == forecast.cleared {
            let text = format!("Airflow will clear {} by itself: {}", count(told.len(), "task"), names(&told));
            return Finding::pass(GUARD, text);
        }
        let text = format!(
            "Airflow's dry run names other tasks than the DAG's states say: it also has {}, it lacks {}",
            named_or_none(told.difference(&forecast.cleared)),
            named_or_none(forecast.cleared.difference(&told))
        );
        forecast.cleared.extend(told);
        Finding::warn(GUARD, text).with_advice("the run is moving, or was changed by a deploy: plan again in a moment")
    }

    fn guards(&self, view: &RunView<'_>, forecast: &Forecast) -> Vec<Finding> {
        let mut findings = Vec::new();
        let task = &self.task.task;
        findings.push(if self.knowledge.is_critical(task) {
            let right = "right when the owner accepts an empty output; otherwise the cause must be mended at once";
            Finding::ask("critical", format!("{task} is critical"), right)
        } else {
            Finding::pass("critical", format!("{task} is not on the list of critical tasks"))
        });
        if !forecast.falls_back.is_empty() {
            let blame: BTreeSet<&TaskId> = forecast.falls_back.values().flatten().collect();
            let text = format!(
                "{} will be upstream_failed again because of {}: {}",
                count(forecast.falls_back.len(), "task"),
                names(blame),
                names(forecast.falls_back.keys())
            );
            let right = "right when the rest is worth running now; or pass over that task too, first";
            findings.push(Finding::ask("reruns", text, right));
        }
        if !forecast.failed_itself.is_empty() {
            let text = format!("failed by itself, and runs again besides: {}", names(&forecast.failed_itself));
            findings.push(Finding::warn("besides", text));
        }
        findings.extend(opening::machines_gone(forecast));
        let below = view.graph().descendants(task);
        let watched: Vec<&TaskId> =
            below.into_iter().filter(|id| self.knowledge.is_critical(id) || self.knowledge.is_serving(id)).collect();
        if !watched.is_empty() {
            let text = format!("critical or serving, and fed with what is missing: {}", names(watched));
            findings.push(Finding::warn("downstream", text).with_advice("tell their owners before"));
        }
        if forecast.cleared.is_empty() {
            let text =
                "nothing that follows it is failed or upstream_failed: the mark alone changes nothing downstream";
            findings.push(Finding::warn("besides", text));
        }
        findings
    }

    /// What will be read as empty.
    async fn empty(&self, reads: &AirflowReads, opened: &Opened) -> Finding {
        const GUARD: &str = "empty";
        let task = &self.task.task;
        let Some(outputs) = &reads.outputs else {
            return Finding::warn(
                GUARD,
                format!("what {task} writes was not looked at: whatever it is, it is missing"),
            );
        };
        match outputs.outputs(&opened.run, std::slice::from_ref(task)).await {
            Err(error) => Finding::warn(GUARD, format!("what {task} wrote cannot be looked at: {error}")),
            Ok(None) => Finding::warn(GUARD, format!("what {task} writes is not configured")),
            Ok(Some(all)) if all.is_empty() => Finding::pass(GUARD, format!("{task} writes no dataset")),
            Ok(Some(all)) => {
                let names_of = |committed| {
                    names(all.iter().filter(|output| output.committed == committed).map(|output| &output.dataset))
                };
                let missing = all.iter().filter(|output| !output.committed).count();
                if missing == 0 {
                    let text = format!("all that {task} writes is committed: {}", names_of(true));
                    return Finding::pass(GUARD, text);
                }
                let mut text = format!("will be empty downstream: {}", names_of(false));
                if missing < all.len() {
                    text.push_str(&format!("; committed all the same, so not empty: {}", names_of(true)));
                }
                Finding::warn(GUARD, text)
            }
        }
    }

    fn words(&self, draft: &mut Draft<DagChange>, forecast: &Forecast) {
        let who = self.accepted_by.as_ref().map_or(String::new(), |who| format!(" Accepted by {who}."));
        draft.note(format!("What follows {} runs as if it had worked: with no input from it.{who}", self.task));
        if !forecast.cleared.is_empty() {
            draft.note(format!(
                "The mark alone makes Airflow clear these and set the run going: {}.",
                forecast.cleared.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            ));
        }
        if !forecast.green_downscales.is_empty() {
            draft.note(format!(
                "Green, and cleared once what they wait for has left its end, or their machines would stay: {}.",
                names(&forecast.green_downscales)
            ));
        }
        let owner = self.knowledge.owner(&self.task.task).unwrap_or("the owner (not configured)");
        draft.later(format!("Tell {owner}: {} was passed over in this run.", self.task));
        draft
            .later("Keep it out of the next run: comment it out or remove the model; deploy only after this run ends.");
    }

    fn clear(&self, opened: &Opened, ids: &BTreeSet<TaskId>, which: Which, what: &str) -> Vec<DagChange> {
        let tasks: Vec<Seen> = opened
            .tasks
            .iter()
            .filter(|task| ids.contains(&task.key.task))
            .filter(|task| which == Which::Any || task.state.is_failed())
            .map(Seen::of)
            .collect();
        if tasks.is_empty() {
            return Vec::new();
        }
        let all: Vec<&TaskId> = ids.iter().collect();
        vec![DagChange::Clear(ClearTasks {
            run: self.run.clone(),
            structure: Some(look::around(&opened.graph, &all)),
            tasks,
            which,
            on_latest_version: false,
            what: what.to_owned(),
            holds: None,
        })]
    }
}

impl Mark {
    fn to_state(&self) -> TaskState {
        TaskState::from(self.to.as_str())
    }
}

/// The next run begins a day after this one did, as far as its id tells.
fn mark_deadline(run: &RunKey) -> Option<Timestamp> {
    // `scheduled__2026-11-24T00:00:00+00:00`: about that day, begun a day later; the next one a day after that.
    let about: Timestamp = run.run.as_str().split_once("__")?.1.parse().ok()?;
    about.checked_add(A_DAY).ok()?.checked_add(A_DAY).ok()
}

fn named_or_none<'a>(all: impl Iterator<Item = &'a TaskId>) -> String {
    let all: Vec<&TaskId> = all.collect();
    if all.is_empty() { "none".to_owned() } else { names(all) }
}

fn marked(mark: &Mark, tasks: &[TaskInstance]) -> Finding {
    let now = tasks.iter().find(|task| task.key == mark.seen.task);
    match now {
        Some(now) if now.state.as_str() == mark.to.as_str() => {
            Finding::pass("marked", format!("{} is {}", now.key, now.state))
        }
        Some(now) => Finding::block("marked", format!("{} is {}, not {}", now.key, now.state, mark.to)),
        None => Finding::block("marked", format!("{} is no longer in the run", mark.seen.task)),
    }
}

/// Whether all have left `failed` and `upstream_failed`, or run again and failed anew, or wait for another failure.
fn left(clear: &ClearTasks, view: &RunView<'_>, tasks: &[TaskInstance]) -> Finding {
    let stuck = view.stuck();
    let stuck: Vec<&TaskId> =
        clear.tasks.iter().map(|seen| &seen.task.task).filter(|task| stuck.contains(*task)).collect();
    if !stuck.is_empty() {
        let text = format!("stuck in upstream_failed although all before is well: {}", names(stuck));
        return Finding::block("follow-up", text).with_advice("a known race of Airflow: run this recipe once more");
    }
    let still = clear.tasks.iter().filter(|seen| {
        let now = tasks.iter().find(|task| task.key == seen.task);
        now.is_some_and(|now| now.state.is_failed() && now.try_number <= seen.try_number)
    });
    let still: Vec<&TaskKey> = still.map(|seen| &seen.task).collect();
    if still.is_empty() {
        Finding::pass("follow-up", format!("{} cleared, and no longer failed", count(clear.tasks.len(), "task")))
    } else {
        Finding::warn("follow-up", format!("failed again for another reason: {}", names(still)))
    }
}

/// Whether a downscale that was cleared ended after its job.
fn after(id: &TaskId, view: &RunView<'_>, tasks: &[TaskInstance]) -> Finding {
    const GUARD: &str = "machines";
    let state = view.state(id);
    if state != TaskState::Success {
        return Finding::pass(GUARD, format!("{id} is {state}: it runs when its job has ended"));
    }
    let started = tasks.iter().filter(|task| task.key.task == *id).filter_map(|task| task.started_at).min();
    let before: Vec<&TaskId> = view.graph().upstream(id).collect();
    let ended = tasks.iter().filter(|task| before.contains(&&task.key.task)).filter_map(|task| task.ended_at).max();
    let open = before.iter().any(|task| !view.state(task).is_final());
    if open || started < ended {
        return Finding::block(GUARD, format!("{id} was done before its job ended: its machines may stay"))
            .with_advice("clear it again when the job has ended: `release-machines`");
    }
    Finding::pass(GUARD, format!("{id} ended after its job"))
}
