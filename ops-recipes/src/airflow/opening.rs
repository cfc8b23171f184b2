//! How every plan for a DAG run begins: who answers, which run this is, and whether it may be changed.

use std::collections::BTreeSet;

use airflow_client::{DagGraph, DagId, DagRun, RunFilter, RunKey, RunState, TaskFilter, TaskInstance};
use futures_util::future::{join, join4};
use ops_client::Result;
use ops_plan::{Action, Draft, Finding, Subject};

use super::AirflowReads;
use super::forecast::Forecast;
use crate::clock::clock;
use crate::words::{count, names, when};

/// A run, read whole.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) run: DagRun,
    pub(crate) graph: DagGraph,
    pub(crate) tasks: Vec<TaskInstance>,
}

impl Opened {
    /// The instances of a task.
    pub(crate) fn instances<'a>(&'a self, task: &'a airflow_client::TaskId) -> impl Iterator<Item = &'a TaskInstance> {
        self.tasks.iter().filter(move |instance| instance.key.task == *task)
    }
}

/// Reads the run and its DAG, and says in the draft what was found. `None` where the plan ends here.
///
/// # Errors
/// When Airflow does not answer.
pub(crate) async fn open<A: Action>(
    draft: &mut Draft<A>,
    reads: &AirflowReads,
    run: &RunKey,
) -> Result<Option<Opened>> {
    let opened = read(draft, reads, run).await?;
    if let Some(opened) = &opened {
        draft.population(opened.tasks.len());
        draft.one_by_one();
    }
    Ok(opened)
}

/// As [`open`], for a plan whose population is another one than the run's tasks.
///
/// # Errors
/// When Airflow does not answer.
pub(crate) async fn read<A: Action>(
    draft: &mut Draft<A>,
    reads: &AirflowReads,
    run: &RunKey,
) -> Result<Option<Opened>> {
    draft.subject(Subject::new("dag-run", run));
    let all = TaskFilter::all();
    let airflow = &reads.airflow;
    let (probe, graph, dag_run, tasks) =
        join4(airflow.probe(), airflow.graph(&run.dag), airflow.dag_run(run), airflow.task_instances(run, &all)).await;
    match probe {
        Ok(probe) => {
            let version = probe.version.map_or(String::new(), |version| format!(" {version}"));
            draft.identity(format!("Airflow{version} at {}", probe.address));
            if let Some(finding) = clock(draft.now(), probe.server_time, "Airflow") {
                draft.finding(finding);
            }
        }
        Err(error) => {
            draft.finding(Finding::warn("identity", format!("Airflow does not say what it is: {error}")));
        }
    }
    for missing in [graph.as_ref().err(), dag_run.as_ref().err(), tasks.as_ref().err()].into_iter().flatten() {
        if missing.is_not_found() {
            let what = if graph.as_ref().is_err_and(|error| error.is_not_found()) {
                format!("Airflow has no DAG {} in {}", run.dag, draft.target().environment)
            } else {
                format!("{} has no run {} in {}", run.dag, run.run, draft.target().environment)
            };
            let advice = "check the DAG, the run and the environment; `dag-run --dag DAG` lists the newest runs";
            draft.finding(Finding::block("run", what).with_advice(advice));
            return Ok(None);
        }
    }
    let opened = Opened { run: dag_run?, graph: graph?, tasks: tasks? };
    let started = opened.run.started_at.map_or(String::new(), |at| format!(", began {}", when(at, draft.now())));
    draft.note(format!("Run {}: {}, {}{started}.", run.run, days(&opened.run), opened.run.state));
    draft.finding(newest(reads, &opened.run).await);
    Ok(Some(opened))
}

