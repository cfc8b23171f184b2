//! Airflow in memory: all of its ports. Faults hit it as they hit the real client, which does not try again here.

use std::time::Duration;

use airflow_client::{
    AirflowRead, AirflowTrigger, AirflowWrite, Clear, Dag, DagFilter, DagGraph, DagId, DagRun, Event, EventFilter,
    Health, ImportError, LogLine, LogRequest, NewRunState, Part, Pool, Probe, Result, RunFilter, RunKey, RunState,
    SetTaskState, Spread, TaskFilter, TaskId, TaskInstance, TaskKey, TaskRef, TaskState, Trigger, Variable,
};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use jiff::Timestamp;
use ops_client::{Effect, Error, ErrorKind};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::change::{ClearRules, Place};
use super::run::{Instance, Run};
use super::spec::RunSpec;
use super::state::{Airflow, Deed, unknown_run};
use super::{About, Generation};
use crate::refusal::Refusal;
use crate::world::{Done, State};
use crate::{Operation, World};

/// Airflow in memory: all three of its ports.
#[derive(Clone, Debug)]
pub struct AirflowPort {
    world: World,
    generation: Generation,
    who: Who,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Admin,
    Viewer,
    Stranger,
}

impl AirflowPort {
    pub(crate) fn new(world: World) -> Self {
        Self { world, generation: Generation::Three, who: Who::Admin }
    }

    /// As the client of this Airflow has it.
    #[must_use]
    pub fn generation(mut self, generation: Generation) -> Self {
        self.generation = generation;
        self
    }

    /// As one who may read everything and change nothing.
    #[must_use]
    pub fn as_viewer(mut self) -> Self {
        self.who = Who::Viewer;
        self
    }

    /// As one whom Airflow does not know.
    #[must_use]
    pub fn as_stranger(mut self) -> Self {
        self.who = Who::Stranger;
        self
    }

    /// A call that needs the right to change something.
    async fn change<T: Send>(
        &self,
        operation: Operation,
        about: About<'_>,
        what: impl FnOnce(&mut State) -> Result<Done<T>, Refusal> + Send,
    ) -> Result<T> {
        let refused = match self.who {
            Who::Admin => None,
            Who::Viewer => Some(Refusal::Forbidden("Forbidden".to_owned())),
            Who::Stranger => Some(stranger()),
        };
        self.call(operation, about.subject(), refused, what).await
    }

    /// A call that anybody may make whom Airflow knows.
    async fn read<T: Send>(
        &self,
        operation: Operation,
        about: About<'_>,
        what: impl FnOnce(&State) -> Result<T, Refusal> + Send,
    ) -> Result<T> {
        let refused = (self.who == Who::Stranger).then(stranger);
        self.call(operation, about.subject(), refused, |state| what(state).map(Done::same)).await
    }

    async fn call<T: Send>(
        &self,
        operation: Operation,
        subject: Uuid,
        refused: Option<Refusal>,
        what: impl FnOnce(&mut State) -> Result<Done<T>, Refusal> + Send,
    ) -> Result<T> {
        if let Some(refusal) = refused {
            self.world.turn_away(operation, subject);
            return Err(refusal.over_rest(operation));
        }
        self.world.call(operation, subject, Refusal::over_rest, what).await
    }

    /// That the tasks of a clear are there, as every implementation of the port says it.
    fn check(&self, clear: &Clear, operation: Operation) -> Result<()> {
        let structure = {
            let state = self.world.state();
            let dag = state.airflow.dag(&clear.run.dag).map_err(|refusal| refusal.over_rest(operation))?;
            std::sync::Arc::clone(&dag.structure)
        };
        clear.check(operation.name(), &structure.graph)?;
        if clear.restart_running && self.generation == Generation::Two {
            let why = "Airflow 2 cannot restart what is running: it would say that it did";
            let remedy = "mark the running tasks failed, wait until their processes ended, then clear them";
            return Err(Error::invalid(operation.name(), why).with_remedy(remedy));
        }
        Ok(())
    }
}

