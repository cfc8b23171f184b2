//! Jobs on Aurora: look at them, create them, restart and kill their instances.

use std::process::ExitCode;

use aurora_client::JobKey;
use clap::{Args, Parser, Subcommand};
use examples::cluster::{Binding, Template, WhichInstances, job, jobs};
use examples::connect::{Reach, Rights, connect};
use examples::exit::{CODES, Failure};
use examples::flags::{Common, RecipeFlags};
use examples::main_loop::{block_on, run};
use examples::screen::{Ending, Screen};
use ops_recipes::aurora::jobs::Until;
use ops_recipes::aurora::{CreateJob, KillJob, RestartJob};

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  aurora-jobs status                      all jobs of the embedded sandbox
  aurora-jobs status jobs/prod/serving-credit-line --env prod
  aurora-jobs create dagao.toml profile.metapod_transaction=ID --job-version dagao=4945885 --env prod --plan-only
  aurora-jobs restart jobs/prod/serving-credit-line --all --batch 2 --env prod
  aurora-jobs kill jobs/prod/itaipu-core --instances 0-3,7 --env prod
Flags come after the subcommand; each explains itself: aurora-jobs kill --help

";
/// For the end of each subcommand's `--help`.
const STATUS: &str = "Examples:
  aurora-jobs status                      all jobs of the embedded sandbox
  aurora-jobs status jobs/prod/serving-credit-line --env prod --json

";
const CREATE: &str = "Examples:
  aurora-jobs create                      the embedded sandbox: a nightly run by hand
  aurora-jobs create dagao.toml profile.metapod_transaction=ID --job-version dagao=4945885 --until finished --env prod

Alerts: «create an aurora job», «run dagao again by hand», «jobs create»

";
const RESTART: &str = "Examples:
  aurora-jobs restart jobs/prod/serving-credit-line --all               the embedded sandbox
  aurora-jobs restart jobs/prod/serving-credit-line --instances 0-3,7 --batch 2 --env prod --plan-only

Alerts: «restart an aurora job», «jobs restart»

";
const KILL: &str = "Examples:
  aurora-jobs kill jobs/prod/serving-credit-line --instances 1          the embedded sandbox
  aurora-jobs kill jobs/prod/itaipu-core --all --env prod --plan-only

Alerts: «kill an aurora job», «jobs kill»

";

/// Look at jobs on Aurora, create them, restart and kill their instances: the runbook's «Controlling aurora jobs via the CLI».
///
/// When: the runbook says so, an alert names a job, or `triage` does. A job's key is role/environment/name, as in
/// jobs/prod/dagao; alerts write cluster/environment/role/name. Which of the schedulers leads is asked. A job that an Airflow
/// task started is started again while the task has tries left: use `stop-run` or `redeploy-dag` there.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// A job's tasks by instance, the newest first: state, host, since when, why it waits. Changes nothing
    #[command(after_help = format!("{STATUS}{CODES}"))]
    Status(Box<Status>),
    /// Create a job from a template, once, and wait until it runs or has ended well
    ///
    /// Every placeholder must be bound and every bind used, no task of the job may be alive, and the scheduler is asked whether
    /// it would take the job. A lost reply never makes a second job.
    #[command(after_help = format!("{CREATE}{CODES}"))]
    Create(Box<Create>),
    /// Restart instances batch by batch: the next only when the last ones stayed up
    #[command(after_help = format!("{RESTART}{CODES}"))]
    Restart(Box<Restart>),
    /// Kill instances, and wait until exactly those have ended
    ///
    /// Tasks are captured by their ids: what took the place of one meanwhile lives on, and is named.
    #[command(after_help = format!("{KILL}{CODES}"))]
    Kill(Box<Kill>),
}

#[derive(Args, Debug)]
struct Status {
    /// The job: role/environment/name; without it all jobs of the configured role
    job: Option<JobKey>,
    #[command(flatten)]
    common: Common,
}

#[derive(Args, Debug)]
struct Create {
    /// The template: a file, or its name in the folder `job_templates` of the configuration
    template: Option<String>,
    /// What stands for {{KEY}} in it
    #[arg(value_name = "KEY=VALUE")]
    binds: Vec<Binding>,
    /// Which version stands for {{version.NAME}} in it (may come several times)
    #[arg(long, value_name = "NAME=VERSION")]
    job_version: Vec<Binding>,
    /// How far it must come: running or finished
    #[arg(long, value_name = "STATE", default_value = "running", value_parser = until)]
    until: Until,
    /// Within how many seconds
    #[arg(long, value_name = "S")]
    within: Option<u64>,
    #[command(flatten)]
    flags: RecipeFlags,
}

#[derive(Args, Debug)]
struct Restart {
    /// The job: role/environment/name
    job: Option<JobKey>,
    #[command(flatten)]
    which: WhichInstances,
    /// How many at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    batch: usize,
    /// For how long each new task must run until the next batch begins
    #[arg(long, value_name = "S", default_value_t = 30)]
    watch_secs: u64,
    /// How many of a batch may fail
    #[arg(long, value_name = "N", default_value_t = 0)]
    may_fail: u32,
    #[command(flatten)]
    flags: RecipeFlags,
}

#[derive(Args, Debug)]
struct Kill {
    /// The job: role/environment/name
    job: Option<JobKey>,
    #[command(flatten)]
    which: WhichInstances,
    #[command(flatten)]
    flags: RecipeFlags,
}

fn until(text: &str) -> Result<Until, String> {
    match text {
        "running" => Ok(Until::Running),
        "finished" => Ok(Until::Finished),
        _ => Err("running or finished".into()),
    }
}

fn named(job: Option<&JobKey>) -> Result<JobKey, Failure> {
    job.cloned().ok_or_else(|| Failure::usage("say which job: role/environment/name; aurora-jobs status lists them"))
}

impl Create {
    fn question(&self, reach: &Reach) -> Result<CreateJob, Failure> {
        if self.template.is_none() && reach.sandbox.is_none() {
            return Err(Failure::usage("say which template: a file, or its name in the folder job_templates"));
        }
        let order = Template::Dagao.order(reach, self.template.as_deref(), &self.binds, &self.job_version)?;
        let create = CreateJob::new(order, self.until);
        Ok(match self.within {
            Some(seconds) => create.within(seconds),
            None => create,
        })
    }
}

impl Restart {
    fn question(&self) -> Result<RestartJob, Failure> {
        let restart = RestartJob::new(named(self.job.as_ref())?, self.which.get()?);
        Ok(restart.with_batch(self.batch).watching(self.watch_secs).tolerating(self.may_fail))
    }
}

async fn status(status: &Status, screen: Screen) -> Result<Ending, Failure> {
    let reach = connect(status.common.place.clone(), Rights::Read).await?;
    match &status.job {
        Some(key) => job(&reach, key, screen).await,
        None => jobs(&reach, screen).await,
    }
}

fn main() -> ExitCode {
    match Cli::parse().verb {
        Verb::Status(cli) => {
            let screen = Screen::new(&cli.common.manner);
            screen.end(block_on(&cli.common.manner, status(&cli, screen)))
        }
        Verb::Create(cli) => run(&cli.flags, false, async |reach| cli.question(reach)),
        Verb::Restart(cli) => run(&cli.flags, false, async |_| cli.question()),
        Verb::Kill(cli) => {
            run(&cli.flags, false, async |_| Ok(KillJob::new(named(cli.job.as_ref())?, cli.which.get()?)))
        }
    }
}
