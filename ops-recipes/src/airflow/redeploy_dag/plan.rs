//! The plan of a redeployment: in which order, and what must be known before.

use std::collections::{BTreeMap, BTreeSet};

use airflow_client::{NewTaskState, TaskId, TaskInstance, TaskState, Which};
use metapod_model::TransactionId;
use ops_client::Result;
use ops_plan::{Draft, Finding};
use sonar_client::DatasetFilter;

use super::deploys::same;
use super::step::{Gone, RedeployStep, Unchanged};
use super::{RedeployDag, RedeployReads};
use crate::airflow::change::{ClearTasks, DagChange, Kill, Mark, Seen};
use crate::airflow::cluster::LiveJob;
use crate::airflow::forecast::makers;
use crate::airflow::opening::{self, Opened};
use crate::airflow::{RunView, look};
use crate::datasets::{Committed, DatasetChange, Retract, opening as datasets};
use crate::words::{count, names};

/// What the clear is for.
const WHAT: &str = "to run anew";

pub(super) async fn plan(
    ask: &RedeployDag,
    reads: &RedeployReads,
    mut draft: Draft<RedeployStep>,
) -> Result<Draft<RedeployStep>> {
    let title = opening::title(&draft, &ask.run, &format!("redeploy {}", names(&ask.tasks)));
    draft.title(title);
    let Some(opened) = opening::read(&mut draft, &reads.airflow, &ask.run).await? else { return Ok(draft) };
    if !tasks_are_known(ask, &mut draft, &opened) {
        return Ok(draft);
    }
    let health = scheduler(reads).await;
    draft.finding(health);
    let view = RunView::new(&opened.graph, &opened.tasks);
    let begun: Vec<&TaskInstance> = instances(ask, &opened).filter(|task| has_begun(&task.state)).collect();
    if begun.is_empty() {
        draft.finding(Finding::pass(
            "task",
            "nothing to do: none of these has begun, so that each runs what is deployed",
        ));
        return Ok(draft);
    }
    let captured = processes(ask, &mut draft, reads, &opened).await;
    for finding in version(ask, reads, &captured).await {
        draft.finding(finding);
    }
    let planned = match ask.retract {
        None => {
            draft.population(opened.tasks.len());
            draft.one_by_one();
            Vec::new()
        }
        Some(transaction) => match committed(&mut draft, reads, transaction).await? {
            Some(planned) => planned,
            None => return Ok(draft),
        },
    };
    if ask.retract.is_some() {
        draft.finding(other_writers(ask, reads, &opened).await);
    }
    let all = to_clear(ask, &view);
    draft.note(format!("Cleared together: {}.", all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")));
    draft.note(
        "This is not the answer where every job of the run would have to run anew (begin a run of its own then), or where \
         Airflow's scheduler is down.",
    );
    if ask.on_latest_version {
        draft.note("They run the DAG's newest version, also where the run is pinned to an older one.");
    } else if let Some(version) = &opened.run.bundle_version {
        draft.note(format!("The run is pinned to version {version} of the DAG's files: they run that one again."));
    }
    draft.finding(opening::slot(&reads.airflow, &opened.run).await);
    draft.finding(opening::right(&reads.airflow, &ask.run.dag).await);
    phases(ask, &mut draft, &opened, &captured, &all, planned);
    Ok(draft)
}

/// First nothing starts any more, then nothing runs, then nothing is committed, then it begins anew.
fn phases(
    ask: &RedeployDag,
    draft: &mut Draft<RedeployStep>,
    opened: &Opened,
    captured: &[LiveJob],
    all: &BTreeSet<TaskId>,
    planned: Vec<Retract>,
) {
    let marks = instances(ask, opened).filter(|task| task.state.is_live()).map(|task| {
        RedeployStep::Dag(DagChange::Mark(Mark {
            run: ask.run.clone(),
            seen: Seen::of(task),
            to: NewTaskState::Failed,
            structure: None,
            next_run: None,
        }))
    });
    draft.phase_at("no more tries", 1, marks.collect());
    let mut by_job: BTreeMap<&str, Vec<LiveJob>> = BTreeMap::new();
    for process in captured {
        by_job.entry(&process.job).or_default().push(process.clone());
    }
    let kills = by_job.into_iter().map(|(job, processes)| {
        RedeployStep::Dag(DagChange::Kill(Kill { run: ask.run.clone(), job: job.to_owned(), processes }))
    });
    draft.phase("kill", kills.collect());
    let gone = |before: &str, tasks: &BTreeSet<TaskId>| {
        RedeployStep::Gone(Gone {
            run: ask.run.clone(),
            jobs: ask.tasks.iter().map(ToString::to_string).collect(),
            processes: captured.to_vec(),
            tasks: tasks.iter().cloned().collect(),
            before: before.to_owned(),
        })
    };
    if let Some(transaction) = ask.retract
        && !planned.is_empty()
    {
        let named: BTreeSet<TaskId> = ask.tasks.iter().cloned().collect();
        draft.phase_at("ended", 1, vec![gone("anything is taken back", &named)]);
        let facts = planned.iter().map(|retract| (retract.dataset, retract.before.clone())).collect();
        draft.phase_at("still the same", 1, vec![RedeployStep::Unchanged(Unchanged { transaction, planned: facts })]);
        let retracts = planned.into_iter().map(|retract| RedeployStep::Dataset(DatasetChange::Retract(retract)));
        draft.phase_at("retract", ask.concurrency, retracts.collect());
    }
    draft.phase_at("no second writer", 1, vec![gone("the clear", all)]);
    let ids: Vec<&TaskId> = all.iter().collect();
    draft.phase_at(
        "clear",
        1,
        vec![RedeployStep::Dag(DagChange::Clear(ClearTasks {
            run: ask.run.clone(),
            tasks: opened
                .tasks
                .iter()
                .filter(|task| all.contains(&task.key.task))
                .map(|task| as_left(ask, task))
                .collect(),
            which: Which::Any,
            on_latest_version: ask.on_latest_version,
            what: WHAT.to_owned(),
            structure: Some(look::around(&opened.graph, &ids)),
            holds: None,
        }))],
    );
}

/// A task as the phases before the clear leave it.
fn as_left(ask: &RedeployDag, task: &TaskInstance) -> Seen {
    let mut seen = Seen::of(task);
    if ask.tasks.contains(&task.key.task) {
        if task.state.is_live() {
            seen.state = TaskState::Failed;
        }
    } else if task.state.is_live() {
        // It ends in its own way meanwhile: what it is then says nothing.
        seen.state = TaskState::NoStatus;
    }
    seen
}

fn has_begun(state: &TaskState) -> bool {
    !matches!(state, TaskState::NoStatus | TaskState::Scheduled)
}

fn instances<'a>(ask: &'a RedeployDag, opened: &'a Opened) -> impl Iterator<Item = &'a TaskInstance> {
    opened.tasks.iter().filter(|task| ask.tasks.contains(&task.key.task))
}

/// The jobs, what made their machines, and what follows them: all but what is well or not reached by anything that ends.
fn to_clear(ask: &RedeployDag, view: &RunView<'_>) -> BTreeSet<TaskId> {
    let mut all: BTreeSet<TaskId> = ask.tasks.iter().cloned().collect();
    for task in &ask.tasks {
        // A mark lets the tasks run that take machines away: those that make them must run again.
        let takes = view.graph().downstream(task).any(|id| ask.knowledge.takes_machines(id));
        if takes {
            all.extend(makers(view.graph(), task, &ask.knowledge).into_iter().cloned());
        }
        let below = view.graph().descendants(task).into_iter();
        all.extend(below.filter(|id| view.state(id) != TaskState::Success).cloned());
    }
    let forecast = view.after_clear(all.clone(), &ask.knowledge);
    all.extend(forecast.green_downscales);
    all
}

fn tasks_are_known(ask: &RedeployDag, draft: &mut Draft<RedeployStep>, opened: &Opened) -> bool {
    let (text, advice) = if ask.tasks.is_empty() {
        ("no job is named".to_owned(), "name at least one task of the DAG")
    } else {
        let unknown: Vec<&TaskId> = ask.tasks.iter().filter(|id| opened.instances(id).next().is_none()).collect();
        if unknown.is_empty() {
            return true;
        }
        (format!("{} has no task {} in this run", ask.run.dag, names(unknown)), "look it up in the DAG")
    };
    draft.finding(Finding::block("task", text).with_advice(advice));
    false
}

/// Without a scheduler nothing that is cleared begins.
async fn scheduler(reads: &RedeployReads) -> Finding {
    const GUARD: &str = "scheduler";
    match reads.airflow.airflow.health().await {
        Err(error) => Finding::warn(GUARD, format!("how Airflow feels is not known: {error}")),
        Ok(health) => match health.parts.iter().find(|part| part.name == "scheduler") {
            Some(part) if part.healthy == Some(false) => {
                Finding::block(GUARD, "Airflow's scheduler is down: what is cleared would not begin")
                    .with_advice("bring the scheduler back first")
            }
            _ => Finding::pass(GUARD, "Airflow's scheduler works"),
        },
    }
}

/// The processes to kill; what is said where they cannot be seen.
async fn processes(
    ask: &RedeployDag,
    draft: &mut Draft<RedeployStep>,
    reads: &RedeployReads,
    opened: &Opened,
) -> Vec<LiveJob> {
    let right = "right when you look by hand that they have ended, and kill them if not";
    let Some(port) = &reads.airflow.jobs else {
        let text = "the jobs that the tasks started cannot be seen: nobody looks whether they end";
        draft.finding(Finding::ask("no-evidence", text, right));
        return Vec::new();
    };
    let jobs: Vec<String> = ask.tasks.iter().map(ToString::to_string).collect();
    let alive = match port.live(&opened.run, &jobs).await {
        Ok(alive) => alive,
        Err(error) => {
            draft.finding(Finding::ask("no-evidence", format!("the jobs cannot be seen: {error}"), right));
            return Vec::new();
        }
    };
    let (ours, unknown): (Vec<LiveJob>, Vec<LiveJob>) = alive
        .into_iter()
        .filter(|job| job.is_alive() && job.ours != Some(false))
        .partition(|job| job.ours == Some(true));
    if !unknown.is_empty() {
        let text = format!(
            "{} of which nobody knows whose run they work for: {}",
            count(unknown.len(), "process"),
            names(unknown.iter().map(|job| format!("{} ({})", job.job, job.id)))
        );
        let advice = "look at their configuration; end them by hand, or wait until they have ended, and plan again";
        draft.finding(Finding::block("live-writer", text).with_advice(advice));
    }
    draft.finding(Finding::pass("jobs", format!("{} on the cluster", count(ours.len(), "live process"))));
    ours
}

/// Whether the version is the one that is meant, and what else comes with it.
async fn version(ask: &RedeployDag, reads: &RedeployReads, captured: &[LiveJob]) -> Vec<Finding> {
    const GUARD: &str = "version";
    const RIGHT: &str = "right when you have looked by hand which version is deployed";
    let Some(wanted) = &ask.version else {
        return vec![Finding::ask(GUARD, "no version was named: the jobs run whatever is deployed", RIGHT)];
    };
    let ran: BTreeSet<&str> = captured.iter().filter_map(|job| job.version.as_deref()).collect();
    if ran.iter().any(|ran| same(ran, wanted)) {
        let text = format!("{wanted} is what runs already");
        return vec![Finding::ask(GUARD, text, "right when you want the same version to begin anew")];
    }
    let Some(deploys) = &reads.deploys else {
        let text = format!("whether {wanted} is deployed was not looked at");
        return vec![Finding::ask(GUARD, text, RIGHT)];
    };
    let mut findings = Vec::new();
    for task in &ask.tasks {
        findings.push(match deploys.deployed(task.as_str()).await {
            Ok(Some(now)) if same(&now, wanted) => Finding::pass(GUARD, format!("{wanted} is deployed for {task}")),
            Ok(Some(now)) => Finding::ask(GUARD, format!("{now} is deployed for {task}, not {wanted}"), RIGHT),
            Ok(None) => Finding::ask(GUARD, format!("what is deployed for {task} is not known"), RIGHT),
            Err(error) => Finding::ask(GUARD, format!("what is deployed for {task} is not known: {error}"), RIGHT),
        });
    }
    for ran in ran {
        const CHANGES: &str = "changes";
        let right = "right when none of these changes what other jobs of this run read or write";
        findings.push(match deploys.between(ran, wanted).await {
            Ok(builds) if builds.len() <= 1 => Finding::pass(CHANGES, format!("only {wanted} lies after {ran}")),
            Ok(builds) => {
                let all = names(builds.iter().map(|build| format!("{} ({})", build.subject, build.author)));
                Finding::ask(CHANGES, format!("{} after {ran}: {all}", count(builds.len(), "build")), right)
            }
            Err(error) => Finding::ask(CHANGES, format!("what was built after {ran} is not known: {error}"), right),
        });
    }
    findings
}

/// What is committed now. `None` where the plan ends here.
async fn committed(
    draft: &mut Draft<RedeployStep>,
    reads: &RedeployReads,
    transaction: TransactionId,
) -> Result<Option<Vec<Retract>>> {
    let Some(sources) = &reads.datasets else {
        let text = "nothing can be taken back: no Sonar and Metapod are configured for this program";
        draft.finding(Finding::block("transaction", text).with_advice("configure them, or leave the retraction out"));
        return Ok(None);
    };
    if datasets::open(draft, &sources.sonar, &sources.metapod, transaction).await?.is_none() {
        return Ok(None);
    }
    let committed = DatasetFilter::committed();
    let Some(all) = datasets::datasets(draft, &sources.sonar, transaction, &committed).await? else { return Ok(None) };
    draft.population(all.len());
    draft.note(format!("Taken back: all that is committed, {}.", count(all.len(), "dataset")));
    let retract = |dataset: sonar_client::Dataset| Retract {
        transaction,
        dataset: dataset.id,
        before: Committed::of(&dataset),
        name: dataset.name,
    };
    Ok(Some(all.into_iter().map(retract).collect()))
}

/// Other jobs of the run that may write while everything is taken back.
async fn other_writers(ask: &RedeployDag, reads: &RedeployReads, opened: &Opened) -> Finding {
    const GUARD: &str = "live-writer";
    let others: Vec<&TaskInstance> = opened
        .tasks
        .iter()
        .filter(|task| task.state.is_live() && !ask.tasks.contains(&task.key.task))
        .filter(|task| !ask.knowledge.makes_machines(&task.key.task) && !ask.knowledge.takes_machines(&task.key.task))
        .collect();
    let mut writers: BTreeSet<String> = others.iter().map(|task| format!("{} ({})", task.key, task.state)).collect();
    if let Some(port) = &reads.airflow.jobs {
        let rest: Vec<String> = opened
            .graph
            .tasks()
            .map(|task| &task.id)
            .filter(|id| !ask.tasks.contains(id))
            .map(ToString::to_string)
            .collect();
        match port.live(&opened.run, &rest).await {
            Ok(jobs) => writers.extend(
                jobs.iter()
                    .filter(|job| job.is_alive() && job.ours != Some(false))
                    .map(|job| format!("{} ({})", job.job, job.id)),
            ),
            Err(error) => {
                let text = format!("which other jobs of this run are alive is not known: {error}");
                return Finding::ask(GUARD, text, "right when you have looked by hand, and none is");
            }
        }
    }
    if writers.is_empty() {
        return Finding::pass(GUARD, "no other job of this run is at work");
    }
    let text = format!("other jobs of this run are at work, and may commit again: {}", names(writers));
    Finding::ask(GUARD, text, "right when what they write is not needed by the jobs that run anew")
}