/// Whoever cannot log in does not get so far as to be told more.
fn stranger() -> Refusal {
    Refusal::Unauthenticated("the user or the password was not accepted".to_owned())
}

/// How a clear of the client is a clear of Airflow.
fn rules(clear: &Clear) -> (Vec<(TaskId, Option<u32>)>, ClearRules) {
    let tasks = clear.tasks.iter().map(|task| (task.clone(), None)).collect();
    (tasks, ClearRules { which: clear.which, only_running: false, spread: clear.spread, reset_runs: true })
}

/// What every way into Airflow does alike.
impl State {
    /// Writes down who did what.
    pub(crate) fn note(
        &mut self,
        event: &'static str,
        who: &str,
        run: Option<&RunKey>,
        task: Option<&TaskKey>,
        extra: Option<String>,
    ) {
        let at = self.now();
        self.airflow.note(Deed {
            at,
            event,
            who: who.to_owned(),
            dag: run.map(|run| run.dag.clone()),
            run: run.map(|run| run.run.clone()),
            task: task.map(|task| task.task.clone()),
            map_index: task.and_then(|task| task.map_index),
            extra,
        });
    }
}

impl Airflow {
    pub(crate) fn run_number(&self, key: &RunKey) -> Result<usize, Refusal> {
        self.by_key.get(key).copied().ok_or_else(|| unknown_run(key))
    }

    fn found<'a>(&'a self, run: &RunKey, task: &TaskKey) -> Result<(&'a Run, &'a Instance), Refusal> {
        let found = self.run(run)?;
        let at = found.find(task).ok_or_else(|| unknown_task(run, task))?;
        Ok((found, &found.instances[at]))
    }

    /// What works or is about to is not cleared, unless that was asked for.
    fn refuse_running(&self, clear: &Clear, places: &[Place]) -> Result<(), Refusal> {
        let busy = |one: &&Instance| {
            one.now.state.is_running() || matches!(one.now.state, TaskState::Queued | TaskState::Scheduled)
        };
        let running = places.iter().filter_map(|&place| self.instance(place)).find(busy);
        match running.filter(|_| !clear.restart_running) {
            Some(one) => Err(Refusal::Conflict(format!("running or about to: {}", one.key))),
            None => Ok(()),
        }
    }

    /// The tasks of these instances, each once, sorted.
    fn refs(&self, places: &[Place]) -> Vec<TaskRef> {
        let named = |&(run, one): &Place| {
            let run = self.runs[run].as_ref()?;
            Some(TaskRef::new(run.key.run.clone(), run.instances[one].key.task.clone()))
        };
        let mut refs: Vec<TaskRef> = places.iter().filter_map(named).collect();
        refs.sort_unstable();
        refs.dedup();
        refs
    }
}

pub(crate) fn unknown_task(run: &RunKey, task: &TaskKey) -> Refusal {
    Refusal::NotFound(format!(
        "The Task Instance with dag_id: `{}`, run_id: `{}` and task_id: `{}` was not found",
        run.dag, run.run, task.task
    ))
}

/// A mark of a mapped instance stays with it.
fn check_mark(change: &SetTaskState, operation: Operation) -> Result<()> {
    if change.task.map_index.is_some() && change.spread != Spread::none() {
        let why = "a mark of one instance of a mapped task cannot reach beyond it";
        return Err(Error::invalid(operation.name(), why));
    }
    Ok(())
}

#[async_trait]
impl AirflowRead for AirflowPort {
    async fn probe(&self) -> Result<Probe> {
        let release = self.generation.release();
        let told = |state: &mut State| {
            let probe = Probe::new("memory", Duration::ZERO).with_version(release);
            Ok(Done::same(probe.with_server_time(state.now().into())))
        };
        self.call(Operation::AirflowProbe, Uuid::nil(), None, told).await
    }

