//! Airflow in memory: all of its ports. Faults hit it as they hit the real client, which does not try again here.

mod read;
mod write;

use std::sync::Arc;

use airflow_client::{Clear, Result, RunKey, SetTaskState, Spread, TaskId, TaskKey, TaskRef, TaskState};
use ops_client::Error;
use uuid::Uuid;

use super::change::{ClearRules, Place};
use super::run::{Instance, Run};
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
            Arc::clone(&dag.structure)
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
