//! All that Airflow keeps.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use airflow_client::{DagId, DagRunId, ImportError, RunKey, RunState, TaskId, TaskState, Variable};
use jiff::Timestamp;

use super::agenda::Due;
use super::run::Run;
use super::spec::{DagSpec, RunSpec};
use super::structure::Structure;
use crate::agenda::Agenda;
pub(super) use crate::agenda::later;
use crate::refusal::Refusal;

/// How long the scheduler takes until it looks, and between two looks at the same run.
pub(super) const LOOK: Duration = Duration::from_millis(200);

/// A DAG, and what else is known of it.
#[derive(Debug)]
pub(crate) struct Dag {
    pub(crate) spec: DagSpec,
    pub(crate) structure: Arc<Structure>,
    pub(crate) paused: bool,
    /// Its runs, in the order in which they were made.
    pub(crate) runs: Vec<usize>,
    /// When its file was read.
    pub(crate) read_at: Timestamp,
    /// How often it was deployed.
    pub(crate) version: u32,
    /// A look for queued runs is foreseen.
    pub(super) admits: bool,
}

/// How many tasks may run at once, and which of them wait.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) name: String,
    pub(crate) slots: i64,
    pub(crate) description: Option<&'static str>,
    pub(super) waiting: VecDeque<(usize, usize, u32)>,
}

impl Pool {
    /// How many wait for a place.
    pub(crate) fn waits(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn new(name: impl Into<String>, slots: i64) -> Self {
        Self { name: name.into(), slots, description: None, waiting: VecDeque::new() }
    }
}

/// Who did what. Events are numbered from 1.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) at: Timestamp,
    /// As Airflow 3 names it.
    pub(crate) event: &'static str,
    pub(crate) who: String,
    pub(crate) dag: Option<DagId>,
    pub(crate) run: Option<DagRunId>,
    pub(crate) task: Option<TaskId>,
    pub(crate) map_index: Option<u32>,
    pub(crate) extra: Option<String>,
}

/// All DAGs with their runs, and what stands beside them.
#[derive(Debug)]
pub(crate) struct Airflow {
    pub(crate) dags: Vec<Dag>,
    pub(crate) by_id: HashMap<DagId, usize>,
    pub(crate) runs: Vec<Option<Run>>,
    pub(crate) by_key: HashMap<RunKey, usize>,
    pub(crate) variables: BTreeMap<String, Variable>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) import_errors: Vec<ImportError>,
    pub(crate) deeds: Vec<Deed>,
    pub(super) quirks: HashMap<super::Quirk, u32>,
    pub(super) agenda: Agenda<Due>,
}

impl Default for Airflow {
    fn default() -> Self {
        let pool = Pool { description: Some("Default pool"), ..Pool::new("default_pool", 128) };
        Self {
            dags: Vec::new(),
            by_id: HashMap::new(),
            runs: Vec::new(),
            by_key: HashMap::new(),
            variables: BTreeMap::new(),
            pools: vec![pool],
            import_errors: Vec::new(),
            deeds: Vec::new(),
            quirks: HashMap::new(),
            agenda: Agenda::default(),
        }
    }
}

impl Airflow {
    pub(crate) fn dag(&self, id: &DagId) -> Result<&Dag, Refusal> {
        self.by_id.get(id).map(|&at| &self.dags[at]).ok_or_else(|| unknown_dag(id))
    }

    pub(crate) fn run(&self, key: &RunKey) -> Result<&Run, Refusal> {
        let run = self.by_key.get(key).and_then(|&at| self.runs[at].as_ref());
        run.ok_or_else(|| unknown_run(key))
    }

    /// The runs of a DAG, in the order in which they were made.
    pub(crate) fn runs_of<'a>(&'a self, dag: &'a Dag) -> impl Iterator<Item = &'a Run> {
        dag.runs.iter().filter_map(|&at| self.runs[at].as_ref())
    }

