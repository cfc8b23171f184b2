//! Says which transaction is that of a day. Changes nothing.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use examples::connect::{Reach, Rights, connect};
use examples::exit::{CODES, Exit, Failure};
use examples::flags::Common;
use examples::main_loop::block_on;
use examples::screen::{Ending, Screen};
use jiff::Timestamp;
use jiff::civil::Date;
use ops_recipes::datasets::find_transaction::Verdict;
use ops_recipes::datasets::{FindReads, FindTransaction, Sought};

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  find-transaction                        the embedded sandbox: a CUSTOM transaction beside the DAILY one
  find-transaction --kind daily           one of the two, its id on the last line
  find-transaction today --env prod --kind daily
  transaction=$(find-transaction 2026-11-25 --env prod --kind daily --quiet) || exit

Here: 0 is one transaction, and nobody who names one names another; 3 is none, or several of which nobody can say which is
meant; 10 is that two sources name different ones: somebody has to look. With --quiet the standard output holds the id, or
nothing.

";

/// Say which transaction is that of a day, who says so, and since when: the runbook's «Get the transaction id».
///
/// When: another program wants a transaction, or a page of Sonar's. Sonar's list, the message in Slack that the run started, what
/// Airflow gave to the run of that day and the loader's log are asked side by side, those of them that are configured. One that
/// does not answer is a line. Where they disagree, or there are several, all are listed: nothing is guessed. It reads, and changes
/// nothing.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// The target date, on which the run runs (its execution date in Airflow is the day before): 2026-11-25, or «today» in UTC
    /// [default: today; in the embedded sandbox that of its night]
    #[arg(value_name = "DATE", value_parser = day)]
    day: Option<Day>,
    /// Only of this kind: DAILY, CUSTOM, COPIED, HOTFIX, DEBUG
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<String>,
    /// The DAG whose run is asked for its transaction (may come several times) [default: those of the configuration]
    #[cfg(feature = "airflow")]
    #[arg(long, value_name = "ID")]
    dag: Vec<airflow_client::DagId>,
    /// The loader's log; - is the standard input [default: that of the configuration]
    #[cfg(feature = "redshift")]
    #[arg(long, value_name = "FILE")]
    log: Option<std::path::PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug)]
enum Day {
    Today,
    Of(Date),
}

fn day(text: &str) -> Result<Day, String> {
    if text.eq_ignore_ascii_case("today") {
        return Ok(Day::Today);
    }
    text.parse().map(Day::Of).map_err(|_| format!("{text:?} is no day: 2026-11-25, or «today» (in UTC)"))
}

fn kind(text: &str) -> Result<String, String> {
    let word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if word {
        Ok(text.to_ascii_uppercase())
    } else {
        Err("a kind is a word: DAILY, CUSTOM, COPIED, HOTFIX, DEBUG".into())
    }
}

fn question(cli: &Cli, reach: &Reach, now: Timestamp) -> FindTransaction {
    let question = match (cli.day, &reach.sandbox) {
        (Some(Day::Of(day)), _) => FindTransaction::of(day),
        (None, Some(sandbox)) => FindTransaction::of(sandbox.night.target_date),
        _ => FindTransaction::today(now),
    };
    match &cli.kind {
        Some(kind) => question.with_kind(kind.clone().into()),
        None => question,
    }
}

async fn reads(cli: &Cli, reach: &Reach) -> Result<FindReads, Failure> {
    let mut reads = FindReads::new();
    if let Ok(datasets) = reach.datasets() {
        reads = reads.with_sonar(Arc::clone(&datasets.sonar));
    }
    #[cfg(feature = "slack")]
    match reach.slack().await {
        Some(Ok((slack, channel))) => reads = reads.with_slack(slack, channel),
        Some(Err(why)) => reads = reads.with_failed(ops_recipes::datasets::find_transaction::Source::Slack, why.text),
        None => {}
    }
    #[cfg(feature = "airflow")]
    if let Ok(airflow) = reach.airflow() {
        let dags = if cli.dag.is_empty() { reach.dags()? } else { cli.dag.clone() };
        reads = reads.with_airflow(Arc::clone(&airflow.reads), dags);
    }
    #[cfg(feature = "redshift")]
    if let Some(log) = examples::warehouse::loader_log(reach, cli.log.as_deref())? {
        reads = reads.with_log(log);
    }
    let _ = cli;
    Ok(reads)
}

/// What it comes to, in one line.
fn line(sought: &Sought) -> String {
    let (at, day) = (&sought.environment, sought.day);
    let names = || {
        let named = sought.candidates.iter().map(|one| match &one.kind {
            Some(kind) => format!("{} ({kind})", one.transaction),
            None => one.transaction.to_string(),
        });
        named.collect::<Vec<_>>().join(", ")
    };
    match sought.verdict {
        Verdict::Agreed(id) => id.to_string(),
        Verdict::Disagreed => format!("{at}: the sources disagree about target date {day}: {}", names()),
        Verdict::Several => format!("{at}: target date {day} has several, say which --kind: {}", names()),
        _ => format!("{at}: no source names a transaction of target date {day}"),
    }
}

async fn go(cli: &Cli, screen: Screen) -> Result<Ending, Failure> {
    let reach = connect(cli.common.place.clone(), Rights::Read).await?;
    let now = Timestamp::now();
    let question = question(cli, &reach, now);
    let reads = reads(cli, &reach).await?;
    let sought = question.look(&reads, &reach.target.environment, now, tokio::time::sleep).await;
    for line in sought.to_string().trim_end().lines() {
        // What is too long goes on below its beginning.
        let (indent, text) = line.split_at(line.len() - line.trim_start().len());
        screen.say(&screen.layout.wrap(indent, text));
    }
    let exit = match sought.verdict {
        Verdict::Agreed(_) => Exit::Done,
        Verdict::Disagreed => Exit::Found,
        _ => Exit::Refused,
    };
    let line = line(&sought);
    if sought.transaction().is_some() {
        // A shell takes the last line.
        screen.say(&format!("\n{line}"));
    }
    let id = sought.transaction().map(|id| id.to_string().into());
    let document = serde_json::to_value(&sought).unwrap_or_default();
    Ok(Ending::new(exit, line).shown().with_some("transaction", id).with("sought", document))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let manner = &cli.common.manner;
    let screen = Screen::new(manner);
    let ending = block_on(manner, go(&cli, screen));
    // A shell that takes what is printed for an id must not take anything else.
    let (exit, words) = match &ending {
        Ok(ending) => (ending.exit, &ending.line),
        Err(failure) => (failure.exit, &failure.text),
    };
    if manner.quiet && exit != Exit::Done {
        let _ = writeln!(std::io::stderr().lock(), "{}", examples::text::one_line(words));
        return exit.into();
    }
    screen.end(ending)
}
