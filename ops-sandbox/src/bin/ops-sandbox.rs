//! The sandbox in a process of its own.
//!
//! `ops-sandbox [--datasets N] [--schema] [--port P] [--seed S] [--latency-ms L] [--fail SHARE]
//! [--on-aurora] [--trouble NAME]`
//!
//! Prints its addresses and what is in the world, one `name value` a line, and serves until it is killed or its standard
//! input ends when `--until-eof` was given.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use databricks_client::Mapping;
use ops_sandbox::aurora::Trouble;
use ops_sandbox::scenario::{self, Bulk};
use ops_sandbox::{Fault, Server, Target, World, databricks};

const USAGE: &str = "usage: ops-sandbox [--datasets N] [--schema] [--port P] [--seed S] [--latency-ms L] [--fail SHARE]
                   [--on-aurora] [--trouble NAME] [--until-eof]

  --datasets N     a transaction of N committed datasets, instead of a nightly run
  --schema         they have schemas
  --port P         listen on 127.0.0.1:P (default: any free port)
  --seed S         what chance decides follows from this number (default: 1)
  --latency-ms L   every answer comes so much later
  --fail SHARE     this share of the calls fails, in every way (0.3 is 30 %)
  --on-aurora      the night's tasks stand on jobs of Aurora
  --trouble NAME   what is wrong with Aurora: Healthy, NoLeader, NotRegistered, SchedulerDown, UnreachableFromHere,
                   Degraded, SplitBrain, MesosDown or MesosWithoutLeader (default: Healthy)
  --until-eof      stop when the standard input ends, so that the sandbox dies with whoever started it
";

/// What stacks and tables are named after.
const ENVIRONMENT: &str = "sandbox";

#[derive(Default)]
struct Settings {
    datasets: Option<usize>,
    schema: bool,
    port: u16,
    seed: Option<u64>,
    latency: Option<u64>,
    fail: Option<f64>,
    on_aurora: bool,
    trouble: Option<Trouble>,
    until_eof: bool,
}

fn settings(mut arguments: impl Iterator<Item = String>) -> Result<Settings, String> {
    let mut settings = Settings::default();
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--schema" => settings.schema = true,
            "--until-eof" => settings.until_eof = true,
            "--on-aurora" => settings.on_aurora = true,
            "--trouble" => settings.trouble = Some(trouble(arguments.next())?),
            "--datasets" => settings.datasets = Some(value(&name, arguments.next())?),
            "--port" => settings.port = value(&name, arguments.next())?,
            "--seed" => settings.seed = Some(value(&name, arguments.next())?),
            "--latency-ms" => settings.latency = Some(value(&name, arguments.next())?),
            "--fail" => settings.fail = Some(value(&name, arguments.next())?),
            _ => return Err(format!("unknown argument {name}")),
        }
    }
    Ok(settings)
}

fn value<T: std::str::FromStr>(name: &str, given: Option<String>) -> Result<T, String> {
    let given = given.ok_or_else(|| format!("{name} needs a value"))?;
    given.parse().map_err(|_| format!("{given} is no value for {name}"))
}

fn trouble(given: Option<String>) -> Result<Trouble, String> {
    let given = given.ok_or("--trouble needs a value")?;
    let named = Trouble::ALL.into_iter().find(|one| format!("{one:?}").eq_ignore_ascii_case(&given));
    named.ok_or_else(|| format!("{given} is no value for --trouble"))
}

async fn serve(settings: Settings) -> Result<(), Box<dyn std::error::Error>> {
    let seed = settings.seed.unwrap_or(1);
    let world = World::seeded(seed);
    let (transaction, run) = match settings.datasets {
        None if settings.on_aurora => {
            let night = scenario::dagao_on_aurora(&world)?;
            (night.night.transaction, Some(night.tonight.run))
        }
        None => {
            let night = scenario::nightly(&world);
            (night.transaction, Some(scenario::tonight(&world, &night)?.run))
        }
        Some(datasets) if settings.schema => (scenario::bulk(&world, Bulk::new(datasets).with_schema())?, None),
        Some(datasets) => (scenario::bulk(&world, Bulk::new(datasets))?, None),
    };
    if settings.datasets.is_some() || !settings.on_aurora {
        scenario::stack(&world);
    }
    scenario::services(&world, ENVIRONMENT)?;
    scenario::throttled_tables(&world, ENVIRONMENT)?;
    settings.trouble.into_iter().for_each(|trouble| world.aurora_trouble(trouble));
    if settings.datasets.is_none() {
        databricks::workspace(&world, transaction, &Mapping::mounts())?;
    }
    let run = run.map_or_else(|| "-".to_owned(), |run| run.to_string());
    if let Some(latency) = settings.latency {
        world.faults().sometimes(1.0, Target::All, Fault::Delay(Duration::from_millis(latency)));
    }
    if let Some(share) = settings.fail {
        world.faults().everything(share, seed);
    }
    let committed = world.committed(transaction);
    let server = Server::builder(world).port(settings.port).start().await?;
    {
        let mut out = std::io::stdout().lock();
        writeln!(out, "url {}", server.url())?;
        writeln!(out, "metapod {}", server.metapod_url())?;
        writeln!(out, "sonar {}", server.sonar_url())?;
        writeln!(out, "airflow2 {}", server.airflow2_url())?;
        writeln!(out, "airflow3 {}", server.airflow3_url())?;
        writeln!(out, "aurora {}", server.aurora_urls().join(","))?;
        writeln!(out, "mesos {}", server.mesos_url())?;
        writeln!(out, "aws {}", server.aws_url())?;
        writeln!(out, "gocd {}", server.gocd_url())?;
        writeln!(out, "databricks {}", server.databricks_url())?;
        writeln!(out, "slack {}", server.slack_url())?;
        writeln!(out, "services {}", server.service_addresses())?;
        writeln!(out, "transaction {transaction}")?;
        writeln!(out, "committed {committed}")?;
        writeln!(out, "run {run}")?;
        out.flush()?;
    }
    if settings.until_eof {
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    } else {
        std::future::pending::<()>().await;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut err = std::io::stderr();
    let settings = match settings(std::env::args().skip(1)) {
        Ok(settings) => settings,
        Err(wrong) => {
            let _ = write!(err, "{wrong}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match serve(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(err, "{error}");
            ExitCode::FAILURE
        }
    }
}
