//! The nightly run, on Aurora.

use std::time::Duration;

use aurora_client::JobKey;
use ops_client::{Error, Result};

use super::{Nightly, Stack, Tonight, tonight};
use crate::World;
use crate::aurora::{JobOrder, JobSpec, OnAurora};

/// What still runs tonight.
const RUNNING: [&str; 2] = ["itaipu-core", "itaipu-reports"];

/// What is in the world after [`dagao_on_aurora`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OnAuroraNight {
    /// The transactions.
    pub night: Nightly,
    /// The runs of the DAG `dagao`. Beside what [`Tonight`] says, `itaipu-core` still runs.
    pub tonight: Tonight,
    /// The machines.
    pub stack: Stack,
    /// The version that tonight's jobs are of.
    pub version: String,
    /// A job that runs for the transaction of type CUSTOM, which no run of the DAG knows.
    pub other: JobKey,
}

/// The world of [`nightly`](super::nightly()), [`stack`](super::stack()) and [`tonight`](super::tonight()) in one: every task of
/// the DAG is a job of Aurora of its name (`jobs/prod/itaipu-core`), labelled with its transaction, its target date and its
/// version. A task whose job ends badly tries twice again, each time five seconds later: **another task of the same job, which
/// writes the same datasets**. Only what failed by now does not.
///
/// # Errors
/// As [`tonight`](super::tonight()).
pub fn dagao_on_aurora(world: &World) -> Result<OnAuroraNight> {
    let night = super::nightly(world);
    let stack = super::stack(world);
    let version = "e4b90d2".to_owned();
    let how = OnAurora::new().version(&version).slave_type("on-demand");
    let tonight = tonight::made(world, &night, 2, &RUNNING, |dag| dag.on_aurora(how))?;
    let wrong = |error: aurora_client::ParseError| Error::invalid("sandbox.world", error.to_string());
    let other: JobKey = "jobs/prod/regulatory-report".parse().map_err(wrong)?;
    let job = JobSpec::new(other.clone()).order(JobOrder::takes(Duration::from_secs(60 * 60)));
    let job = job.label("metapod_transaction", night.custom.to_string());
    world.add_job(job.label("target_date", night.target_date.to_string()))?;
    Ok(OnAuroraNight { night, tonight, stack, version, other })
}
