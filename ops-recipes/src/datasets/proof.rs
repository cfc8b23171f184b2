//! What proves a change of datasets: sets of ids compared, never numbers alone. In a run that goes on, a number rises by
//! itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::{TryStreamExt, pin_mut};
use metapod_model::{DatasetId, DatasetName, TransactionId};
use ops_client::Result;
use ops_plan::Finding;
use sonar_client::{Dataset, SonarRead};

use super::change::Commit;
use super::pages;
use super::selection::Selection;
use crate::words::{count, names, utc};

/// None of what was retracted is committed now.
pub(crate) fn none_committed(now: &[Dataset], retracted: &HashSet<DatasetId>) -> Finding {
    let again: Vec<String> = (now.iter())
        .filter(|dataset| retracted.contains(&dataset.id))
        .map(|dataset| match dataset.committed_at {
            Some(at) => format!("{} (committed {})", dataset.name, utc(at)),
            None => dataset.name.to_string(),
        })
        .collect();
    if again.is_empty() {
        return Finding::pass("retracted", format!("none of {} is committed", count(retracted.len(), "dataset")));
    }
    let text = format!("{} of {} are committed again: {}", again.len(), retracted.len(), names(again));
    Finding::block("retracted", text).with_advice("a live job writes them; stop it, then plan again")
}

/// What the same question would choose today.
pub(crate) fn new_since(selection: &Selection, now: &[Dataset], retracted: &HashSet<DatasetId>) -> Finding {
    let meant = selection.test();
    let new: Vec<&DatasetName> = (now.iter())
        .filter(|dataset| !retracted.contains(&dataset.id) && meant(dataset))
        .map(|dataset| &dataset.name)
        .collect();
    if new.is_empty() {
        return Finding::pass("new-since", "nothing else that was selected is committed");
    }
    let text = format!("{} of the selection committed since the plan, or left out of it: {}", new.len(), names(new));
    Finding::warn("new-since", text).with_advice("plan again if they are meant too")
}

/// What is retracted has no schema any more: the runbook's own proof.
///
/// # Errors
/// When Sonar does not answer.
pub(crate) async fn schemas_gone(
    sonar: &Arc<dyn SonarRead>,
    transaction: TransactionId,
    retracted: Vec<DatasetName>,
) -> Result<Finding> {
    let pages = pages::details(sonar, transaction, retracted);
    pin_mut!(pages);
    let (mut left, mut looked_at) = (Vec::new(), 0);
    while let Some(page) = pages.try_next().await? {
        looked_at += page.len();
        // A dataset that is committed again is named already.
        let odd = page.into_iter().filter(|detail| !detail.dataset.committed && detail.schema.is_some());
        left.extend(odd.map(|detail| detail.dataset.name));
    }
    Ok(if left.is_empty() {
        Finding::pass("schema", format!("schema is null for {}", count(looked_at, "dataset")))
    } else {
        Finding::block("schema", format!("{} uncommitted, yet with a schema: {}", left.len(), names(left)))
    })
}

/// Each of what was committed shows the path that was meant. `None` where nothing was committed.
pub(crate) fn restored<'a>(now: &[Dataset], commits: impl Iterator<Item = &'a Commit>) -> Option<Finding> {
    let seen: HashMap<DatasetId, &Dataset> = now.iter().map(|dataset| (dataset.id, dataset)).collect();
    let (mut number, mut wrong) = (0, Vec::new());
    for commit in commits {
        number += 1;
        match seen.get(&commit.dataset) {
            None => wrong.push(format!("{} is not committed", commit.name)),
            Some(dataset) if dataset.path.as_ref() != Some(&commit.path) => {
                wrong.push(format!("{} is committed with another path", commit.name));
            }
            Some(_) => {}
        }
    }
    let text = format!("{} committed with the path that was meant", count(number, "dataset"));
    match (number, wrong.is_empty()) {
        (0, _) => None,
        (_, true) => Some(Finding::pass("committed", text)),
        (_, false) => Some(Finding::block("committed", names(wrong))),
    }
}
