//! What is changed.

use airflow_client::{
    AirflowTrigger, AirflowWrite, Clear, DagId, DagRun, NewRunState, Result, RunKey, RunState, SetTaskState, TaskRef,
    Trigger, Variable,
};
use async_trait::async_trait;
use jiff::Timestamp;

use super::super::spec::RunSpec;
use super::super::state::unknown_run;
use super::super::{About, Generation};
use super::{AirflowPort, check_mark, rules};
use crate::Operation;
use crate::refusal::Refusal;
use crate::world::{Done, State};

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
