//! What is wrong, everywhere, and what to do next. Changes nothing.

use std::io::Read as _;
use std::process::ExitCode;

use clap::Parser;
use examples::connect::{Rights, connect};
use examples::exit::{CODES, Exit, Failure};
use examples::flags::Common;
use examples::main_loop::block_on;
use examples::programs::program;
use examples::screen::{Ending, Screen};
use examples::show;
use examples::text::count;
use jiff::Timestamp;
use ops_plan::{RunState, Runs};
use ops_recipes::first::{PATIENCE, recipes_for, triage};
use serde_json::{Value, json};

/// More of an alert is not read.
const MAX_ALERT: u64 = 1024 * 1024;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  triage                                  the embedded sandbox
  triage --env prod
  triage --match 'TEXT OF AN ALERT'       which recipe answers it; - reads it from standard input

";

/// Ask every configured system what is wrong, the worst first, each with the next command.
///
/// When: the pager rang. It reads, and changes nothing; a system that does not answer within 10 s is a line, not an error.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// Name the recipe that answers an alert or a line of a log (- is standard input)
    #[arg(long = "match", value_name = "TEXT")]
    text: Option<String>,
    #[command(flatten)]
    common: Common,
}

async fn go(cli: &Cli, screen: Screen) -> Result<Ending, Failure> {
    if let Some(text) = &cli.text {
        return matching(text, screen);
    }
    let reach = connect(cli.common.place.clone(), Rights::Read).await?;
    let overview = triage(&reach.everything().await, Timestamp::now(), PATIENCE, tokio::time::sleep).await;
    screen.say(&show::overview(&overview, &screen.layout));
    let ours = ours(cli, screen)?;
    let found = overview.signs.len() + ours.len();
    let exit = if found > 0 { Exit::Found } else { Exit::Done };
    let worst = overview.signs.first().map_or(String::new(), |(system, sign)| format!(": {system}: {}", sign.what));
    let line = format!("{}: {}{worst}", reach.target, count(found, "sign"));
    let signs = overview
        .signs
        .iter()
        .map(|(system, sign)| json!({ "system": system, "what": sign.what, "since": sign.since, "next": sign.next }));
    let signs: Vec<Value> = signs.chain(ours).collect();
    Ok(Ending::new(exit, line).shown().with("signs", signs.into()))
}

/// Runs of ours that nobody finished, and what they left owed.
fn ours(cli: &Cli, screen: Screen) -> Result<Vec<Value>, Failure> {
    let runs = Runs::at(&cli.common.manner.runs);
    let mut signs = Vec::new();
    for run in runs.list()?.into_iter().flatten() {
        let folder = run.dir.path().display().to_string();
        let debts = run.history.debts().count();
        let open = match run.state {
            RunState::Interrupted => Some("its process died".to_owned()),
            RunState::Ended(outcome) if outcome.is_resumable() => Some(outcome.to_string()),
            _ => None,
        };
        let owed = (debts > 0).then(|| format!("{} owed", count(debts, "debt")));
        for (what, next) in [(open, "handover"), (owed, "handover")] {
            let Some(what) = what else { continue };
            let text = format!("run {}: {what}", run.info.id);
            let next = format!("runs {next} {folder}");
            screen.say(&screen.layout.wrap("O · ", &text));
            screen.say(&screen.layout.wrap("    ", &next));
            signs.push(json!({ "system": "runs", "what": text, "since": run.last_sign, "next": next }));
        }
    }
    Ok(signs)
}

fn matching(text: &str, screen: Screen) -> Result<Ending, Failure> {
    let text = if text == "-" {
        let mut read = String::new();
        std::io::stdin()
            .lock()
            .take(MAX_ALERT)
            .read_to_string(&mut read)
            .map_err(|error| Failure::refused(format!("standard input: {error}")))?;
        read
    } else {
        text.to_owned()
    };
    let found = recipes_for(&text);
    for one in &found {
        screen.say(
            &screen.layout.wrap("", &format!("{}: {} («{}»)", program(one.known.recipe), one.known.what, one.alert)),
        );
    }
    let recipes: Vec<Value> =
        found.iter().map(|one| json!({ "recipe": one.known.recipe, "alert": one.alert })).collect();
    let names: Vec<&str> = found.iter().map(|one| program(one.known.recipe)).collect();
    let (exit, line) = match names.as_slice() {
        [] => (Exit::Done, "no recipe knows this text; triage --env NAME looks at the systems".to_owned()),
        names => (Exit::Found, format!("answered by {}; each explains itself with --help", names.join(", "))),
    };
    Ok(Ending::new(exit, line).with("recipes", recipes.into()))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen::new(&cli.common.manner);
    screen.end(block_on(&cli.common.manner, go(&cli, screen)))
}