    async fn health(&self) -> Result<Health> {
        let told = |state: &mut State| {
            let now = state.now();
            let parts = [("metadatabase", false), ("scheduler", true), ("triggerer", false), ("dag_processor", true)];
            let part = |(name, beats): (&str, bool)| {
                let healthy = if name == "triggerer" { None } else { Some(true) };
                let part = Part::new(name, healthy);
                if beats { part.with_heartbeat(now) } else { part }
            };
            Ok(Done::same(Health::new(parts.into_iter().map(part).collect())))
        };
        self.call(Operation::AirflowHealth, Uuid::nil(), None, told).await
    }

    async fn dags(&self, filter: &DagFilter) -> Result<Vec<Dag>> {
        self.read(Operation::AirflowDags, About::Everything, |state| {
            let wanted = |dag: &Dag| {
                (filter.tags.is_empty() || dag.tags.iter().any(|tag| filter.tags.contains(tag)))
                    && filter.paused.is_none_or(|paused| dag.paused == paused)
            };
            let mut dags: Vec<Dag> = state.airflow.dags.iter().map(|dag| dag.shown()).filter(wanted).collect();
            dags.sort_by(|a, b| a.id.cmp(&b.id));
            Ok(dags)
        })
        .await
    }

    async fn dag(&self, dag: &DagId) -> Result<Dag> {
        self.read(Operation::AirflowDag, About::Dag(dag), |state| state.airflow.dag(dag).map(|dag| dag.shown())).await
    }

    async fn graph(&self, dag: &DagId) -> Result<DagGraph> {
        let read = |state: &State| state.airflow.dag(dag).map(|dag| dag.structure.graph.clone());
        self.read(Operation::AirflowGraph, About::Dag(dag), read).await
    }

    async fn dag_runs(&self, filter: &RunFilter) -> Result<Vec<DagRun>> {
        let about = filter.dag.as_ref().map_or(About::Everything, About::Dag);
        self.read(Operation::AirflowRuns, about, |state| {
            let airflow = &state.airflow;
            let mut runs: Vec<&Run> = match &filter.dag {
                Some(dag) => airflow.runs_of(airflow.dag(dag)?).collect(),
                None => airflow.runs.iter().flatten().collect(),
            };
            runs.retain(|run| {
                (filter.states.is_empty() || filter.states.contains(&run.state))
                    && filter.from.is_none_or(|from| run.about.is_some_and(|about| about >= from))
                    && filter.to.is_none_or(|to| run.about.is_some_and(|about| about <= to))
                    && filter.started_from.is_none_or(|from| run.started_at.is_some_and(|at| at >= from))
            });
            runs.sort_by_key(|run| std::cmp::Reverse(run.about.map_or(run.run_after, |about| about.timestamp())));
            Ok(runs.into_iter().take(filter.limit).map(Run::shown).collect())
        })
        .await
    }

    async fn dag_run(&self, run: &RunKey) -> Result<DagRun> {
        self.read(Operation::AirflowRun, About::Run(run), |state| state.airflow.run(run).map(Run::shown)).await
    }

    async fn task_instances(&self, run: &RunKey, filter: &TaskFilter) -> Result<Vec<TaskInstance>> {
        self.read(Operation::AirflowTasks, About::Run(run), |state| {
            let found = state.airflow.run(run)?;
            let wanted = |one: &&Instance| {
                filter.tasks.as_ref().is_none_or(|tasks| tasks.contains(&one.key.task))
                    && (filter.states.is_empty() || filter.states.contains(&one.now.state))
            };
            let mut shown: Vec<_> = found.instances.iter().filter(wanted).map(|one| found.shown_task(one)).collect();
            shown.sort_by(|a, b| a.key.cmp(&b.key));
            Ok(shown)
        })
        .await
    }

    async fn task_instance(&self, run: &RunKey, task: &TaskKey) -> Result<TaskInstance> {
        let read = |state: &State| state.airflow.found(run, task).map(|(run, one)| run.shown_task(one));
        self.read(Operation::AirflowTask, About::Task(run, task), read).await
    }

