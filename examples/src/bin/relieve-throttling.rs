//! Raises the capacity of a table that refuses requests.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use dynamodb_ops::{HeadRoom, TableName};
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use examples::tables::DrawTable;
use ops_recipes::services::RelieveThrottling;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  relieve-throttling                                   the embedded sandbox, whose analytics table refuses writes
  relieve-throttling --service correnteza              the embedded sandbox: a hot partition, which no units help
  relieve-throttling --env prod --service analytics --shard s3 --plan-only
  relieve-throttling --env prod --table prod-s3-analytics-datomic --svg analytics.svg --plan-only

Alerts: «Datomic self-destructs», «ProvisionedThroughputExceededException», «throttled requests»

";

/// Raise the capacity of a table that refuses requests, as far as that helps: the runbook's «Dealing with Datomic
/// self-destructs».
///
/// When: a service with a Datomic database destructs itself again and again, or its requests are throttled. What throttles is told
/// by cause: only what too few units refuse is raised, to what was wanted and some head-room. A hot partition is not helped by
/// units. The proof is data of the time after the change. Lowering it again stays owed (`runs due`): it costs until then.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// The service whose Datomic database it is [default in the sandbox: analytics]
    #[arg(long, value_name = "NAME", conflicts_with = "table")]
    service: Option<String>,
    /// Its shard: s0, s1, …, global
    #[arg(long, value_name = "NAME", conflicts_with = "table")]
    shard: Option<String>,
    /// The table, where its name does not follow from these
    #[arg(long, value_name = "NAME")]
    table: Option<TableName>,
    /// How far back is looked, in minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
    /// How many times what was wanted is proposed
    #[arg(long, value_name = "TIMES", default_value_t = 1.25)]
    head_room: f64,
    /// Also draw what was consumed, provisioned and throttled into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    flags: RecipeFlags,
}

impl Cli {
    fn question(&self, reach: &Reach) -> Result<RelieveThrottling, Failure> {
        let in_sandbox = |name: &str| reach.sandbox.as_ref().map(|_| name.to_owned());
        let service = match (&self.service, &self.table) {
            (Some(service), _) => service.clone(),
            (None, Some(table)) => table.to_string(),
            (None, None) => in_sandbox("analytics")
                .ok_or_else(|| Failure::usage("say which table: --service NAME [--shard NAME], or --table NAME"))?,
        };
        let shard = match (&self.shard, &self.service) {
            (None, None) if self.table.is_none() => in_sandbox("s3"),
            (shard, _) => shard.clone(),
        };
        if !(1.0..=10.0).contains(&self.head_room) {
            return Err(Failure::usage("--head-room: between 1 and 10 times what was wanted"));
        }
        let mut question =
            RelieveThrottling::new(service).looking_back(self.minutes).with_head_room(HeadRoom::new(self.head_room));
        if let Some(shard) = shard {
            question = question.in_shard(shard);
        }
        Ok(match &self.table {
            Some(table) => question.of_table(table.clone()),
            None => question,
        })
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let draws = DrawTable::into_file(cli.svg.clone());
    examples::main_loop::run_drawn(&cli.flags, async |reach| cli.question(reach), draws)
}
