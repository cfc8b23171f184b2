//! Nights on which the run of `dagao` failed, each for another reason and with another cure.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use airflow_client::{DagRunId, ExecutionDate, RunKey};
use aurora_client::JobKey;
use gocd_client::{Build, Job, MaterialRevision, Modification, PipelineName, Stage, StageResult};
use jiff::{SignedDuration, Timestamp};
use metapod_client::TransactionId;
use ops_client::{Error, Result};

use super::{Nightly, Stack};
use crate::World;
use crate::airflow::RunSpec;
use crate::aurora::{Ailment, FailsWhile, JobOrder, JobSpec, OnAurora};
use crate::gocd::PipelineSpec;

/// What tonight's jobs are of, and what worked the night before.
const TONIGHT: &str = "e4b90d2";
const WORKED: &str = "4945885";
/// What scaled the cluster last.
const SCALED: &str = "7c1d0aa";
/// So many machines are enough, where there are too few.
const ENOUGH: u32 = 5;
/// How long ago the run began.
const BEGAN: SignedDuration = SignedDuration::from_mins(40);

/// What is wrong tonight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TroubledNight {
    /// The network of the machines: new ones are the cure.
    Network,
    /// Too few machines, which shows as refused connections: more of them are the cure.
    Crowded,
    /// Tonight's version reads what is not there: the one before is the cure.
    BadVersion,
    /// The jobs' own code: nothing of all that is a cure.
    Code,
    /// The run failed, and somebody has created the job again already: it runs.
    Live,
    /// Nothing.
    Quiet,
}

impl TroubledNight {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Network, Self::Crowded, Self::BadVersion, Self::Code, Self::Live, Self::Quiet];
}

impl fmt::Display for TroubledNight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Network => "network",
            Self::Crowded => "crowded",
            Self::BadVersion => "bad-version",
            Self::Code => "code",
            Self::Live => "live",
            Self::Quiet => "quiet",
        })
    }
}

impl FromStr for TroubledNight {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(|night| night.to_string()).join(", ");
        Self::ALL
            .into_iter()
            .find(|night| night.to_string() == text)
            .ok_or_else(|| format!("{text:?} is no night; there is {}", names()))
    }
}

/// What is in the world after [`recovery`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recovery {
    /// The transactions.
    pub night: Nightly,
    /// Tonight's transaction.
    pub transaction: TransactionId,
    /// Tonight's run of the DAG `dagao`.
    pub run: RunKey,
    /// The job that is the whole run by hand: `jobs/prod/dagao`.
    pub job: JobKey,
    /// The job that scales the cluster: `jobs/prod/scale`.
    pub scale_job: JobKey,
    /// The machines.
    pub stack: Stack,
    /// The version of tonight's jobs.
    pub version: String,
    /// The version of last night's job, which ended well.
    pub worked: String,
    /// The version of the last scaling.
    pub scale_version: String,
    /// So many machines are enough.
    pub nodes: u32,
    /// The pipeline that deploys the DAG: nine hours ago, for the last time.
    pub pipeline: PipelineName,
}

/// The jobs that fail, and what each says.
const JOBS: [&str; 4] = ["dagao", "itaipu-core", "itaipu-fx-model", "itaipu-policy-model"];
const GENERIC: [&str; 4] = [
    "java.net.ConnectException: Connection refused (Connection refused)",
    "java.net.SocketException: Connection reset",
    "java.io.FileNotFoundException: No such file or directory: s3a://sandbox-spark/shuffle/part-00017",
    "java.net.UnknownHostException: ip-10-20-0-12.example.internal",
];
const CODE: [&str; 4] = [
    "org.apache.spark.sql.AnalysisException: cannot resolve 'amount_cents' given input columns",
    "org.apache.spark.sql.AnalysisException: cannot resolve 'amount_cents' given input columns",
    "java.lang.NullPointerException at fx.Model.rates(Model.scala:71)",
    "java.net.SocketException: Connection reset",
];

