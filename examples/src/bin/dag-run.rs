//! A run of a DAG: how its tasks are. Changes nothing.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use examples::airflow::{WhichRun, described, tree, write_svg};
use examples::connect::{Rights, connect};
use examples::exit::{CODES, Exit, Failure};
use examples::flags::Common;
use examples::main_loop::block_on;
use examples::screen::{Ending, Screen};
use examples::text::count;
use ops_recipes::airflow::RunPicture;
use serde_json::{Value, json};

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  dag-run                                 the embedded sandbox
  dag-run --env prod --dag dagao --target-date today --svg run.svg

How to read it: each task once, below the one that explains it best; a letter and a sign for its state; ↪ names what follows
and stands elsewhere. What is too much is folded and counted; the SVG shows more.

";

/// Draw a run of a DAG: each task, its state, and what follows what; as a tree here, and as a picture.
///
/// When: a run failed, and before anything is done about it. It reads, and changes nothing. A target date is the day on
/// which a run runs; its execution date is the day before.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    #[command(flatten)]
    which: WhichRun,
    /// Also draw it into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

async fn go(cli: &Cli, screen: Screen) -> Result<Ending, Failure> {
    let reach = connect(cli.common.place.clone(), Rights::Read).await?;
    let run = cli.which.find_or_newest(&reach).await?;
    let seen = RunPicture::read(&*reach.airflow()?.reads, &run.key).await?;
    let picture = seen.picture();
    screen.say(&tree(&picture, &screen.layout));
    if let Some(file) = &cli.svg {
        write_svg(&picture, file)?;
        screen.say(&screen.layout.wrap("", &format!("drawn: {}", file.display())));
    }
    let failed = seen.tasks().iter().filter(|task| task.state.is_failed()).count();
    let run = seen.run();
    let exit = if failed > 0 { Exit::Found } else { Exit::Done };
    let tasks = count(seen.tasks().len(), "task");
    let line = format!("{}: {} {}: {failed} of {tasks} failed", reach.target, run.key, described(run));
    let tasks = seen.tasks().iter().map(|task| {
        json!({ "task": task.key.task, "map_index": task.key.map_index, "state": task.state, "try": task.try_number })
    });
    let tasks: Vec<Value> = tasks.collect();
    let target_date = run.execution_date.and_then(|date| date.target_date());
    let about = json!({
        "dag": run.key.dag, "run": run.key.run, "state": run.state,
        "target_date": target_date, "execution_date": run.execution_date,
    });
    Ok(Ending::new(exit, line).with("run", about).with("tasks", tasks.into()))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen::new(&cli.common.manner);
    screen.end(block_on(&cli.common.manner, go(&cli, screen)))
}