    async fn tries(&self, run: &RunKey, task: &TaskKey) -> Result<Vec<TaskInstance>> {
        self.read(Operation::AirflowTries, About::Task(run, task), |state| {
            let (found, one) = state.airflow.found(run, task)?;
            // A try that waits for the next one is told as the failed one that it was (measured on both).
            let waits = one.now.state == TaskState::UpForRetry;
            let before = one.before.iter().filter(|past| waits || past.number != one.now.number);
            let current = (!waits).then_some(&one.now);
            Ok(before.chain(current).map(|which| found.shown_try(one, which)).collect())
        })
        .await
    }

    async fn preview_task_state(&self, change: &SetTaskState) -> Result<Vec<TaskRef>> {
        check_mark(change, Operation::PreviewTaskState)?;
        let (run, task) = (&change.run, &change.task);
        self.change(Operation::PreviewTaskState, About::Task(run, task), |state| {
            state.airflow.found(run, task)?;
            let at = state.airflow.run_number(run)?;
            let tasks = [(task.task.clone(), task.map_index)];
            let places = state.airflow.foresee_mark(at, &tasks, change.state, change.spread);
            Ok(Done::same(state.airflow.refs(&places)))
        })
        .await
    }

    async fn preview_clear(&self, clear: &Clear) -> Result<Vec<TaskRef>> {
        self.check(clear, Operation::PreviewClear)?;
        self.change(Operation::PreviewClear, About::Run(&clear.run), |state| {
            let at = state.airflow.run_number(&clear.run)?;
            let (tasks, rules) = rules(clear);
            let places = state.airflow.foresee_clear(at, &tasks, rules);
            state.airflow.refuse_running(clear, &places)?;
            Ok(Done::same(state.airflow.refs(&places)))
        })
        .await
    }

    async fn may_change(&self, dag: &DagId) -> Result<bool> {
        let may = self.who == Who::Admin;
        self.read(Operation::MayChange, About::Dag(dag), |state| state.airflow.dag(dag).map(|_| may)).await
    }

    async fn log(&self, request: &LogRequest) -> Result<BoxStream<'static, Result<LogLine>>> {
        let (run, task) = (&request.run, &request.task);
        let said = self
            .read(Operation::AirflowLog, About::Task(run, task), |state| {
                let (_, one) = state.airflow.found(run, task)?;
                let said = one.logs.get(&request.try_number);
                let missing = || Refusal::NotFound(format!("{task} of {run} has no try {}", request.try_number));
                said.cloned().ok_or_else(missing)
            })
            .await?;
        let mut left = request.max_bytes;
        let mut lines = Vec::new();
        for said in said {
            let bytes = said.text.len() as u64 + 1;
            if bytes > left {
                let error = Error::new(Operation::AirflowLog.name(), ErrorKind::Rejected, Effect::None);
                lines.push(Err(error.with_message(format!("the log is longer than {} bytes", request.max_bytes))));
                break;
            }
            left -= bytes;
            let mut line = LogLine::new(said.text);
            (line.at, line.level) = (Some(said.at), Some(said.level.to_owned()));
            lines.push(Ok(line));
        }
        Ok(stream::iter(lines).boxed())
    }

    async fn rendered_fields(&self, run: &RunKey, task: &TaskKey) -> Result<Map<String, Value>> {
        let read = |state: &State| state.airflow.found(run, task).map(|(run, one)| run.rendered(one));
        self.read(Operation::RenderedFields, About::Task(run, task), read).await
    }

    async fn xcom_keys(&self, run: &RunKey, task: &TaskKey) -> Result<Vec<String>> {
        self.read(Operation::XcomKeys, About::Task(run, task), |state| {
            let (_, one) = state.airflow.found(run, task)?;
            Ok(one.left.iter().map(|_| "return_value".to_owned()).collect())
        })
        .await
    }

    async fn xcom(&self, run: &RunKey, task: &TaskKey, key: &str) -> Result<Value> {
        self.read(Operation::Xcom, About::Task(run, task), |state| {
            let (_, one) = state.airflow.found(run, task)?;
            let left = one.left.as_ref().filter(|_| key == "return_value");
            left.cloned().ok_or_else(|| Refusal::NotFound(format!("XCom entry with key: `{key}` not found")))
        })
        .await
    }

    async fn variables(&self) -> Result<Vec<Variable>> {
        let read = |state: &State| Ok(state.airflow.variables.values().cloned().collect());
        self.read(Operation::AirflowVariables, About::Everything, read).await
    }

    async fn variable(&self, key: &str) -> Result<Variable> {
        let missing = || Refusal::NotFound(format!("The Variable with key: `{key}` was not found"));
        let read = |state: &State| state.airflow.variables.get(key).cloned().ok_or_else(missing);
        self.read(Operation::AirflowVariable, About::Variable(key), read).await
    }

    async fn pools(&self) -> Result<Vec<Pool>> {
        self.read(Operation::AirflowPools, About::Everything, |state| {
            let airflow = &state.airflow;
            let mut pools: Vec<Pool> = airflow.pools.iter().map(|pool| airflow.shown_pool(pool)).collect();
            pools.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(pools)
        })
        .await
    }

    async fn import_errors(&self) -> Result<Vec<ImportError>> {
        let read = |state: &State| Ok(state.airflow.import_errors.clone());
        self.read(Operation::ImportErrors, About::Everything, read).await
    }

    async fn events(&self, filter: &EventFilter) -> Result<Vec<Event>> {
        let about = filter.dag.as_ref().map_or(About::Everything, About::Dag);
        self.read(Operation::AirflowEvents, about, |state| {
            let wanted = |deed: &&Deed| {
                (filter.dag.is_none() || deed.dag == filter.dag)
                    && (filter.task.is_none() || deed.task == filter.task)
                    && filter.since.is_none_or(|since| deed.at >= since)
            };
            Ok(state.airflow.deeds.iter().rev().filter(wanted).take(filter.limit).map(Deed::shown).collect())
        })
        .await
    }
}

