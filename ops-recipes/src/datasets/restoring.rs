//! What must be known before files are committed again that were retracted.

use std::sync::Arc;

use dataset_files::{FilesRead, Look};
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use metapod_model::DatasetAction;
use ops_plan::Finding;

use super::change::{Commit, Why};
use crate::words::{count, names};

/// Files in ephemeral buckets are deleted after a week (attested).
const EPHEMERAL: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So many old files are looked at one by one.
const LOOKED_AT: usize = 500;
/// How many of these looks are on their way at once.
const AT_ONCE: usize = 10;

/// What a commit of the same files does not bring back, and what it causes.
pub(crate) fn doubts(commits: &[&Commit]) -> Vec<Finding> {
    let mut findings = vec![Finding::warn(
        "no-restoration",
        "consumers are notified again (loads, serving); committedAt and the partitions' ids will be new",
    )];
    let archived = commits.iter().filter(|commit| commit.actions.contains(&DatasetAction::CreateArchive));
    let archived = names(archived.map(|commit| &commit.name));
    if !archived.is_empty() {
        let text = format!("CREATE_ARCHIVE is run again, so these archives may hold the day twice: {archived}");
        findings.push(Finding::warn("archive", text));
    }
    let bare = commits.iter().filter(|commit| commit.schema.is_none()).count();
    if bare > 0 {
        let text = format!("{} will be committed without a schema: none was kept", count(bare, "dataset"));
        findings.push(Finding::warn("schema", text));
    }
    findings
}

/// Whether old files still exist. `None` where none is old.
pub(crate) async fn old_files(
    files: Option<&Arc<dyn FilesRead>>,
    commits: &[&Commit],
    now: Timestamp,
) -> Option<Finding> {
    const GUARD: &str = "no-evidence";
    let old: Vec<&Commit> = commits.iter().copied().filter(|commit| is_old(commit, now)).collect();
    if old.is_empty() {
        return None;
    }
    let these = format!("{} more than 7 days old", count(old.len(), "commit"));
    let right = "right when you have seen that the files still exist; ephemeral buckets delete after a week";
    let Some(files) = files else {
        let paths = names(old.iter().map(|commit| &commit.path));
        let text = format!("{these}, nobody looked whether the files still exist: {paths}");
        return Some(Finding::ask(GUARD, text, right));
    };
    let paths: Vec<_> = old.iter().take(LOOKED_AT).map(|commit| commit.path.clone()).collect();
    let mut looks = stream::iter(paths)
        .map(|path| {
            let files = Arc::clone(files);
            async move { (files.look(&path).await, path) }
        })
        .buffered(AT_ONCE);
    let mut gone = Vec::new();
    let mut unseen = old.len().saturating_sub(LOOKED_AT);
    while let Some((look, path)) = looks.next().await {
        match look {
            Ok(Look::Missing) => gone.push(path),
            Ok(Look::Folder { files, more: false }) if files.is_empty() => gone.push(path),
            Err(error) if error.is_not_found() => gone.push(path),
            Ok(_) => {}
            Err(_) => unseen += 1,
        }
    }
    Some(if !gone.is_empty() {
        let text = format!("{} of {these} have no files any more: {}", gone.len(), names(gone));
        Finding::ask(GUARD, text, "right when those datasets are computed anew before anybody reads them")
    } else if unseen > 0 {
        Finding::ask(GUARD, format!("{these}; {unseen} of their files could not be looked at"), right)
    } else {
        Finding::pass("old-files", format!("{these}; all their files still exist"))
    })
}

fn is_old(commit: &Commit, now: Timestamp) -> bool {
    match commit.why {
        // Of an unknown age: perhaps old.
        Why::Restore { committed_at } => committed_at.is_none_or(|at| now.duration_since(at) > EPHEMERAL),
        Why::Empty { .. } => false,
    }
}
