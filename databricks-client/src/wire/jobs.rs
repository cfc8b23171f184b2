//! Runs. From documents: a run that was submitted has its tasks, and only the run of a task tells what a notebook told.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{instant, said};
use crate::{IdempotencyToken, LifeCycle, ResultState, Run, RunId, RunOutput, Submit, TaskRun};

/// The key of the only task of a run that we submit.
const TASK: &str = "notebook";

pub(crate) fn submission(submit: &Submit, token: &IdempotencyToken) -> Value {
    let mut body = json!({
        "run_name": submit.name,
        "idempotency_token": token,
        "tasks": [{
            "task_key": TASK,
            "existing_cluster_id": submit.cluster,
            "notebook_task": {"notebook_path": submit.notebook, "source": "WORKSPACE",
                              "base_parameters": submit.parameters},
        }],
    });
    if let Some(seconds) = submit.timeout_seconds {
        body["timeout_seconds"] = seconds.into();
    }
    body
}

#[derive(Deserialize)]
pub(crate) struct Submitted {
    pub(crate) run_id: RunId,
}

#[derive(Deserialize)]
pub(crate) struct RunIn {
    run_id: RunId,
    run_name: Option<String>,
    state: StateIn,
    start_time: Option<i64>,
    end_time: Option<i64>,
    run_page_url: Option<String>,
    #[serde(default)]
    tasks: Vec<TaskIn>,
}

#[derive(Deserialize)]
struct TaskIn {
    task_key: String,
    run_id: RunId,
    state: StateIn,
}

#[derive(Deserialize)]
struct StateIn {
    life_cycle_state: String,
    result_state: Option<String>,
    state_message: Option<String>,
}

impl StateIn {
    fn told(&self) -> (LifeCycle, Option<ResultState>) {
        (LifeCycle::told(&self.life_cycle_state), self.result_state.as_deref().map(ResultState::told))
    }
}

impl From<RunIn> for Run {
    fn from(told: RunIn) -> Self {
        let (life_cycle, result) = told.state.told();
        let mut run = Self::new(told.run_id, told.run_name.unwrap_or_default(), life_cycle);
        (run.result, run.message, run.page) = (result, said(told.state.state_message), said(told.run_page_url));
        (run.started, run.ended) = (instant(told.start_time), instant(told.end_time));
        let task = |task: TaskIn| {
            let (life_cycle, result) = task.state.told();
            TaskRun::new(task.task_key, task.run_id, life_cycle, result)
        };
        run.tasks = told.tasks.into_iter().map(task).collect();
        run
    }
}

#[derive(Deserialize)]
pub(crate) struct OutputIn {
    notebook_output: Option<NotebookOutput>,
    error: Option<String>,
    error_trace: Option<String>,
}

#[derive(Deserialize)]
struct NotebookOutput {
    result: Option<String>,
    #[serde(default)]
    truncated: bool,
}

impl From<OutputIn> for RunOutput {
    fn from(told: OutputIn) -> Self {
        let mut output = Self::default();
        if let Some(NotebookOutput { result, truncated }) = told.notebook_output {
            (output.result, output.truncated) = (result, truncated);
        }
        (output.error, output.trace) = (said(told.error), said(told.error_trace));
        output
    }
}
