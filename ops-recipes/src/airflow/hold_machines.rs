//! «Keep machines up after a model fails»: holding them.

use std::collections::BTreeSet;

use airflow_client::{NewTaskState, RunKey, TaskFilter, TaskId, TaskInstance, TaskKey, TaskState, Which};
use ops_client::Result;
use ops_plan::{Draft, Finding, Obligation, Observed, Recipe};
use serde::{Deserialize, Serialize};

use super::change::{ClearTasks, DagChange, Mark, Seen};
use super::forecast::{RunView, makers};
use super::opening::{self, Opened};
use super::release_machines::{ReleaseMachines, debt, released};
use super::{AirflowReads, AirflowWrites, DagKnowledge, look};
use crate::words::{count, names};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &["keep machines up after a model fails", "machines are gone before the logs were read"];

/// What the phase that makes the machines again is called.
const AGAIN: &str = "from the machines to the job";

/// Keeps the machines of a job up after it failed, so that its logs can be read.
///
/// The runbook: «Keep machines up after a model fails». While the job runs, the task that would take its machines away is
/// marked «success»: it then does not run (measured). When the job has failed and the machines are gone, everything from the
/// task that makes the machines to the job is cleared in one call; the green task that takes them away stays green, and that *is*
/// the hold (measured).
///
/// What stops it: no task that takes the job's machines away, or one that works now; a credential without the right. It leaves
/// the duty to release the machines: they cost until then.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HoldMachines {
    /// The run.
    pub run: RunKey,
    /// The job whose machines are kept.
    pub job: TaskId,
    /// The task that takes them away, where the names do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downscale: Option<TaskId>,
    /// What the configuration knows.
    #[serde(default)]
    pub knowledge: DagKnowledge,
}

impl HoldMachines {
    /// Keeps the machines of `job` in `run`.
    pub fn new(run: RunKey, job: TaskId) -> Self {
        Self { run, job, downscale: None, knowledge: DagKnowledge::default() }
    }

    /// With the task that takes the machines away.
    #[must_use]
    pub fn held_by(mut self, downscale: TaskId) -> Self {
        self.downscale = Some(downscale);
        self
    }

    /// With what the configuration knows.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: DagKnowledge) -> Self {
        self.knowledge = knowledge;
        self
    }
}

impl Recipe for HoldMachines {
    const ID: &'static str = "hold-machines";
    const VERSION: u32 = 1;
    type Reads = AirflowReads;
    type Writes = AirflowWrites;
    type Action = DagChange;

    async fn plan(&self, reads: &AirflowReads, mut draft: Draft<DagChange>) -> Result<Draft<DagChange>> {
        let title = opening::title(&draft, &self.run, &format!("keep the machines of {} up", self.job));
        draft.title(title);
        let Some(opened) = opening::open(&mut draft, reads, &self.run).await? else { return Ok(draft) };
        let Some(downscale) = self.downscale(&mut draft, &opened) else { return Ok(draft) };
        let Some(instance) = opened.tasks.iter().find(|task| task.key == TaskKey::new(downscale.clone())) else {
            draft.finding(Finding::block("downscale", format!("{downscale} is not in this run, or is mapped")));
            return Ok(draft);
        };
        let view = RunView::new(&opened.graph, &opened.tasks);
        let job = view.state(&self.job);
        match &instance.state {
            TaskState::NoStatus | TaskState::Scheduled if !job.is_final() => {
                self.before_it_runs(&mut draft, &opened, instance, &job);
            }
            TaskState::Success if job.is_failed() || job == TaskState::Success => {
                self.make_them_again(&mut draft, &opened, &view, instance, &job);
            }
            TaskState::Success => {
                let text = format!("nothing to do: {downscale} is success and {} is {job}: they are held", self.job);
                draft.finding(Finding::pass("downscale", text));
                return Ok(draft);
            }
            state => {
                let text = format!("{downscale} is {state} while {} is {job}", self.job);
                let advice = if state.is_live() {
                    "it takes the machines away at this moment; when it has ended, plan again"
                } else {
                    "look at the run first: nobody can tell whether the machines are there"
                };
                draft.finding(Finding::block("downscale", text).with_advice(advice));
                return Ok(draft);
            }
        }
        for (id, log) in logs(&opened, &[&self.job]) {
            draft.note(format!("The log of {id}: {log}."));
        }
        draft.note("A Spark driver's log lies on a fixed machine and needs no hold: look there first.");
        draft.finding(opening::right(reads, &self.run.dag).await);
        draft.later("Release the machines as soon as the logs are read: `release-machines`. They cost until then.");
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
        let state = |id: &TaskId| tasks.iter().find(|task| task.key.task == *id).map(|task| task.state.clone());
        Ok(done
            .iter()
            .filter_map(|action| match action {
                DagChange::Mark(mark) => Some(&mark.seen.task.task),
                DagChange::Clear(clear) => clear.holds.as_ref().map(|held| &held.task.task),
                _ => None,
            })
            .map(|id| match state(id) {
                Some(now) if now == TaskState::Success => {
                    Finding::pass("held", format!("{id} is {now}: it will not run"))
                }
                now => Finding::block("held", format!("{id} is {}", now.as_ref().map_or("gone", TaskState::as_str))),
            })
            .collect())
    }