#[async_trait]
impl AirflowWrite for AirflowPort {
    async fn set_task_state(&self, change: &SetTaskState) -> Result<()> {
        check_mark(change, Operation::SetTaskState)?;
        let (run, task) = (&change.run, &change.task);
        let generation = self.generation;
        self.change(Operation::SetTaskState, About::Task(run, task), |state| {
            state.airflow.found(run, task)?;
            let (now, at) = (state.now(), state.airflow.run_number(run)?);
            let tasks = [(task.task.clone(), task.map_index)];
            let same = state.airflow.foresee_mark(at, &tasks, change.state, change.spread).is_empty();
            if same && generation == Generation::Three {
                // It answers 409, which the client knows for what it is.
                return Ok(Done::same(()));
            }
            state.airflow.mark(at, &tasks, change.state, change.spread, now);
            let extra = serde_json::json!({"new_state": change.state.as_str()}).to_string();
            state.note("patch_task_instance", "admin", Some(run), Some(task), Some(extra));
            Ok(Done { answer: (), changed: !same })
        })
        .await
    }

    async fn clear(&self, clear: &Clear) -> Result<Vec<TaskRef>> {
        self.check(clear, Operation::ClearTasks)?;
        let generation = self.generation;
        self.change(Operation::ClearTasks, About::Run(&clear.run), |state| {
            let (now, at) = (state.now(), state.airflow.run_number(&clear.run)?);
            let (tasks, rules) = rules(clear);
            let places = state.airflow.foresee_clear(at, &tasks, rules);
            state.airflow.refuse_running(clear, &places)?;
            state.airflow.clear(generation, at, &tasks, rules, now);
            let extra = serde_json::json!({"task_ids": clear.tasks, "dag_run_id": clear.run.run}).to_string();
            state.note("post_clear_task_instances", "admin", Some(&clear.run), None, Some(extra));
            Ok(Done { answer: state.airflow.refs(&places), changed: !places.is_empty() })
        })
        .await
    }