/// Whether the run is the newest one of its DAG: yesterday's run looks just like today's.
async fn newest(reads: &AirflowReads, run: &DagRun) -> Finding {
    const GUARD: &str = "newest";
    match reads.airflow.dag_runs(&RunFilter::of(run.key.dag.clone()).at_most(1)).await {
        Err(error) => Finding::warn(GUARD, format!("whether there is a newer run is not known: {error}")),
        Ok(runs) => match runs.first().filter(|newest| newest.key != run.key) {
            None => Finding::pass(GUARD, "the newest run of the DAG"),
            Some(newest) => {
                let text = format!("there is a newer run: {}, {}, {}", newest.key.run, days(newest), newest.state);
                Finding::warn(GUARD, text).with_advice("check that this is the run that you mean")
            }
        },
    }
}

/// Jobs that run again without the machines that they ran on.
pub(crate) fn machines_gone(forecast: &Forecast) -> Option<Finding> {
    if forecast.machines_gone.is_empty() {
        return None;
    }
    let text = format!(
        "machines are gone that are needed again: {} took them away, and {} does not run again",
        names(forecast.machines_gone.keys()),
        names(forecast.machines_gone.values().flatten().collect::<BTreeSet<_>>())
    );
    Some(Finding::warn("machines", text).with_advice("run what makes them again, too: `clear-and-rerun`"))
}

/// A run's day, both ways: the platform says the target date, Airflow the day before it.
pub(crate) fn days(run: &DagRun) -> String {
    match run.execution_date {
        None => "of no date (made by hand)".to_owned(),
        Some(execution) => match execution.target_date() {
            Some(target) => format!("target date {target}, execution date {execution}"),
            None => format!("execution date {execution}"),
        },
    }
}

/// How every title begins: where, and what of.
pub(crate) fn title<A: Action>(draft: &Draft<A>, run: &RunKey, what: &str) -> String {
    format!("{} · {} {} · {what}", draft.target(), run.dag, run.run)
}

/// Whether the credential that will change the DAG may: found out without effect.
pub(crate) async fn right(reads: &AirflowReads, dag: &DagId) -> Finding {
    const GUARD: &str = "right";
    let Some(writer) = &reads.writer else {
        return Finding::warn(GUARD, "whether the credential may change the run was not looked at");
    };
    match writer.may_change(dag).await {
        Ok(true) => Finding::pass(GUARD, format!("the credential may change runs of {dag}")),
        Ok(false) => Finding::block(GUARD, format!("the credential may not change runs of {dag}"))
            .with_advice("use one with the right to edit DAG runs and task instances"),
        Err(error) => {
            Finding::warn(GUARD, format!("whether the credential may change runs of {dag} is not known: {error}"))
        }
    }
}

/// Whether the run finds a place to go on: beyond `max_active_runs` it waits in the queue.
pub(crate) async fn slot(reads: &AirflowReads, run: &DagRun) -> Finding {
    const GUARD: &str = "slot";
    if run.state == RunState::Running {
        return Finding::pass(GUARD, "the run goes on now");
    }
    let filter = RunFilter::of(run.key.dag.clone()).in_state(RunState::Running);
    let (dag, going) = join(reads.airflow.dag(&run.key.dag), reads.airflow.dag_runs(&filter)).await;
    let (dag, going) = match (dag, going) {
        (Ok(dag), Ok(going)) => (dag, going),
        (Err(error), _) | (_, Err(error)) => {
            return Finding::warn(GUARD, format!("whether the run finds a place is not known: {error}"));
        }
    };
    if dag.paused {
        return Finding::warn(GUARD, format!("{} is paused: the run will wait in the queue until it is not", dag.id))
            .with_advice("let the DAG go on, if nobody paused it on purpose");
    }
    let others: Vec<String> =
        going.iter().filter(|other| other.key != run.key).map(|other| other.key.run.to_string()).collect();
    match dag.max_active_runs {
        Some(max) if others.len() >= max as usize => {
            let text = format!(
                "no place is free ({} of {max}): the run will wait in `queued` until {} ends, and the next scheduled run waits too",
                others.len(),
                names(&others)
            );
            Finding::warn(GUARD, text)
        }
        Some(max) => Finding::pass(GUARD, format!("{} of {max} places are taken", others.len())),
        None => Finding::pass(GUARD, format!("{} besides", count(others.len(), "running run"))),
    }
}
