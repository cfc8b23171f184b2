//! The server and its DAGs.

use std::collections::BTreeSet;

use ops_client::conformance::{Outcome, check, same, told};

use super::super::Scene;
use super::support::*;
use crate::{DagFilter, DagId, ErrorKind, RunFilter, Task};

pub(super) async fn probe(scene: Scene<'_>) -> Outcome {
    let probe = reads(scene).probe().await.map_err(told)?;
    check(probe.version.is_some_and(|version| version.contains('.')), "it says its version")
}

pub(super) async fn health(scene: Scene<'_>) -> Outcome {
    let health = reads(scene).health().await.map_err(told)?;
    for name in ["metadatabase", "scheduler"] {
        let part = health.parts.iter().find(|part| part.name == name).ok_or_else(|| format!("{name} is not named"))?;
        same(name, &Some(true), &part.healthy)?;
    }
    check(health.is_healthy(), "it is healthy")
}

/// Others may be there too.
pub(super) async fn dags_listed(scene: Scene<'_>) -> Outcome {
    let listed = reads(scene).dags(&DagFilter::all()).await.map_err(told)?;
    check(listed.is_sorted_by_key(|dag| &dag.id), "they come sorted by id")?;
    for plan in &scene.scenario.dags {
        let dag = listed.iter().find(|dag| dag.id == plan.id).ok_or_else(|| format!("{} is not listed", plan.id))?;
        same("its tags", &plan.tags, &dag.tags)?;
        same("its description", &Some(plan.description.as_str()), &dag.description.as_deref())?;
        same("its owners", &vec!["data-infra".to_owned()], &dag.owners)?;
        same("its bound of runs", &Some(plan.max_active_runs), &dag.max_active_runs)?;
        check(dag.active && !dag.paused && !dag.has_import_errors, "it is active, and not paused")?;
        let alone = reads(scene).dag(&plan.id).await.map_err(told)?;
        same("the DAG by itself", &dag.id, &alone.id)?;
        same("its tags by itself", &dag.tags, &alone.tags)?;
        same("its bound of runs by itself", &dag.max_active_runs, &alone.max_active_runs)?;
    }
    Ok(())
}

pub(super) async fn dags_restricted(scene: Scene<'_>) -> Outcome {
    let of = async |filter: DagFilter| -> Outcome<BTreeSet<DagId>> {
        Ok(reads(scene).dags(&filter).await.map_err(told)?.into_iter().map(|dag| dag.id).collect())
    };
    let bearing = |tags: &[&str]| -> BTreeSet<DagId> {
        let bears = |dag: &&super::super::DagPlan| dag.tags.iter().any(|tag| tags.contains(&tag.as_str()));
        scene.scenario.dags.iter().filter(bears).map(|dag| dag.id.clone()).collect()
    };
    same("those with a tag", &bearing(&["models"]), &of(DagFilter::all().tagged("models")).await?)?;
    let two = DagFilter::all().tagged("wide").tagged("shapes");
    same("those with one of two tags", &bearing(&["wide", "shapes"]), &of(two).await?)?;
    same("those with a tag that none has", &BTreeSet::new(), &of(DagFilter::all().tagged("nobody-has-it")).await?)?;
    same("those that go on", &bearing(&["models"]), &of(DagFilter::all().tagged("models").paused(false)).await?)?;
    same("those paused", &BTreeSet::new(), &of(DagFilter::all().tagged("models").paused(true)).await?)
}

pub(super) async fn graphs(scene: Scene<'_>) -> Outcome {
    for plan in &scene.scenario.dags {
        let found = reads(scene).graph(&plan.id).await.map_err(told)?;
        let (wanted, id) = (plan.graph(), &plan.id);
        same(&format!("number of tasks of {id}"), &wanted.tasks().len(), &found.tasks().len())?;
        for (wanted, found) in wanted.tasks().zip(found.tasks()) {
            same("a task", &shape(wanted), &shape(found))?;
        }
    }
    Ok(())
}

/// What a scenario says of a task.
fn shape(task: &Task) -> impl PartialEq + std::fmt::Debug + use<'_> {
    (&task.id, &task.downstream, &task.trigger_rule, task.mapped, task.retries)
}

pub(super) async fn unknown_dag(scene: Scene<'_>) -> Outcome {
    let dag = unknown_dag_id()?;
    refused(ErrorKind::NotFound, reads(scene).dag(&dag).await)?;
    refused(ErrorKind::NotFound, reads(scene).graph(&dag).await)?;
    refused(ErrorKind::NotFound, reads(scene).dag_runs(&RunFilter::of(dag)).await)
}

pub(super) async fn pools(scene: Scene<'_>) -> Outcome {
    let pools = reads(scene).pools().await.map_err(told)?;
    check(pools.is_sorted_by_key(|pool| &pool.name), "they come sorted by name")?;
    let pool = pools.iter().find(|pool| pool.name == "default_pool").ok_or("there is no default pool")?;
    check(pool.slots > 0 && pool.open <= pool.slots, "it has places")
}

pub(super) async fn import_errors(scene: Scene<'_>) -> Outcome {
    let errors = reads(scene).import_errors().await.map_err(told)?;
    for file in &scene.scenario.broken_files {
        let error = errors.iter().find(|error| error.file.ends_with(file.as_str()));
        let error = error.ok_or_else(|| format!("{file} is not listed"))?;
        check(error.trace.contains("broken on purpose"), "its trace arrives")?;
    }
    same("files that cannot be imported", &scene.scenario.broken_files.len(), &errors.len())
}
