//! The engine, for people: submit, approve, watch, cancel.

use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use examples::config::Config;
use examples::engine::desk::{Desk, Question};
use examples::engine::way::Way;
use examples::engine::{approval, watch};
use examples::exit::{CODES, Failure};
use examples::flags::{Answers, Manner};
use examples::main_loop::block_on;
use examples::screen::{Ending, Screen};

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  engine submit retract-datasets '{\"transaction\": \"f7832a01-001b-56f7-a4fe-b3a417f8f654\", \"selection\": \"all-committed\"}' --env sandbox
  engine approve retract-datasets-20261122t031100z-1f00d5 --expect 12
  engine watch retract-datasets-20261122t031100z-1f00d5
  engine due

";

/// After so long a person is told what it waits for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs that a Restate engine has: the same recipes, beyond one machine.
///
/// A run is submitted, waits for a person's word, and is worked off by engine-host, wherever that runs. It needs neither this
/// program nor this machine any more. No credential for a system is needed here: the handlers have those.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"), mut_arg("runs", |runs| runs.hide(true)))]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    way: Way,
    /// The configuration, for the limits of its environments [default: ops.toml here, or among your settings]
    #[arg(long, global = true, value_name = "FILE", env = "OPS_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    manner: Manner,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Have a recipe plan, see the plan, and leave it waiting for its approval
    ///
    /// The question is what the recipe's program asks with its flags; its --plan-only --json shows one, under plan.head.question.
    #[command(after_help = "Example:\n  engine submit stop-run '{\"run\": …}' --env staging --run stop-tonight")]
    Submit {
        /// The recipe, by its id
        recipe: String,
        /// What it is asked, as JSON
        question: String,
        /// Where: an environment of the handlers
        #[arg(long = "env", value_name = "NAME")]
        environment: String,
        /// The run's name: a second submission of a name is the same run [default: the recipe, the time, and chance]
        #[arg(long = "run", value_name = "NAME")]
        run: Option<String>,
    },
    /// A run's plan, how it stands, and the next command
    #[command(after_help = "Example:\n  engine show stop-tonight")]
    Show {
        /// Which run
        run: String,
    },
    /// Give your word for a run's plan; asks at a terminal
    #[command(
        after_help = "Example:\n  engine approve stop-tonight --yes --expect 12 --accept live-writer='its jobs have ended'"
    )]
    Approve {
        /// Which run
        run: String,
        #[command(flatten)]
        answers: Box<Answers>,
        /// Then follow it to its end
        #[arg(long)]
        watch: bool,
    },
    /// Follow a run to its end; leaving it stops nothing
    #[command(after_help = "Example:\n  engine watch stop-tonight")]
    Watch {
        /// Which run
        run: String,
    },
    /// Ask a run to stop: what is in flight ends first, nothing new begins
    #[command(after_help = "Example:\n  engine cancel stop-tonight")]
    Cancel {
        /// Which run
        run: String,
    },
    /// What came of a run; it is kept when the engine has forgotten the run. Ends as the run did
    #[command(after_help = "Example:\n  engine report stop-tonight --markdown")]
    Report {
        /// Which run
        run: String,
        /// For a channel that reads Markdown
        #[arg(long, conflicts_with_all = ["json", "quiet"])]
        markdown: bool,
    },
    /// All runs that were ever submitted
    #[command(after_help = "Example:\n  engine runs --json")]
    Runs,
    /// What runs left behind and no later run settled
    #[command(after_help = "Example:\n  engine due")]
    Due,
    /// Plan to take back what a run changed; it waits for an approval of its own
    #[command(after_help = "Example:\n  engine undo stop-tonight")]
    Undo {
        /// Which run
        run: String,
        /// The name of the new run [default: undo-RUN]
        #[arg(long = "run", value_name = "NAME", id = "undo")]
        undo: Option<String>,
    },
    /// Which run holds a subject
    #[command(after_help = "Example:\n  engine holder staging transaction f7832a01-001b-56f7-a4fe-b3a417f8f654")]
    Holder {
        /// The environment
        environment: String,
        /// The subject's kind, as a refusal names it: transaction, dag-run, stack …
        kind: String,
        /// Its id
        id: String,
    },
    /// Take a subject from a run that is surely gone: one that was killed with the engine's own tools
    #[command(
        after_help = "Example:\n  engine free staging transaction f7832a01-001b-56f7-a4fe-b3a417f8f654 stop-tonight"
    )]
    Free {
        /// The environment
        environment: String,
        /// The subject's kind
        kind: String,
        /// Its id
        id: String,
        /// The run that holds it
        run: String,
        /// It is gone, although the engine shows it as running
        #[arg(long)]
        surely_gone: bool,
    },
}

async fn go(cli: &Cli, screen: Screen) -> Result<Ending, Failure> {
    let engine = cli.way.engine().await?;
    let path = cli.config.clone().or_else(Config::usual);
    let config = path.as_deref().map_or_else(|| Ok(Config::default()), Config::read)?;
    let desk = Desk { way: &cli.way, engine: &engine, config: &config, screen };
    let asked = ask(cli, &desk);
    match &cli.verb {
        // These take as long as a person, or a run, takes.
        Verb::Approve { .. } | Verb::Watch { .. } => asked.await,
        _ => patiently(asked, screen).await,
    }
}

async fn ask(cli: &Cli, desk: &Desk<'_>) -> Result<Ending, Failure> {
    let operator = &cli.manner.operator();
    match &cli.verb {
        Verb::Submit { recipe, question, environment, run } => {
            desk.submit(Question { environment, recipe, question, run: run.as_deref() }, operator).await
        }
        Verb::Show { run } => desk.show(run).await,
        Verb::Approve { run, answers, watch: then } => {
            let given = approval::give(desk, run, answers, &cli.manner).await?;
            if !then {
                return Ok(given);
            }
            desk.screen.say(&given.line);
            watch::watch(desk, run).await
        }
        Verb::Watch { run } => watch::watch(desk, run).await,
        Verb::Cancel { run } => desk.cancel(run).await,
        Verb::Report { run, markdown } => desk.report(run, *markdown).await,
        Verb::Runs => desk.runs().await,
        Verb::Due => desk.due().await,
        Verb::Undo { run, undo } => desk.undo(run, undo.as_deref(), operator).await,
        Verb::Holder { environment, kind, id } => desk.holder(environment, kind, id).await,
        Verb::Free { environment, kind, id, run, surely_gone } => {
            desk.free((environment, kind, id), run, *surely_gone).await
        }
    }
}

/// An engine keeps a call until its handlers do it: a person is told what is waited for.
async fn patiently(asked: impl Future<Output = Result<Ending, Failure>>, screen: Screen) -> Result<Ending, Failure> {
    let mut asked = pin!(asked);
    tokio::select! {
        biased;
        ending = &mut asked => return ending,
        () = tokio::time::sleep(PATIENCE) => {}
    }
    screen.say("the engine has the call, and waits for its handlers: does engine-host run?");
    asked.await
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen::new(&cli.manner);
    screen.end(block_on(&cli.manner, go(&cli, screen)))
}
