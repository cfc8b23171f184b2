//! Stopping a run: first nothing new, then the jobs, then proof that nothing is left.

use std::collections::BTreeMap;

use airflow_client::{NewRunState, RunKey, RunState, TaskFilter, TaskId, TaskInstance, TaskState};
use ops_client::Result;
use ops_plan::{Draft, Finding, Obligation, Observed, Recipe};
use serde::{Deserialize, Serialize};

use super::change::{DagChange, Kill, SetRun, Still};
use super::cluster::LiveJob;
use super::forecast::RunView;
use super::opening::{self, Opened};
use super::release_machines::ReleaseMachines;
use super::{AirflowReads, AirflowWrites, DagKnowledge, look};
use crate::words::{count, names};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &["stop the run", "stop a running dag", "pause the run", "set the dag run as failed"];

/// How the id of the obligation begins; DAG and run follow.
const MACHINES: &str = "machines-of-stopped-run";

/// Stops a run: nothing of it starts any more, its jobs are killed, and nothing of it is left at work.
///
/// The order matters. The run is set failed *first*: a job that is killed before is started again by its retries. Then exactly
/// the processes that were captured are killed. Then it is looked until nothing was live for 60 s: a task that was in the queue
/// still runs to its end on Airflow 2 (measured). All that has to be known is read before: afterwards nothing is left to list.
///
/// What stops it: a run that has ended. What it asks: jobs of which nobody knows whose run they are (`live-writer`), and jobs
/// that cannot be seen at all (`no-evidence`). Setting the run failed skips what was not reached, tasks that take machines away
/// included (measured): that their machines stay is left as a duty.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StopRun {
    /// The run.
    pub run: RunKey,
    /// What the configuration knows.
    #[serde(default)]
    pub knowledge: DagKnowledge,
}

impl StopRun {
    /// Stops `run`.
    pub fn new(run: RunKey) -> Self {
        Self { run, knowledge: DagKnowledge::default() }
    }

    /// With what the configuration knows.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: DagKnowledge) -> Self {
        self.knowledge = knowledge;
        self
    }
}

impl Recipe for StopRun {
    const ID: &'static str = "stop-run";
    const VERSION: u32 = 1;
    type Reads = AirflowReads;
    type Writes = AirflowWrites;
    type Action = DagChange;

