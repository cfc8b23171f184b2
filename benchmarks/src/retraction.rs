//! The recipe that is measured: `retract-datasets`, over the real clients.

use std::sync::Arc;

use jiff::Timestamp;
use metapod_client::TransactionId;
use ops_plan::{Approval, Digest, Expect, Outcome, Registry, Report, Target};
use ops_recipes::datasets::{Facts, MetapodWrites, RetractDatasets, RetractReads, Selection};

use crate::Result;
use crate::sandbox::Clients;

/// Where it is retracted.
pub fn target() -> Target {
    Target::new("benchmark")
}

/// The recipe with its handles.
pub fn registry(clients: &Clients) -> Registry {
    let (sonar, metapod) = (Arc::new(clients.sonar.clone()), Arc::new(clients.metapod.clone()));
    let reads = RetractReads::new(sonar, metapod.clone());
    Registry::new().with::<RetractDatasets>(reads, MetapodWrites::new(metapod))
}

/// The question: all datasets of a transaction.
pub fn recipe(transaction: TransactionId, facts: Facts) -> RetractDatasets {
    RetractDatasets::new(transaction, Selection::AllCommitted).with_facts(facts)
}

/// A person's word for a plan of so many datasets.
pub fn approval(digest: Digest, datasets: usize) -> Approval {
    Approval::new(digest, "benchmark", Timestamp::now())
        .expecting(Expect::exactly(datasets as u64))
        .accepting("live-writer", "a sandbox has no jobs")
        .accepting("share", "all datasets of a sandbox are meant")
}

/// A run must end done and verified, with every dataset changed by it.
///
/// # Errors
/// With the report, when it did not.
pub fn check(report: &Report, datasets: usize) -> Result<()> {
    if report.outcome == Outcome::Done && report.changed == datasets {
        return Ok(());
    }
    Err(format!("the run did not do what was measured: {}", report.text()).into())
}
