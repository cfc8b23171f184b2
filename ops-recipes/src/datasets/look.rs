//! Seeing changes of datasets: one query for many.

use std::collections::HashMap;

use metapod_model::{DatasetId, TransactionId};
use ops_client::Result;
use ops_plan::Observed;
use sonar_client::{Dataset, DatasetFilter, SonarRead};

use super::change::{Commit, DatasetChange, Retract};
use crate::words::utc;

/// Up to so many datasets are asked for by name: as many as a part of a plan has, for an engine that walks part by part would
/// otherwise have the whole transaction listed for each. More, and the list of names in the question would be longer than the
/// answer that lists all committed ones.
const BY_NAME: usize = ops_plan::BLOCK;

/// Looks at some changes, together.
pub(crate) async fn observe(
    sonar: &dyn SonarRead,
    transaction: TransactionId,
    changes: &[&DatasetChange],
) -> Result<Vec<Observed>> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let by_name = changes.len() <= BY_NAME;
    let filter = if by_name {
        DatasetFilter::all().named(changes.iter().map(|change| change.name().clone()).collect())
    } else {
        DatasetFilter::committed()
    };
    let datasets = sonar.datasets(transaction, &filter).await?;
    // Only those that were asked about are kept: an answer may be a hundred times longer.
    let mut seen: HashMap<DatasetId, Option<&Dataset>> =
        changes.iter().map(|change| (change.dataset(), None)).collect();
    for dataset in &datasets {
        if let Some(slot) = seen.get_mut(&dataset.id) {
            *slot = Some(dataset);
        }
    }
    let observed = changes.iter().map(|change| {
        let dataset = seen.get(&change.dataset()).copied().flatten();
        match (dataset, change) {
            // Asked for by name, whatever its state, and not there: not the transaction that the plan was made for.
            (None, _) if by_name => Observed::Drifted("Sonar no longer lists it in this transaction".into()),
            (seen, DatasetChange::Retract(retract)) => retracted(retract, seen),
            (seen, DatasetChange::Commit(commit)) => committed(commit, seen),
        }
    });
    Ok(observed.collect())
}

fn retracted(retract: &Retract, seen: Option<&Dataset>) -> Observed {
    match seen.filter(|dataset| dataset.committed) {
        None => Observed::Done,
        Some(dataset) if retract.before.is_still(dataset) => Observed::Pending,
        Some(dataset) => Observed::Drifted(format!("{}; that commit was not planned for", committed_how(dataset))),
    }
}

fn committed(commit: &Commit, seen: Option<&Dataset>) -> Observed {
    match seen.filter(|dataset| dataset.committed) {
        None => Observed::Pending,
        Some(dataset) if dataset.path.as_ref() == Some(&commit.path) => Observed::Done,
        Some(dataset) => Observed::Drifted(format!("{}; it is left as it is", committed_how(dataset))),
    }
}

fn committed_how(dataset: &Dataset) -> String {
    let at = dataset.committed_at.map_or("at an unknown time".into(), |at| format!("at {}", utc(at)));
    let path = dataset.path.as_ref().map_or("without a path", |path| path.as_str());
    format!("committed {at}, {path}")
}
