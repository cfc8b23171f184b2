//! What a test does to Airflow behind everybody's back: no fault hits it, nothing is logged.

use airflow_client::{
    Clear, DagId, ImportError, NewTaskState, RunKey, SetTaskState, TaskInstance, TaskKey, TaskState, Variable, Which,
};
use ops_client::Result;
use serde_json::{Map, Value};

use super::change::ClearRules;
use super::orders::Orders;
use super::run::Tally;
use super::scheduler::Outside;
use super::spec::{DagSpec, RunSpec};
use super::state::{Pool, unknown_run};
use super::{AirflowPort, Generation, Quirk};
use crate::World;
use crate::aurora::Link;
use crate::refusal::Refusal;
use crate::world::State;

/// Airflow: what is put there, and what others do there.
impl World {
    /// Airflow's ports, as the client of Airflow 3 has them. See [`AirflowPort::generation`].
    pub fn airflow(&self) -> AirflowPort {
        AirflowPort::new(self.clone())
    }

    /// Puts a DAG there; where there is one of this id, gives it another structure, as a deploy does. Runs that have not ended
    /// get its new tasks, and what it no longer has is `removed` in them, unless it ended.
    pub fn deploy(&self, spec: DagSpec) {
        let mut state = self.state();
        let now = state.now();
        state.airflow.deploy(spec, now);
    }

    /// Makes a run of a DAG. It begins when the scheduler next looks.
    ///
    /// # Errors
    /// `NotFound` for an unknown DAG, `Conflict` for a run that is there.
    pub fn add_run(&self, dag: &DagId, spec: RunSpec) -> Result<RunKey> {
        let key = RunKey::new(dag.clone(), spec.id.clone());
        let mut state = self.state();
        let now = state.now();
        state.airflow.add_run(dag, spec, now).map_err(|refusal| refusal.directly())?;
        // What it did since it was made is done before anybody looks.
        state.catch_up();
        Ok(key)
    }

    /// Tells the jobs of one run what to do: which fail, and how many seconds each sleeps first. A job reads it when a try
    /// begins. It lies in the variable `orders.RUN_ID`; without it jobs go by `fail_tasks` and `sleep_tasks`.
    pub fn order<'a>(
        &self,
        run: &RunKey,
        fail: impl IntoIterator<Item = &'a str>,
        sleep: impl IntoIterator<Item = (&'a str, f64)>,
    ) {
        let fail: Vec<Value> = fail.into_iter().map(Value::from).collect();
        let sleep: Map<String, Value> = sleep.into_iter().map(|(name, secs)| (name.to_owned(), secs.into())).collect();
        let orders = serde_json::json!({"fail": fail, "sleep": sleep});
        self.put_variable(Variable::new(Orders::variable(run), orders.to_string()));
    }

    /// Takes the orders of one run back.
    pub fn forget_orders(&self, run: &RunKey) {
        self.state().airflow.variables.remove(&Orders::variable(run));
    }

    /// Sets a variable.
    pub fn put_variable(&self, variable: Variable) {
        self.state().airflow.variables.insert(variable.key.clone(), variable);
    }

    /// Puts a pool there, or gives it another number of places; -1 is without limit.
    pub fn put_pool(&self, name: &str, slots: i64) {
        let mut state = self.state();
        let pools = &mut state.airflow.pools;
        match pools.iter_mut().find(|pool| pool.name == name) {
            Some(pool) => pool.slots = slots,
            None => pools.push(Pool::new(name, slots)),
        }
    }

    /// Makes a DAG file one that cannot be read.
    pub fn put_import_error(&self, file: &str, trace: &str) {
        let mut state = self.state();
        let mut error = ImportError::new(file, trace);
        error.at = Some(state.now());
        state.airflow.import_errors.push(error);
    }

    /// The job behind a running task died: the task is failed, or tries again later where it may.
    ///
    /// # Errors
    /// `NotFound` for an unknown task, `Conflict` for one that does not run.
    pub fn fail_task(&self, run: &RunKey, task: &TaskKey) -> Result<()> {
        self.end_task(run, task, false)
    }

    /// The job behind a running task is done, sooner than it would have been.
    ///
    /// # Errors
    /// As [`World::fail_task`].
    pub fn finish_task(&self, run: &RunKey, task: &TaskKey) -> Result<()> {
        self.end_task(run, task, true)
    }