    /// Puts a DAG there, or another structure in the place of the one that it had.
    pub(crate) fn deploy(&mut self, spec: DagSpec, now: Timestamp) {
        let structure = Arc::new(Structure::new(&spec.id, &spec.tasks));
        let Some(&at) = self.by_id.get(&spec.id) else {
            self.by_id.insert(spec.id.clone(), self.dags.len());
            let paused = spec.paused;
            self.dags.push(Dag { spec, structure, paused, runs: Vec::new(), read_at: now, version: 1, admits: false });
            return;
        };
        let dag = &mut self.dags[at];
        (dag.spec, dag.structure, dag.read_at) = (spec, Arc::clone(&structure), now);
        dag.version += 1;
        for at in dag.runs.clone() {
            let Some(run) = &mut self.runs[at] else { continue };
            if !run.state.is_final() {
                run.integrate(&structure, now);
                self.agenda.write(later(now, LOOK), Due::Decide(at));
            }
        }
        self.admit_soon(at, now);
    }

    /// Makes a run.
    pub(crate) fn add_run(&mut self, dag: &DagId, spec: RunSpec, now: Timestamp) -> Result<usize, Refusal> {
        let number = *self.by_id.get(dag).ok_or_else(|| unknown_dag(dag))?;
        let key = RunKey::new(dag.clone(), spec.id);
        if self.by_key.contains_key(&key) {
            let (dag, run) = (&key.dag, &key.run);
            return Err(Refusal::Conflict(format!(
                "DAGRun with DAG ID: '{dag}' and DAGRun ID: '{run}' already exists"
            )));
        }
        let made_at = spec.at.unwrap_or(now);
        let structure = Arc::clone(&self.dags[number].structure);
        let mut run = Run::new(key.clone(), Arc::clone(&structure), made_at);
        run.about = spec.about;
        run.run_type = if spec.scheduled { "scheduled" } else { "manual" };
        run.conf = spec.conf;
        run.integrate(&structure, made_at);
        let at = self.runs.len();
        self.runs.push(Some(run));
        self.by_key.insert(key, at);
        self.dags[number].runs.push(at);
        self.admit_soon(number, made_at);
        Ok(at)
    }

    /// The scheduler will look which queued runs of the DAG may begin.
    pub(super) fn admit_soon(&mut self, dag: usize, now: Timestamp) {
        if !self.dags[dag].admits {
            self.dags[dag].admits = true;
            self.agenda.write(later(now, LOOK), Due::Admit(dag));
        }
    }

    /// The scheduler will look at the run; where it waits, at its DAG.
    pub(super) fn look_soon(&mut self, run: usize, now: Timestamp) {
        let Some(found) = &self.runs[run] else { return };
        match found.state {
            RunState::Running => self.agenda.write(later(now, LOOK), Due::Decide(run)),
            _ => {
                let dag = self.by_id.get(&found.key.dag).copied();
                dag.into_iter().for_each(|dag| self.admit_soon(dag, now));
            }
        }
    }

    /// How many places of a pool are taken.
    pub(super) fn taken(&self, pool: &str) -> i64 {
        self.runs.iter().flatten().filter(|run| run.live > 0).filter_map(|run| run.taken.get(pool)).sum()
    }

    /// How many places of a pool are taken by what runs, and by what is queued.
    pub(crate) fn occupancy(&self, pool: &str) -> (i64, i64) {
        let (mut running, mut queued) = (0, 0);
        for run in self.runs.iter().flatten().filter(|run| run.taken.get(pool).is_some_and(|&taken| taken > 0)) {
            for instance in &run.instances {
                let its = instance.task.and_then(|task| run.structure.tasks[task].task.pool.as_deref());
                match instance.now.state {
                    TaskState::Queued if its == Some(pool) => queued += 1,
                    TaskState::Running | TaskState::Restarting if its == Some(pool) => running += 1,
                    _ => {}
                }
            }
        }
        (running, queued)
    }

    /// Writes down who did what.
    pub(crate) fn note(&mut self, deed: Deed) {
        self.deeds.push(deed);
    }
}

pub(crate) fn unknown_dag(id: &DagId) -> Refusal {
    Refusal::NotFound(format!("The Dag with ID: `{id}` was not found"))
}

pub(crate) fn unknown_run(key: &RunKey) -> Refusal {
    Refusal::NotFound(format!("The DagRun with dag_id: `{}` and run_id: `{}` was not found", key.dag, key.run))
}