    async fn set_run_state(&self, run: &RunKey, to: NewRunState) -> Result<()> {
        let generation = self.generation;
        self.change(Operation::SetRunState, About::Run(run), |state| {
            let (now, at) = (state.now(), state.airflow.run_number(run)?);
            let changed = state.airflow.run(run)?.state.as_str() != to.as_str();
            state.airflow.set_run_state(generation, at, to, now);
            state.note("patch_dag_run", "admin", Some(run), None, None);
            Ok(Done { answer: (), changed })
        })
        .await
    }

    async fn clear_run(&self, run: &RunKey) -> Result<()> {
        self.change(Operation::ClearRun, About::Run(run), |state| {
            let (now, at) = (state.now(), state.airflow.run_number(run)?);
            state.airflow.clear_run(at, false, now);
            state.note("clear_dag_run", "admin", Some(run), None, None);
            Ok(Done::changed(()))
        })
        .await
    }

    async fn delete_run(&self, run: &RunKey) -> Result<()> {
        self.change(Operation::DeleteRun, About::Run(run), |state| {
            let (now, at) = (state.now(), state.airflow.run_number(run)?);
            if state.airflow.run(run)?.state == RunState::Running {
                // Airflow 3 refuses it; of Airflow 2 the client does not ask it.
                return Err(Refusal::Conflict(format!("{run} is running")));
            }
            state.airflow.delete_run(at, now);
            state.note("delete_dag_run", "admin", Some(run), None, None);
            Ok(Done::changed(()))
        })
        .await
    }

    async fn set_paused(&self, dag: &DagId, paused: bool) -> Result<()> {
        self.change(Operation::SetPaused, About::Dag(dag), |state| {
            let now = state.now();
            state.airflow.dag(dag)?;
            let at = state.airflow.by_id[dag];
            let changed = state.airflow.set_paused(at, paused, now);
            Ok(Done { answer: (), changed })
        })
        .await
    }

    async fn set_variable(&self, variable: &Variable) -> Result<()> {
        self.change(Operation::SetVariable, About::Variable(&variable.key), |state| {
            let before = state.airflow.variables.insert(variable.key.clone(), variable.clone());
            Ok(Done { answer: (), changed: before.as_ref() != Some(variable) })
        })
        .await
    }

    async fn delete_variable(&self, key: &str) -> Result<()> {
        self.change(Operation::DeleteVariable, About::Variable(key), |state| {
            let changed = state.airflow.variables.remove(key).is_some();
            Ok(Done { answer: (), changed })
        })
        .await
    }
}

#[async_trait]
impl AirflowTrigger for AirflowPort {
    async fn trigger(&self, trigger: &Trigger) -> Result<DagRun> {
        let key = RunKey::new(trigger.dag.clone(), trigger.run.clone());
        let generation = self.generation;
        self.change(Operation::TriggerRun, About::Run(&key), |state| {
            let now: Timestamp = state.now();
            let mut spec = RunSpec::new(trigger.run.clone()).conf(trigger.conf.clone());
            spec.about = trigger.execution_date;
            let at = state.trigger(generation, &trigger.dag, spec, now)?;
            state.note("trigger_dag_run", "admin", Some(&key), None, None);
            let run = state.airflow.runs[at].as_mut().ok_or_else(|| unknown_run(&key))?;
            run.note.clone_from(&trigger.note);
            Ok(Done::changed(run.shown()))
        })
        .await
    }
}

impl State {
    /// Somebody makes a run.
    pub(crate) fn trigger(
        &mut self,
        generation: Generation,
        dag: &DagId,
        mut spec: RunSpec,
        now: Timestamp,
    ) -> Result<usize, Refusal> {
        if generation == Generation::Two {
            // It is always about an instant, and no other run may be about the same.
            let about = *spec.about.get_or_insert(airflow_client::ExecutionDate::new(now));
            let known = self.airflow.dag(dag)?;
            if let Some(other) = self.airflow.runs_of(known).find(|run| run.about == Some(about)) {
                let other = &other.key.run;
                return Err(Refusal::Conflict(format!("DAGRun '{other}' is about the same instant already")));
            }
        }
        self.airflow.add_run(dag, spec, now)
    }
}
