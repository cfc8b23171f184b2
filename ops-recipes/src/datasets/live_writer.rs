//! The guard against two writers: a live job would commit again what is retracted, or overwrite what is committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use metapod_model::{DatasetName, TransactionId};
use ops_plan::Finding;

use super::jobs::{Job, Jobs};
use super::knowledge::Knowledge;
use crate::words::{count, names};

const GUARD: &str = "live-writer";
const BY_HAND: &str =
    "right when you have looked by hand: no job that writes these datasets runs, waits or will be retried";

/// Looks whether a live job writes one of the chosen datasets. Where that cannot be known it asks; where only a few
/// datasets were `named` one by one and some jobs' outputs are unknown, it warns.
pub(crate) async fn live_writer<'a>(
    jobs: Option<&Arc<dyn Jobs>>,
    knowledge: &Knowledge,
    transaction: TransactionId,
    chosen: impl Iterator<Item = &'a DatasetName>,
    named: bool,
) -> Finding {
    let Some(jobs) = jobs else {
        return Finding::ask(GUARD, "no system of jobs is configured, so nobody looked for a live writer", BY_HAND);
    };
    let all = match jobs.jobs(transaction).await {
        Ok(all) => all,
        Err(error) => return Finding::ask(GUARD, format!("the jobs cannot be seen: {error}"), BY_HAND),
    };
    let live: BTreeMap<&str, &Job> =
        all.iter().filter(|job| job.state.is_live()).map(|job| (job.name.as_str(), job)).collect();
    if live.is_empty() {
        return Finding::pass(GUARD, format!("{} of this transaction, none is live", count(all.len(), "job")));
    }
    let mut written: BTreeMap<&str, Vec<&DatasetName>> = BTreeMap::new();
    let mut unknown = Vec::new();
    for name in chosen {
        let mut known = false;
        for writer in knowledge.writers_of(name) {
            known = true;
            if let Some((&job, _)) = live.get_key_value(writer) {
                written.entry(job).or_default().push(name);
            }
        }
        if !known {
            unknown.push(name);
        }
    }
    let said = |job: &str| live.get(job).map_or(String::new(), |job| format!("{} ({})", job.name, job.state));
    if !written.is_empty() {
        let writers = written.iter().map(|(job, names_of)| format!("{} writes {}", said(job), names(names_of)));
        let text = format!("live: {}", names(writers));
        return Finding::ask(GUARD, text, "right when that job is past these datasets and will not write them again");
    }
    let others = names(live.keys().map(|job| said(job)));
    if unknown.is_empty() {
        return Finding::warn(GUARD, format!("live, but they write other datasets: {others}"));
    }
    let text = format!(
        "live: {others}; which job writes is not configured for {}: {}",
        count(unknown.len(), "dataset"),
        names(unknown)
    );
    if named { Finding::warn(GUARD, text) } else { Finding::ask(GUARD, text, BY_HAND) }
}
