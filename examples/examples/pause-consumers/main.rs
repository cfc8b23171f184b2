//! The program of the guide (`GUIDE.md`): pauses consumers of a queue, on a broker that lives in a file.

pub mod broker;
pub mod recipe;

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use ops_plan::{Approval, Approved, Expect, Outcome, Plan, Runner, Runs, Target};
use tokio_util::sync::CancellationToken;

use self::broker::Broker;
use self::recipe::{PauseConsumers, registry};

/// Pause consumers of a queue, and give them back.
#[derive(Parser, Debug)]
#[command(version)]
pub struct Cli {
    /// The queue
    #[arg(long, value_name = "NAME", default_value = "orders")]
    queue: String,
    /// A consumer; all, where none is named (may come several times)
    #[arg(long, value_name = "NAME")]
    consumer: Vec<String>,
    /// In how many hours they are to work again
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=720))]
    hours: u16,
    /// Answer a guard by its name, with a reason that is kept (may come several times)
    #[arg(long, value_name = "NAME=REASON")]
    accept: Vec<String>,
    /// Show the plan, and end
    #[arg(long)]
    plan_only: bool,
    /// Take up a run where it stopped
    #[arg(long, value_name = "RUN", conflicts_with = "undo")]
    resume: Option<String>,
    /// Plan to take back what a run changed
    #[arg(long, value_name = "RUN")]
    undo: Option<String>,
    /// The folder of all runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    runs: PathBuf,
    /// Who you are
    #[arg(long, value_name = "WHO", default_value = "somebody")]
    operator: String,
    /// The broker's file; made where there is none
    #[arg(long, value_name = "FILE", default_value = "broker.json")]
    broker: PathBuf,
}

/// Whatever went wrong, in words.
pub type Failed = Box<dyn Error + Send + Sync>;

/// Plans or resumes, asks, runs, reports. Answers how it ended; nothing where nothing was to be run.
///
/// # Errors
/// When it was refused, or the broker or the run's folder cannot be read. Nothing new was begun.
pub async fn go(
    cli: Cli,
    stop: CancellationToken,
    input: &mut (dyn BufRead + Send),
    out: &mut (dyn Write + Send),
) -> Result<Option<Outcome>, Failed> {
    let broker = Arc::new(Broker::open(&cli.broker)?);
    let host = registry(&broker);
    let runner = Runner::new(Runs::at(&cli.runs), &*cli.operator).stopping_on(stop);
    let report = if let Some(run) = &cli.resume {
        runner.resume(&host, &runner.runs().find(run)?, false).await?
    } else {
        let plan = if let Some(run) = &cli.undo {
            runner.plan_undo(&host, &runner.runs().find(run)?).await?
        } else {
            let until = Timestamp::now() + SignedDuration::from_hours(cli.hours.into());
            let question = PauseConsumers { queue: cli.queue, consumers: cli.consumer, until };
            host.propose(&question, Target::new("desk")).await?
        };
        show(&plan, out)?;
        if cli.plan_only || plan.is_empty() {
            return Ok(None);
        }
        runner.start(&host, approved(plan, &cli.operator, &cli.accept, input, out)?).await?
    };
    write!(out, "{}", report.text())?;
    Ok(Some(report.outcome))
}

/// A plan, as people read it.
fn show(plan: &Plan, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{}: {}", plan.head().target, plan.head().title)?;
    for finding in &plan.head().findings {
        writeln!(out, "  {finding}")?;
    }
    for card in plan.cards() {
        writeln!(out, "  {}", card.text)?;
    }
    Ok(())
}

/// A person's word: the count typed back, and the answers given as flags. `approve` checks it.
fn approved(
    plan: Plan,
    who: &str,
    answers: &[String],
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> Result<Approved, Failed> {
    writeln!(out, "How many changes are right? Type the number ({} are planned).", plan.head().changes())?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    let expect: Expect = line.trim().parse()?;
    let mut word = Approval::new(plan.digest(), who, Timestamp::now()).expecting(expect);
    for answer in answers {
        let (guard, reason) = answer.split_once('=').ok_or("--accept takes NAME=REASON")?;
        word = word.accepting(guard, reason);
    }
    Ok(plan.approve(word).map_err(|(_, refusal)| refusal)?)
}

#[tokio::main]
async fn main() -> ExitCode {
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            asked.cancel();
        }
    });
    let (mut input, mut out) = (BufReader::new(std::io::stdin()), std::io::stdout());
    match go(Cli::parse(), stop, &mut input, &mut out).await {
        Ok(None | Some(Outcome::Done)) => ExitCode::SUCCESS,
        Ok(Some(_)) => ExitCode::from(4),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(3)
        }
    }
}