    fn obligation(&self, action: &DagChange) -> Option<Obligation> {
        let held = match action {
            DagChange::Mark(mark) => &mark.seen,
            // The green task that was left out of the clear is the hold.
            DagChange::Clear(clear) => clear.holds.as_ref()?,
            _ => return None,
        };
        let task = &held.task.task;
        let release = ReleaseMachines::new(self.run.clone(), vec![task.clone()]).with_knowledge(self.knowledge.clone());
        Some(self.owed(task, held.try_number).with_remedy(&release))
    }

    /// Settled when the task that takes the machines away has really run.
    async fn still_owed(&self, reads: &AirflowReads, obligation: &Obligation) -> Result<bool> {
        released(reads, &self.run, &obligation.id).await.map(|released| !released)
    }
}

impl HoldMachines {
    fn owed(&self, task: &TaskId, try_number: u32) -> Obligation {
        let what = format!("release the machines of {} in {}: {task} has not run", self.job, self.run);
        let obligation = Obligation::new(debt(&self.run, task, try_number), what);
        match self.knowledge.owner(&self.job) {
            Some(owner) => obligation.with_owner(owner),
            None => obligation,
        }
    }

    /// The task that takes the machines of the job away: directly after it, or after what is made on the same machines.
    fn downscale(&self, draft: &mut Draft<DagChange>, opened: &Opened) -> Option<TaskId> {
        let graph = &opened.graph;
        let known = [Some(&self.job), self.downscale.as_ref()];
        if let Some(unknown) = known.into_iter().flatten().find(|id| !graph.contains(id)) {
            let text = format!("{} has no task {unknown}", self.run.dag);
            draft.finding(Finding::block("task", text).with_advice("look it up in the DAG; the id of a group is none"));
            return None;
        }
        if let Some(named) = &self.downscale {
            return Some(named.clone());
        }
        let takes = |ids: Vec<&TaskId>| -> Vec<TaskId> {
            ids.into_iter().filter(|id| self.knowledge.takes_machines(id)).cloned().collect()
        };
        let mut found = takes(graph.downstream(&self.job).collect());
        if found.is_empty() {
            // Of those further down, those that wait for nothing but what the job leads to on the same machines.
            let made = makers(graph, &self.job, &self.knowledge);
            let below = takes(graph.descendants(&self.job).into_iter().collect());
            found = below
                .into_iter()
                .filter(|id| makers(graph, id, &self.knowledge).iter().any(|maker| made.contains(maker)))
                .collect();
        }
        match found.as_slice() {
            [one] => {
                draft.finding(Finding::pass("downscale", format!("{one} takes the machines of {} away", self.job)));
                Some(one.clone())
            }
            [] => {
                let text = format!("nothing after {} is known to take machines away", self.job);
                let advice = "name it with --downscale, or configure how such tasks are called";
                draft.finding(Finding::block("downscale", text).with_advice(advice));
                None
            }
            several => {
                let text = format!("several tasks take machines away after {}: {}", self.job, names(several));
                draft.finding(Finding::block("downscale", text).with_advice("say which, with --downscale"));
                None
            }
        }
    }

