//! Looking at the steps of a redeployment: each kind together, by the recipe that it comes from.

use std::collections::BTreeMap;

use airflow_client::{RunKey, TaskFilter};
use jiff::{SignedDuration, Timestamp};
use metapod_model::DatasetId;
use ops_client::{Error, Result};
use ops_plan::Observed;
use sonar_client::DatasetFilter;

use super::RedeployReads;
use super::step::{Gone, RedeployStep, Unchanged};
use crate::airflow::look as dag;
use crate::datasets::{Committed, DatasetReads, look as datasets};
use crate::words::{count, names};

/// For so long a task must have ended before it is cleared. A mark shows at once, but Airflow's own process of the old try
/// learns of it only when it next reports; where the task was cleared meanwhile, that report fails the run (seen on 3.3.2).
const CALM: SignedDuration = SignedDuration::from_secs(15);

pub(super) async fn observe(reads: &RedeployReads, run: &RunKey, steps: &[&RedeployStep]) -> Result<Vec<Observed>> {
    let mut seen: Vec<Option<Observed>> = vec![None; steps.len()];
    let (mut places, mut changes) = (Vec::new(), Vec::new());
    let mut transactions: BTreeMap<_, (Vec<usize>, Vec<_>)> = BTreeMap::new();
    for (place, step) in steps.iter().enumerate() {
        match step {
            RedeployStep::Dag(change) => {
                places.push(place);
                changes.push(change);
            }
            RedeployStep::Dataset(change) => {
                let transaction = change.transaction();
                let (places, changes) = transactions.entry(transaction).or_default();
                places.push(place);
                changes.push(change);
            }
            RedeployStep::Gone(step) => seen[place] = Some(gone(reads, step).await?),
            RedeployStep::Unchanged(step) => seen[place] = Some(unchanged(reads, step).await?),
        }
    }
    if !changes.is_empty() {
        for (place, observed) in places.into_iter().zip(dag::observe(&reads.airflow, run, &changes).await?) {
            seen[place] = Some(observed);
        }
    }
    for (transaction, (places, changes)) in transactions {
        let sonar = &sources(reads)?.sonar;
        for (place, observed) in places.into_iter().zip(datasets::observe(&**sonar, transaction, &changes).await?) {
            seen[place] = Some(observed);
        }
    }
    let unseen = || Observed::Drifted("nobody looked at it".to_owned());
    Ok(seen.into_iter().map(|observed| observed.unwrap_or_else(unseen)).collect())
}

/// What datasets are read from.
pub(super) fn sources(reads: &RedeployReads) -> Result<&DatasetReads> {
    reads.datasets.as_ref().ok_or_else(|| {
        Error::invalid("sonar.datasets", "no Sonar is configured for this program, so that nothing can be taken back")
            .with_remedy("configure Sonar and Metapod")
    })
}

async fn gone(reads: &RedeployReads, gone: &Gone) -> Result<Observed> {
    let run = reads.airflow.airflow.dag_run(&gone.run).await?;
    if let Some(jobs) = &reads.airflow.jobs
        && !gone.jobs.is_empty()
    {
        let alive = jobs.live(&run, &gone.jobs).await?;
        let (known, newer): (Vec<_>, Vec<_>) = alive
            .iter()
            .filter(|job| job.is_alive() && job.ours != Some(false))
            .partition(|job| gone.processes.iter().any(|process| process.id == job.id));
        if !newer.is_empty() {
            let who = names(newer.iter().map(|job| format!("{} ({})", job.job, job.id)));
            return Ok(Observed::Drifted(format!("a newer process writes: {who}; make a new plan")));
        }
        if known.iter().any(|job| job.ours == Some(true)) {
            return Ok(Observed::InProgress);
        }
    }
    let tasks = reads.airflow.airflow.task_instances(&gone.run, &TaskFilter::all()).await?;
    if tasks.iter().any(|task| gone.tasks.contains(&task.key.task) && task.state.is_live()) {
        return Ok(Observed::InProgress);
    }
    let ours = tasks.iter().filter(|task| gone.jobs.iter().any(|job| task.key.task.as_str() == job));
    let last = ours.filter_map(|task| task.ended_at).max();
    let now = reads.airflow.airflow.probe().await?.server_time.and_then(|now| Timestamp::try_from(now).ok());
    Ok(match (last, now) {
        (Some(last), Some(now)) if now.duration_since(last) < CALM => Observed::InProgress,
        _ => Observed::Done,
    })
}

async fn unchanged(reads: &RedeployReads, step: &Unchanged) -> Result<Observed> {
    let now = sources(reads)?.sonar.datasets(step.transaction, &DatasetFilter::committed()).await?;
    let planned: BTreeMap<DatasetId, &Committed> = step.planned.iter().map(|(id, before)| (*id, before)).collect();
    let fresh: Vec<&str> = now
        .iter()
        .filter(|dataset| dataset.committed && !planned.get(&dataset.id).is_some_and(|before| before.is_still(dataset)))
        .map(|dataset| dataset.name.as_str())
        .collect();
    // What is no longer committed needs nothing more.
    Ok(if fresh.is_empty() {
        Observed::Done
    } else {
        let text = format!("{} committed since the plan: {}", count(fresh.len(), "dataset"), names(fresh));
        Observed::Drifted(format!("{text}; make a new plan, which shows them"))
    })
}
