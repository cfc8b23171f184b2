//! What is kept, as the client shows it.

use std::time::Duration;

use airflow_client::{Dag, DagRun, Event, Pool, TaskInstance};
use serde_json::{Map, Value, json};

use super::run::{Instance, Run, Try};
use super::state::{self, Airflow, Deed};

/// The machine that every try runs on.
pub(super) const HOST: &str = "worker.example.com";

impl state::Dag {
    pub(super) fn shown(&self) -> Dag {
        let mut shown =
            Dag::new(self.spec.id.clone()).with_paused(self.paused).with_max_active_runs(self.spec.max_active_runs);
        shown.tags.clone_from(&self.spec.tags);
        shown.owners = self.owners();
        shown.description.clone_from(&self.spec.description);
        shown.schedule.clone_from(&self.spec.schedule);
        shown.file = Some(self.file());
        shown
    }

    pub(super) fn owners(&self) -> Vec<String> {
        let mut owners: Vec<String> = self.structure.tasks.iter().filter_map(|spec| spec.task.owner.clone()).collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    pub(super) fn file(&self) -> String {
        format!("/dags/{}.py", self.spec.id)
    }
}

impl Run {
    pub(super) fn shown(&self) -> DagRun {
        let mut shown = DagRun::new(self.key.clone(), self.state.clone());
        shown.execution_date = self.about;
        shown.queued_at = self.queued_at;
        shown.started_at = self.started_at;
        shown.ended_at = self.ended_at;
        shown.run_type = Some(self.run_type.to_owned());
        shown.conf = Some(Value::Object(self.conf.clone()));
        shown.note.clone_from(&self.note);
        shown
    }

    /// An instance as it is, or as it was in an earlier try.
    pub(super) fn shown_try(&self, instance: &Instance, which: &Try) -> TaskInstance {
        let mut shown = TaskInstance::new(instance.key.clone(), which.state.clone()).with_try(which.number);
        shown = shown.with_times(which.started_at, which.ended_at);
        shown.max_tries = which.max_tries;
        shown.queued_at = which.queued_at;
        shown.duration = which.duration();
        shown.hostname = which.pid.map(|_| HOST.to_owned());
        shown.pid = which.pid;
        let task = instance.task.map(|task| &self.structure.tasks[task].task);
        shown.operator = task.and_then(|task| task.operator.clone());
        shown.pool = task.and_then(|task| task.pool.clone());
        shown.note.clone_from(&instance.note);
        shown
    }

    pub(super) fn shown_task(&self, instance: &Instance) -> TaskInstance {
        self.shown_try(instance, &instance.now)
    }

    /// The fields of a job as they were rendered for its run; none before its first try.
    pub(super) fn rendered(&self, instance: &Instance) -> Map<String, Value> {
        let job = instance.task.is_some_and(|task| !self.structure.tasks[task].empty);
        if !job || instance.tally.starts == 0 {
            return Map::new();
        }
        let transaction = self.conf.get("transaction").cloned().unwrap_or_else(|| Value::from(""));
        let fields = json!({
            "op_args": [instance.key.to_string()],
            "op_kwargs": {"run": self.key.run.as_str(), "transaction": transaction},
            "templates_dict": null,
        });
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
}

impl Try {
    pub(super) fn duration(&self) -> Option<Duration> {
        let took = self.ended_at?.duration_since(self.started_at?);
        Duration::try_from(took).ok()
    }
}

impl Airflow {
    pub(super) fn shown_pool(&self, pool: &state::Pool) -> Pool {
        let (running, queued) = self.occupancy(&pool.name);
        let mut shown = Pool::new(pool.name.clone(), pool.slots);
        (shown.running, shown.queued) = (running, queued);
        shown.open = if pool.slots < 0 { pool.slots } else { pool.slots - running - queued };
        shown
    }
}

impl Deed {
    pub(super) fn shown(&self) -> Event {
        let mut shown = Event::new(self.at, self.event);
        shown.who = Some(self.who.clone());
        shown.dag.clone_from(&self.dag);
        shown.run.clone_from(&self.run);
        shown.task.clone_from(&self.task);
        shown.extra.clone_from(&self.extra);
        shown
    }
}
