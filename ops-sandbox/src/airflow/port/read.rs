//! What is read.

use std::time::Duration;

use airflow_client::{
    AirflowRead, Clear, Dag, DagFilter, DagGraph, DagId, DagRun, Event, EventFilter, Health, ImportError, LogLine,
    LogRequest, Part, Pool, Probe, Result, RunFilter, RunKey, SetTaskState, TaskFilter, TaskInstance, TaskKey, TaskRef,
    TaskState, Variable,
};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use ops_client::{Effect, Error, ErrorKind};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::About;
use super::super::run::{Instance, Run};
use super::super::state::Deed;
use super::{AirflowPort, Who, check_mark, rules};
use crate::Operation;
use crate::refusal::Refusal;
use crate::world::{Done, State};

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
