//! Brings a service back to a version that worked.

use std::process::ExitCode;

use clap::Parser;
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use gocd_client::{PipelineName, ShaPrefix};
use ops_recipes::services::rollback_service::{Start, Wanted};
use ops_recipes::services::{Colour, RollBackService};

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  rollback-service                                         the embedded sandbox: metapod, to the last good version
  rollback-service --service correnteza --to 6c957ed       both of its shards, one after the other
  rollback-service --env prod --service metapod --to 6c957ed --plan-only
  rollback-service --env prod --service correnteza --shard s0 --shard s1 --last-good --fast

Alerts: «a buggy version is deployed», «roll back the service», «hot-deploying rollbacks»

";

/// Bring a service back to a version that worked, shard after shard, without a failed answer: the runbook's «Hot-deploying
/// rollbacks».
///
/// When: a version misbehaves that was deployed a short while ago. The idle side of each stack gets the wanted version and the live
/// side's size; when every answer of /api/version is healthy and the wanted version is among them, the other side goes to zero.
/// With --fast the live side changes in place: nobody answers for about five minutes. Every other parameter keeps its value.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// The service [default in the sandbox: metapod]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// In this shard only: global, s0, s1, … (may come several times) [default: all of them]
    #[arg(long, value_name = "NAME")]
    shard: Vec<String>,
    /// The commit to go back to, at least seven digits of it
    #[arg(long, value_name = "COMMIT", conflicts_with = "last_good")]
    to: Option<ShaPrefix>,
    /// Go back to the newest version before this one whose build has passed
    #[arg(long)]
    last_good: bool,
    /// In place: faster, but nobody answers for about five minutes
    #[arg(long)]
    fast: bool,
    /// The side that comes up where neither has instances
    #[arg(long, value_name = "blue|green", requires = "size")]
    side: Option<Colour>,
    /// With how many instances
    #[arg(long, value_name = "NUMBER", requires = "side")]
    size: Option<u32>,
    /// The pipeline that builds it [default: `services.pipelines` of the configuration, or the service's name]
    #[arg(long, value_name = "NAME")]
    pipeline: Option<PipelineName>,
    /// The material that its version is of, where its pipeline has several
    #[arg(long, value_name = "NAME")]
    material: Option<String>,
    /// How many answers of /api/version are asked for, each over a new connection
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    answers: u16,
    #[command(flatten)]
    flags: RecipeFlags,
}

impl Cli {
    async fn question(&self, reach: &Reach) -> Result<RollBackService, Failure> {
        let settings = reach.settings.services.clone().unwrap_or_default();
        let service = self.service.clone().or_else(|| reach.sandbox.as_ref().map(|_| "metapod".to_owned()));
        let service = service.ok_or_else(|| Failure::usage("say which service: --service NAME"))?;
        let pipeline = |name: &String| {
            let wrong = |error| Failure::usage(format!("services: {error}"));
            name.parse::<PipelineName>().map_err(wrong)
        };
        let built_by = match (&self.pipeline, settings.pipelines.get(&service)) {
            (Some(named), _) => Some(named.clone()),
            (None, configured) => configured.map(pipeline).transpose()?,
        };
        let version = match (&self.to, self.last_good || reach.sandbox.is_some()) {
            (Some(commit), _) => Wanted::Commit(commit.clone()),
            (None, true) => Wanted::LastGood,
            (None, false) => return Err(which_version(reach, built_by.as_ref(), &service).await),
        };
        let deploys = settings.deploys.iter().map(pipeline).collect::<Result<Vec<_>, _>>()?;
        let mut question = RollBackService::new(&service, version)
            .in_shards(self.shard.iter().cloned())
            .unless_running(deploys)
            .with_parameters(settings.parameters.clone())
            .asking(self.answers.into());
        if self.fast {
            question = question.fast();
        }
        if settings.single.contains(&service) {
            question = question.single();
        }
        if let (Some(side), Some(size)) = (self.side, self.size) {
            question = question.starting(Start::new(side, size));
        }
        if let Some(built_by) = built_by {
            question = question.built_by(built_by);
        }
        Ok(match &self.material {
            Some(material) => question.of_material(material),
            None => question,
        })
    }
}

/// Who does not say which version, is shown those that there are.
async fn which_version(reach: &Reach, built_by: Option<&PipelineName>, service: &str) -> Failure {
    let pipeline = built_by.cloned().or_else(|| service.parse().ok());
    let builds = match &pipeline {
        Some(pipeline) => reach.services().newest_builds(pipeline).await,
        None => Vec::new(),
    };
    let choice =
        if builds.is_empty() { String::new() } else { format!("; the newest builds are:\n  {}", builds.join("\n  ")) };
    Failure::usage(format!("say which version: --to COMMIT, or --last-good{choice}"))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    examples::main_loop::run(&cli.flags, false, async |reach| cli.question(reach).await)
}