    /// The job runs, or its turn has not come: the downscale is marked before it can run.
    fn before_it_runs(&self, draft: &mut Draft<DagChange>, opened: &Opened, downscale: &TaskInstance, job: &TaskState) {
        let id = &downscale.key.task;
        draft.finding(Finding::pass("hold", format!("{} is {job}, {id} has not run: it is marked", self.job)));
        draft.note(format!("The job goes on untouched. When it ends, however it ends, {id} does not run."));
        let structure = Some(look::around(&opened.graph, &[id]));
        let to = NewTaskState::Success;
        let mark = Mark { run: self.run.clone(), seen: Seen::of(downscale), to, structure, next_run: None };
        draft.phase_at("hold", 1, vec![DagChange::Mark(mark)]);
    }

    /// The machines are gone: they are made again, and the job with them. The green downscale is left green.
    fn make_them_again(
        &self,
        draft: &mut Draft<DagChange>,
        opened: &Opened,
        view: &RunView<'_>,
        downscale: &TaskInstance,
        job: &TaskState,
    ) {
        let graph = &opened.graph;
        let makers = makers(graph, &self.job, &self.knowledge);
        if makers.is_empty() {
            let text = format!("nothing before {} is known to make machines", self.job);
            let advice = "configure how tasks that make machines are called (scale-up)";
            draft.finding(Finding::block("hold", text).with_advice(advice));
            return;
        }
        let above = graph.ancestors(&self.job);
        let mut path: BTreeSet<TaskId> = BTreeSet::from([self.job.clone()]);
        for maker in &makers {
            path.insert((*maker).clone());
            path.extend(graph.descendants(maker).into_iter().filter(|id| above.contains(id)).cloned());
        }
        let live: Vec<&TaskId> = path.iter().filter(|id| view.state(id).is_live()).collect();
        if !live.is_empty() {
            let text = format!("at work: {}", names(live));
            draft.finding(Finding::block("hold", text).with_advice("wait until they have ended, and plan again"));
            return;
        }
        let id = &downscale.key.task;
        let text = format!("{} is {job} and {id} took its machines away: they are made again", self.job);
        draft.finding(Finding::pass("hold", text));
        draft.note(format!(
            "{} run again: {}. {id} stays green, so the machines stay.",
            count(path.len(), "task"),
            names(&path)
        ));
        let after: Vec<&TaskId> =
            graph.descendants(&self.job).into_iter().filter(|id| view.state(id).is_failed()).collect();
        if !after.is_empty() {
            let text = format!(
                "What follows stays as it is, also where the job now works: {}. Run it then with `clear-and-rerun`.",
                names(after)
            );
            draft.note(text);
        }
        let tasks = opened.tasks.iter().filter(|task| path.contains(&task.key.task)).map(Seen::of).collect();
        let ids: Vec<&TaskId> = path.iter().collect();
        draft.phase_at(
            "hold",
            1,
            vec![DagChange::Clear(ClearTasks {
                run: self.run.clone(),
                tasks,
                which: Which::Any,
                on_latest_version: false,
                what: format!("{AGAIN}, held by {id}"),
                structure: Some(look::around(graph, &ids)),
                holds: Some(Seen::of(downscale)),
            })],
        );
    }
}

/// Where each task's last try ran.
fn logs(opened: &Opened, tasks: &[&TaskId]) -> Vec<(String, String)> {
    opened
        .tasks
        .iter()
        .filter(|task| tasks.contains(&&task.key.task))
        .map(|task| {
            let host = task.hostname.as_deref().filter(|host| !host.is_empty()).unwrap_or("an unknown machine");
            (task.key.to_string(), format!("try {} on {host}", task.try_number))
        })
        .collect()
}
