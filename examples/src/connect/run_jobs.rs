//! The jobs of a DAG run on Aurora, known by the transaction that the run itself names.

use std::sync::Arc;

use airflow_client::DagRun;
use async_trait::async_trait;
use aurora_client::AuroraRead;
use ops_client::Result;
use ops_recipes::airflow::{LiveJob, RunJobs};
use ops_recipes::aurora::{AuroraRunJobs, JobPlace};

/// Where a run's configuration may name its transaction.
const NAMED: [&str; 2] = ["transaction", "metapod_transaction"];

/// Looks under a transaction where the run names one, and otherwise under its target date.
pub(super) struct JobsOfRuns {
    pub(super) aurora: Arc<dyn AuroraRead>,
    pub(super) place: JobPlace,
}

#[async_trait]
impl RunJobs for JobsOfRuns {
    async fn live(&self, run: &DagRun, tasks: &[String]) -> Result<Vec<LiveJob>> {
        let conf = run.conf.as_ref();
        let named = NAMED.iter().find_map(|name| conf?.get(name)?.as_str().filter(|id| !id.is_empty()));
        let place = match named {
            Some(transaction) => self.place.clone().of_transaction(transaction),
            None => self.place.clone(),
        };
        AuroraRunJobs::new(Arc::clone(&self.aurora), place).live(run, tasks).await
    }
}
