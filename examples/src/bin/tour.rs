//! Leads through one night in a sandbox.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use examples::tour::{LAST, Options, list, run};

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  tour                      the whole night, at reading pace: about two minutes
  tour --fast               the same without pauses
  tour --list               the chapters
  tour --chapter 4          only the buggy deploy
  tour --fast --svg .       with the pictures as files

Exit codes: 0 shown · 2 usage · 3 a file cannot be written · 6 a recipe did not do what the tour says · 130 left in the middle";

/// One night on call, in a sandbox inside of this process: things break one after another, and each recipe is shown at work.
///
/// Nothing is set up, no network is used, and nothing remains. Each chapter shows the alert, what triage
/// says of it, the plan, the approval, the progress, the report, and what stays owed. One of the runs is cut off in the middle and taken up
/// again; in another one the world moves between plan and run.
///
/// It can be left with Ctrl-C at any time.
#[derive(Parser, Debug)]
#[command(version, after_help = EXAMPLES)]
struct Cli {
    /// Do not wait for anybody to read
    #[arg(long)]
    fast: bool,
    /// Only this chapter (may come several times, or as 1,3)
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(1..=i64::from(LAST)))]
    chapter: Vec<u8>,
    /// Name the chapters, and end
    #[arg(long, conflicts_with_all = ["fast", "chapter", "svg"])]
    list: bool,
    /// Also write the pictures into this folder, as SVG
    #[arg(long, value_name = "FOLDER")]
    svg: Option<PathBuf>,
    /// How many columns a line may have [default: the terminal's]
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..=200))]
    width: Option<u16>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut options = Options::default();
    options.chapters = cli.chapter;
    options.fast = cli.fast;
    options.svg = cli.svg;
    options.width = cli.width.map(usize::from);
    if cli.list { list(&options) } else { run(&options) }
}