/// A night of this kind, in the world of [`nightly`](super::nightly()) and [`stack`](super::stack()): a run of the DAG `dagao`
/// that began forty minutes ago and has failed (but for [`TroubledNight::Quiet`]), its tasks being jobs of Aurora; last night's
/// job `jobs/prod/dagao`, which ended well; a scaling that did; a pipeline that deployed nine hours ago.
///
/// # Errors
/// `Conflict` where the world has such a night already.
pub fn recovery(world: &World, kind: TroubledNight) -> Result<Recovery> {
    let night = super::nightly(world);
    let stack = super::stack(world);
    let now = world.now();
    let (job, scale_job) = (key("dagao")?, key("scale")?);

    let before = ago(now, SignedDuration::from_hours(24));
    let scaled = JobSpec::new(scale_job.clone()).label("version", SCALED);
    world.add_job_at(scaled, ago(before, SignedDuration::from_mins(10)))?;
    let last = JobSpec::new(job.clone()).label("metapod_transaction", night.yesterday.to_string());
    world.add_job_at(last.label("version", WORKED), before)?;
    let pipeline = deployed(world, ago(now, SignedDuration::from_hours(9)))?;

    ail(world, kind, &stack)?;
    let how = OnAurora::new().version(TONIGHT).slave_type("on-demand");
    let dag = super::dagao_with(world, |dag| dag.on_aurora(how)).ok_or_else(|| wrong("no DAG"))?;
    let about = ExecutionDate::new(ago(now, SignedDuration::from_hours(24)));
    let id: DagRunId = parsed(&format!("scheduled__{}", about.timestamp().strftime("%Y-%m-%dT%H:%M:%S+00:00")))?;
    let spec = RunSpec::new(id).scheduled().about(about).made_at(ago(now, BEGAN));
    let run = world.add_run(&dag, spec.transaction(night.transaction))?;
    if kind == TroubledNight::Live {
        let again = JobSpec::new(job.clone()).label("metapod_transaction", night.transaction.to_string());
        let again = again.label("version", TONIGHT).order(JobOrder::takes(Duration::from_secs(2 * 3600)));
        world.add_job_at(again, ago(now, SignedDuration::from_mins(10)))?;
    }
    Ok(Recovery {
        transaction: night.transaction,
        night,
        run,
        job,
        scale_job,
        stack,
        version: TONIGHT.to_owned(),
        worked: WORKED.to_owned(),
        scale_version: SCALED.to_owned(),
        nodes: ENOUGH,
        pipeline,
    })
}

fn ail(world: &World, kind: TroubledNight, stack: &Stack) -> Result<()> {
    let machines = world.group(&stack.on_demand).map(|group| group.machines).unwrap_or_default();
    let (fails, words) = match kind {
        TroubledNight::Quiet => return Ok(()),
        TroubledNight::Network | TroubledNight::Live => {
            (FailsWhile::OnMachines(machines.into_iter().map(|machine| machine.id).collect()), GENERIC)
        }
        TroubledNight::Crowded => (FailsWhile::FewerMachines(ENOUGH as usize), GENERIC),
        TroubledNight::BadVersion => (FailsWhile::Version(TONIGHT.to_owned()), GENERIC),
        TroubledNight::Code => (FailsWhile::Always, CODE),
    };
    for (name, words) in JOBS.into_iter().zip(words) {
        world.ail_job(&key(name)?, Ailment::new(fails.clone(), words));
    }
    Ok(())
}

fn deployed(world: &World, at: Timestamp) -> Result<PipelineName> {
    let name: PipelineName = "dagao".parse().map_err(|error: gocd_client::ParseError| wrong(error.to_string()))?;
    let commit = format!("{TONIGHT}4b1a9c7e5d3f20681947a5bce8d60f1e2");
    let change =
        Modification::new(&commit).with_author("Bia <bia@example.com>", at, "Read shuffles from the new bucket");
    let material = "URL: https://git.example.com/dagao.git, Branch: master";
    let revision = MaterialRevision::new("Git", material, "e".repeat(64)).with_modifications(vec![change]);
    let passed = StageResult::told("Passed");
    let publish = Stage::new("publish", passed.clone()).with_jobs(vec![Job::new("all", passed).with_scheduled(at)]);
    let build = Build::new(name.clone(), 512, format!("512:{commit}")).with_scheduled(at);
    let build = build.with_revisions(vec![revision]).with_stages(vec![publish]);
    world.put_pipeline(PipelineSpec::new(name.clone()).builds([build]))?;
    Ok(name)
}

fn key(name: &str) -> Result<JobKey> {
    JobKey::new("jobs", "prod", name).map_err(|error| wrong(error.to_string()))
}

fn parsed(text: &str) -> Result<DagRunId> {
    text.parse().map_err(|error: airflow_client::ParseError| wrong(error.to_string()))
}

fn wrong(what: impl Into<String>) -> Error {
    Error::invalid("sandbox.world", what.into())
}

fn ago(at: Timestamp, time: SignedDuration) -> Timestamp {
    at.checked_sub(time).unwrap_or(at)
}