    fn end_task(&self, run: &RunKey, task: &TaskKey, well: bool) -> Result<()> {
        self.on_task(run, task, |state, at, one| {
            let now = state.now();
            let is_running = state.airflow.instance((at, one)).is_some_and(|one| one.now.state == TaskState::Running);
            if !is_running {
                return Err(Refusal::Conflict(format!("{task} is not running")));
            }
            let epoch = state.airflow.instance((at, one)).map(|one| one.epoch);
            let link = epoch.map(|epoch| Link { run: at, one, epoch });
            if link.is_some_and(|link| state.aurora.end_linked(link, well, now)) {
                state.settle(now);
                return Ok(());
            }
            let State { airflow, aurora, catalogue, rng, .. } = state;
            airflow.end(at, one, well, now, &mut Outside { aurora, catalogue, rng });
            Ok(())
        })
    }

    /// Another user marks a task.
    ///
    /// # Errors
    /// `NotFound` for an unknown task.
    pub fn mark_task(&self, run: &RunKey, task: &TaskKey, to: NewTaskState) -> Result<()> {
        let change = SetTaskState::new(run.clone(), task.clone(), to);
        self.on_task(run, task, |state, at, _| {
            let now = state.now();
            let tasks = [(task.task.clone(), task.map_index)];
            state.airflow.mark(at, &tasks, to, change.spread, now);
            state.note("patch_task_instance", "somebody", Some(run), Some(task), None);
            Ok(())
        })
    }

    /// Another user clears tasks. Running ones are restarted.
    ///
    /// # Errors
    /// `NotFound` for an unknown run.
    pub fn clear_tasks(&self, clear: &Clear) -> Result<()> {
        let mut state = self.state();
        let now = state.now();
        let at = state.airflow.by_key.get(&clear.run).copied();
        let at = at.ok_or_else(|| unknown_run(&clear.run).directly())?;
        let tasks: Vec<_> = clear.tasks.iter().map(|task| (task.clone(), None)).collect();
        let rules = ClearRules { which: clear.which, only_running: false, spread: clear.spread, reset_runs: true };
        state.airflow.clear(Generation::Three, at, &tasks, rules, now);
        state.note("post_clear_task_instances", "somebody", Some(&clear.run), None, None);
        Ok(())
    }

    /// Another user clears what failed in a run.
    ///
    /// # Errors
    /// `NotFound` for an unknown run.
    pub fn clear_failed(&self, run: &RunKey) -> Result<()> {
        let tasks = {
            let state = self.state();
            let found = state.airflow.run(run).map_err(|refusal| refusal.directly())?;
            found.structure.graph.tasks().map(|task| task.id.clone()).collect::<Vec<_>>()
        };
        let mut clear = Clear::failed(run.clone(), tasks);
        clear.which = Which::Failed;
        self.clear_tasks(&clear)
    }

    /// The next `times` times an oddity shows that the real Airflow shows now and then.
    pub fn quirk(&self, quirk: Quirk, times: u32) {
        self.state().airflow.quirks.insert(quirk, times);
    }

    /// How often something really happened to a task instance; `None` where there is none.
    pub fn tally(&self, run: &RunKey, task: &TaskKey) -> Option<Tally> {
        let state = self.state();
        let found = state.airflow.run(run).ok()?;
        found.find(task).map(|at| found.instances[at].tally)
    }

    /// The task instances of a run, by key; none for an unknown one.
    pub fn task_instances(&self, run: &RunKey) -> Vec<TaskInstance> {
        let state = self.state();
        let Ok(found) = state.airflow.run(run) else { return Vec::new() };
        let mut shown: Vec<_> = found.instances.iter().map(|instance| found.shown_task(instance)).collect();
        shown.sort_by(|a, b| a.key.cmp(&b.key));
        shown
    }

    fn on_task<T>(
        &self,
        run: &RunKey,
        task: &TaskKey,
        what: impl FnOnce(&mut State, usize, usize) -> std::result::Result<T, Refusal>,
    ) -> Result<T> {
        let mut state = self.state();
        let find = |state: &State| {
            let at = state.airflow.by_key.get(run).copied().ok_or_else(|| unknown_run(run))?;
            let one = state.airflow.run(run)?.find(task);
            let one = one.ok_or_else(|| Refusal::NotFound(format!("{run} has no task instance {task}")))?;
            Ok((at, one))
        };
        let (at, one) = find(&state).map_err(|refusal: Refusal| refusal.directly())?;
        what(&mut state, at, one).map_err(|refusal| refusal.directly())
    }
}
