//! DAGs worth running.

use std::time::Duration;

use airflow_client::{DagId, TaskId, TriggerRule};

use crate::World;
use crate::airflow::{DagSpec, TaskSpec};

/// Names that are written here are good names; the tests say so.
fn task(id: &str) -> Option<TaskSpec> {
    id.parse::<TaskId>().ok().map(TaskSpec::new)
}

fn ids(names: &[&str]) -> Vec<TaskId> {
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

fn deploy(world: &World, dag: &str, tasks: Vec<TaskSpec>, more: impl FnOnce(DagSpec) -> DagSpec) -> Option<DagId> {
    let id: DagId = dag.parse().ok()?;
    world.deploy(more(DagSpec::new(id.clone(), tasks)));
    Some(id)
}

/// What follows what in [`dagao`].
const NIGHT: [(&str, &[&str]); 15] = [
    ("itaipu-contracts", &["itaipu-core", "scale-ec2-fx-model", "scale-ec2-policy-model"]),
    ("itaipu-core", &["core-checks"]),
    ("core-checks", &[]),
    ("scale-ec2-policy-model", &["itaipu-policy-model"]),
    ("itaipu-policy-model", &["policy-model"]),
    ("policy-model", &["databricks_load-models", "downscale-policy-model", "scale-ec2-rest"]),
    ("downscale-policy-model", &[]),
    ("scale-ec2-fx-model", &["itaipu-fx-model"]),
    ("itaipu-fx-model", &["fx-model"]),
    ("fx-model", &["databricks_load-models", "downscale-fx-model", "scale-ec2-rest"]),
    ("downscale-fx-model", &[]),
    ("databricks_load-models", &[]),
    ("scale-ec2-rest", &["itaipu-rest"]),
    ("itaipu-rest", &["downscale-rest"]),
    ("downscale-rest", &[]),
];

/// The tasks of [`dagao`]. The two models' downscales follow them with the rule `all_done`: machines go away whether or not
/// the model worked.
pub(crate) fn night() -> Vec<TaskSpec> {
    let spec = |(id, below): (&str, &[&str])| {
        let spec = task(id)?.followed_by(ids(below));
        let done = matches!(id, "downscale-fx-model" | "downscale-policy-model");
        Some(if done { spec.trigger_rule(TriggerRule::AllDone) } else { spec })
    };
    NIGHT.into_iter().filter_map(spec).collect()
}

/// The DAG `dagao`: a nightly run in the small, 15 tasks of a second each.
///
/// ```text
/// itaipu-contracts
///   +- itaipu-core -> core-checks
///   +- scale-ec2-policy-model -> itaipu-policy-model -> policy-model -.
///   +- scale-ec2-fx-model     -> itaipu-fx-model     -> fx-model -----+
///                                                                     |
///          databricks_load-models   <---------------------------------+
///          scale-ec2-rest -> itaipu-rest -> downscale-rest   <--------'
/// ```
///
/// `downscale-fx-model` and `downscale-policy-model` follow their model with the rule `all_done`.
pub fn dagao(world: &World) -> Option<DagId> {
    dagao_with(world, |dag| dag)
}

/// The DAG of [`dagao`], with more said of it: that its tasks are jobs of Aurora, for one.
pub fn dagao_with(world: &World, more: impl FnOnce(DagSpec) -> DagSpec) -> Option<DagId> {
    deploy(world, "dagao", night(), |dag| {
        more(dag.described("A nightly run in the small.").tags(["models", "nightly"]))
    })
}

/// The DAG `shapes`: groups in groups, a mapped task of three instances, and a task that tries twice again, 5 s later.
pub fn shapes(world: &World) -> Option<DagId> {
    let tasks = [
        task("list-files").map(|list| list.followed_by(ids(&["loads.load-one"]))),
        task("loads.inner.first").map(|first| first.empty().followed_by(ids(&["loads.load-one"]))),
        task("loads.load-one").map(|load| load.mapped(["file-0", "file-1", "file-2"]).followed_by(ids(&["end"]))),
        task("end").map(TaskSpec::empty),
        task("retries-twice").map(|again| again.retries(2, Duration::from_secs(5))),
    ];
    deploy(world, "shapes", tasks.into_iter().flatten().collect(), |dag| {
        dag.described("Groups in groups, a mapped task, one that tries again.").tags(["shapes"])
    })
}

/// A DAG of layers of tasks that do nothing, `t00-000` and so on: each is followed by the one at its place in the next layer.
pub fn wide(world: &World, dag: &str, layers: usize, width: usize) -> Option<DagId> {
    let id = |layer: usize, place: usize| format!("t{layer:02}-{place:03}");
    let mut tasks = Vec::with_capacity(layers * width);
    for layer in 0..layers {
        for place in 0..width {
            let below = if layer + 1 < layers { ids(&[&id(layer + 1, place)]) } else { Vec::new() };
            tasks.extend(task(&id(layer, place)).map(|spec| spec.empty().followed_by(below)));
        }
    }
    deploy(world, dag, tasks, |dag| dag.tags(["wide"]))
}
