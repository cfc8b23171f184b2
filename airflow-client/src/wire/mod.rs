//! What travels. The two APIs are alike in most things: what they share is in the files of this folder, where they differ
//! it is in `v1` and `v2`, which have the same functions.

mod change;
mod lenient;
mod list;
mod log;
mod other;
pub(crate) mod problem;
mod read;
mod shape;
mod v1;
mod v2;

use ops_client::Result;
use ops_client::http::{Call, Endpoint, Reply};

use crate::{Release, RunKey, TaskKey};

/// One call of a port, to a server of a known release.
pub(crate) struct Api<'a> {
    endpoint: &'a Endpoint,
    op: &'static str,
    release: Release,
    page_size: usize,
}

const DAG: &str = "/api/{api}/dags/{dag}";
const RUNS: &str = "/api/{api}/dags/{dag}/dagRuns";
const RUN: &str = "/api/{api}/dags/{dag}/dagRuns/{run}";
const TASK: &str = "/api/{api}/dags/{dag}/dagRuns/{run}/taskInstances/{task}";

impl<'a> Api<'a> {
    pub(crate) fn new(endpoint: &'a Endpoint, op: &'static str, release: Release, page_size: usize) -> Self {
        Self { endpoint, op, release, page_size }
    }

    /// Whether API v1 is spoken; otherwise it is v2.
    fn is_v1(&self) -> bool {
        self.release.major == 2
    }

    fn root(&self) -> [&'static str; 2] {
        ["api", if self.is_v1() { "v1" } else { "v2" }]
    }

    fn get(&self, path: &[&str], template: &'static str) -> Call {
        self.endpoint.get(self.op).segments(&self.root()).segments(path).template(template)
    }

    fn post(&self, path: &[&str], template: &'static str) -> Call {
        self.endpoint.post(self.op).segments(&self.root()).segments(path).template(template)
    }

    fn patch(&self, path: &[&str], template: &'static str) -> Call {
        self.endpoint.patch(self.op).segments(&self.root()).segments(path).template(template)
    }

    fn delete(&self, path: &[&str], template: &'static str) -> Call {
        self.endpoint.delete(self.op).segments(&self.root()).segments(path).template(template)
    }

    async fn send(&self, call: Call) -> Result<Reply> {
        call.send().await.map_err(|error| problem::explain(error, self.is_v1()))
    }
}

/// `dags/{dag}/dagRuns/{run}`.
fn run_path(run: &RunKey) -> Vec<&str> {
    vec!["dags", run.dag.as_str(), "dagRuns", run.run.as_str()]
}

/// `dags/{dag}/dagRuns/{run}/taskInstances/{task}`, with the place of a mapped instance where there is one.
fn task_path<'a>(run: &'a RunKey, task: &'a TaskKey, index: Option<&'a str>) -> Vec<&'a str> {
    let mut path = run_path(run);
    path.extend(["taskInstances", task.task.as_str()]);
    path.extend(index);
    path
}

/// The place of a mapped instance as it stands in a path.
fn index(task: &TaskKey) -> Option<String> {
    task.map_index.map(|index| index.to_string())
}