    async fn plan(&self, reads: &AirflowReads, mut draft: Draft<DagChange>) -> Result<Draft<DagChange>> {
        let title = opening::title(&draft, &self.run, "stop the run");
        draft.title(title);
        let Some(opened) = opening::open(&mut draft, reads, &self.run).await? else { return Ok(draft) };
        let view = RunView::new(&opened.graph, &opened.tasks);
        let live: Vec<&TaskInstance> = opened.tasks.iter().filter(|task| task.state.is_live()).collect();
        if opened.run.state.is_final() && live.is_empty() {
            draft.finding(Finding::pass(
                "run",
                format!("nothing to do: the run is {}, and nothing is live", opened.run.state),
            ));
            return Ok(draft);
        }
        if !live.is_empty() {
            let all = names(live.iter().map(|task| format!("{} ({})", task.key, task.state)));
            draft.note(format!("At work or about to be: {all}."));
        }
        let skipped: Vec<&TaskInstance> = opened
            .tasks
            .iter()
            .filter(|task| matches!(task.state, TaskState::NoStatus | TaskState::Scheduled | TaskState::UpForRetry))
            .collect();
        if !skipped.is_empty() {
            let all = names(skipped.iter().map(|task| &task.key));
            draft.note(format!("Will be skipped ({}): {all}.", count(skipped.len(), "task")));
        }
        let Some((kills, watched, jobs)) = self.jobs(&mut draft, reads, &opened, &view).await else { return Ok(draft) };
        draft.finding(opening::right(reads, &self.run.dag).await);
        let leaves_machines = self.machines(&view, &skipped);
        if !leaves_machines.is_empty() {
            let text = format!("machines stay, because what takes them away is skipped: {}", names(&leaves_machines));
            draft.finding(Finding::warn("machines", text).with_advice("release them afterwards: `release-machines`"));
        }
        draft.later("To start it again: clear what is failed *and* what is skipped of this run (`clear-and-rerun`), from the first such task on.");
        let set =
            SetRun { run: self.run.clone(), seen: opened.run.state.clone(), to: NewRunState::Failed, leaves_machines };
        draft.phase_at("no more starts", 1, vec![DagChange::SetRun(set)]);
        draft.phase("kill", kills);
        draft.phase_at(
            "stillness",
            1,
            vec![DagChange::Still(Still { run: self.run.clone(), jobs, processes: watched })],
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
        let run = reads.airflow.dag_run(&self.run).await?;
        let tasks = reads.airflow.task_instances(&self.run, &TaskFilter::all()).await?;
        let mut findings = Vec::new();
        findings.push(match run.state {
            RunState::Failed => Finding::pass("run", "the run is failed"),
            // Seen on Airflow 2: its scheduler took the skipped tasks for a good end at the same moment.
            RunState::Success => {
                Finding::warn("run", "the run ended as success, though it was set failed: nothing starts")
            }
            other => Finding::block("run", format!("the run is {other}: somebody set it going again")),
        });
        let live: Vec<String> =
            tasks.iter().filter(|task| task.state.is_live()).map(|task| task.key.to_string()).collect();
        findings.push(if live.is_empty() {
            Finding::pass("still", "no task of it is live")
        } else {
            Finding::block("still", format!("live again: {}", names(live)))
        });
        let machines: Vec<&TaskId> = done
            .iter()
            .filter_map(|action| if let DagChange::SetRun(set) = action { Some(&set.leaves_machines) } else { None })
            .flatten()
            .collect();
        if !machines.is_empty() {
            findings.push(Finding::warn("machines", format!("machines stay: {} did not run", names(machines))));
        }
        Ok(findings)
    }

    fn obligation(&self, action: &DagChange) -> Option<Obligation> {
        let DagChange::SetRun(set) = action else { return None };
        if set.leaves_machines.is_empty() {
            return None;
        }
        let what = format!("release the machines of {}: {} did not run", self.run, names(&set.leaves_machines));
        let release =
            ReleaseMachines::new(self.run.clone(), set.leaves_machines.clone()).with_knowledge(self.knowledge.clone());
        Some(Obligation::new(format!("{MACHINES}/{}/{}", self.run.dag, self.run.run), what).with_remedy(&release))
    }

    /// Settled when none of these tasks is skipped any more, nor waits for its turn.
    async fn still_owed(&self, reads: &AirflowReads, obligation: &Obligation) -> Result<bool> {
        let remedy = obligation.remedy.as_ref();
        let release = remedy.and_then(|remedy| serde_json::from_str::<ReleaseMachines>(remedy.question.get()).ok());
        let left = release.map(|release| release.downscales).unwrap_or_default();
        let tasks = reads.airflow.task_instances(&self.run, &TaskFilter::all()).await?;
        let ours = |task: &TaskInstance| match left.as_slice() {
            [] => self.knowledge.takes_machines(&task.key.task),
            left => left.contains(&task.key.task),
        };
        Ok(tasks.iter().any(|task| ours(task) && task.state != TaskState::Success))
    }
}

impl StopRun {
    /// The jobs to kill, the processes to watch and the names to look under. `None` where the plan ends here.
    async fn jobs(
        &self,
        draft: &mut Draft<DagChange>,
        reads: &AirflowReads,
        opened: &Opened,
        view: &RunView<'_>,
    ) -> Option<(Vec<DagChange>, Vec<LiveJob>, Vec<String>)> {
        let names_of: Vec<String> = view.graph().tasks().map(|task| task.id.to_string()).collect();
        let Some(port) = &reads.jobs else {
            let text = "the jobs that tasks started cannot be seen: only Airflow's own processes are stopped";
            let right = "right when the tasks start no jobs elsewhere, or you kill them by hand after the first phase";
            draft.finding(Finding::ask("no-evidence", text, right));
            return Some((Vec::new(), Vec::new(), Vec::new()));
        };
        let alive = match port.live(&opened.run, &names_of).await {
            Ok(alive) => alive,
            Err(error) => {
                let text = format!("the jobs that tasks started cannot be seen: {error}");
                let right = "right when you kill them by hand after the first phase";
                draft.finding(Finding::ask("no-evidence", text, right));
                return Some((Vec::new(), Vec::new(), names_of));
            }
        };
        let (ours, others): (Vec<LiveJob>, Vec<LiveJob>) = alive
            .into_iter()
            .filter(|job| job.is_alive() && job.ours != Some(false))
            .partition(|job| job.ours == Some(true));
        if !others.is_empty() {
            let text = format!(
                "{} of which nobody knows whose run they work for, and which are left alone: {}",
                count(others.len(), "process"),
                names(others.iter().map(|job| format!("{} ({})", job.job, job.id)))
            );
            let right = "right when they belong to another run, or you kill them by hand after looking at them";
            draft.finding(Finding::ask("live-writer", text, right));
        }
        draft.finding(Finding::pass(
            "jobs",
            format!("{} of this run on the cluster", count(ours.len(), "live process")),
        ));
        let mut by_job: BTreeMap<String, Vec<LiveJob>> = BTreeMap::new();
        for process in &ours {
            by_job.entry(process.job.clone()).or_default().push(process.clone());
        }
        let kills = by_job
            .into_iter()
            .map(|(job, processes)| DagChange::Kill(Kill { run: self.run.clone(), job, processes }))
            .collect();
        Some((kills, ours, names_of))
    }

    /// Tasks that would have taken machines away, that are skipped now, and whose machines were made.
    fn machines(&self, view: &RunView<'_>, skipped: &[&TaskInstance]) -> Vec<TaskId> {
        let made = |id: &TaskId| {
            let above = view.graph().ancestors(id);
            let mut makers = above.into_iter().filter(|id| self.knowledge.makes_machines(id)).peekable();
            // Without a task that makes them nobody can tell: then they may be there.
            makers.peek().is_none()
                || makers.any(|id| matches!(view.state(id), TaskState::Success | TaskState::Running))
        };
        let mut all: Vec<TaskId> = skipped
            .iter()
            .map(|task| &task.key.task)
            .filter(|id| self.knowledge.takes_machines(id) && made(id))
            .cloned()
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}
