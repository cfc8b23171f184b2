//! Says what a loader's log says. Changes nothing.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use examples::exit::{CODES, Exit, Failure};
use examples::flags::Manner;
use examples::main_loop::block_on;
use examples::screen::{Ending, Screen};
use examples::signals;
use examples::warehouse::{is_log, read_log};
use jiff::Timestamp;
use redshift_ops::loader::{Follow, HangDetector, LoaderSeen, ScanReport, Scanner, Verdict};
use serde_json::json;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  read-loader-log capivara.log            what it says: hung, moving, finished; since when, after which statement
  read-loader-log capivara.log --follow   and again whenever that changes
  gunzip --stdout capivara.log.gz | read-loader-log -

";

/// Between two looks at a log that is followed.
const PAUSE: Duration = Duration::from_millis(500);

/// Say whether a loader hangs, moves or has finished, by its log: since when, after which statement, for which transaction.
///
/// When: somebody asks whether the load goes on. A log of any size is read as it comes, in a few megabytes of memory. It reads,
/// and changes nothing; restart-redshift frees a loader that hangs.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// The log; - is the standard input
    log: PathBuf,
    /// Go on reading as it grows, through rotation, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    #[command(flatten)]
    manner: Manner,
}

fn ending(seen: &LoaderSeen, report: &ScanReport, screen: Screen) -> Ending {
    let history = if seen.is_history(Timestamp::now()) { " (its last line is old: that is history)" } else { "" };
    let line = format!("{seen}{history}");
    screen.say(&screen.layout.wrap("", &line));
    if let Some(transaction) = &seen.transaction {
        let date = seen.target_date.as_ref().map_or(String::new(), |date| format!(", target date {date}"));
        screen.say(&screen.layout.wrap("", &format!("transaction {transaction}{date}")));
    }
    for killed in &seen.killed {
        let user = killed.user.as_deref().unwrap_or("somebody");
        screen.say(&screen.layout.wrap("", &format!("it ended session {} of {user}", killed.pid)));
    }
    let odd = [(report.unread, "could not be read"), (report.overlong, "too long"), (report.broken, "not in UTF-8")];
    for (lines, what) in odd.into_iter().filter(|(lines, _)| *lines > 0) {
        screen.say(&screen.layout.wrap("", &format!("{lines} of {} lines: {what}", report.lines)));
    }
    if let Some(first) = &report.first_unread {
        screen.say(&screen.layout.wrap("", &format!("the first of them, line {}: {}", first.line, first.why)));
    }
    let exit = if seen.verdict == Verdict::Hung { Exit::Found } else { Exit::Done };
    let read = json!({ "lines": report.lines, "bytes": report.bytes, "events": report.events, "unread": report.unread,
        "overlong": report.overlong, "broken": report.broken });
    let document = serde_json::to_value(seen).unwrap_or_default();
    Ending::new(exit, line).shown().with("loader", document).with("read", read)
}

async fn go(cli: &Cli, screen: Screen) -> Result<Ending, Failure> {
    if !cli.follow {
        let (seen, report) = read_log(&cli.log)?;
        return Ok(ending(&seen, &report, screen));
    }
    if cli.log == Path::new("-") {
        return Err(Failure::usage("the standard input is read to its end; --follow is for a file"));
    }
    let wrong = |error: std::io::Error| Failure::usage(format!("{}: {error}", cli.log.display()));
    let mut follow = Follow::open(&cli.log).map_err(wrong)?;
    let (mut scanner, mut detector) = (Scanner::new(), HangDetector::new());
    let mut said = None;
    let stop = signals::listen().stop;
    loop {
        follow.read_new(&mut scanner, |event| detector.see(&event)).map_err(wrong)?;
        let report = scanner.report();
        let seen = detector.seen(&report);
        let now = (seen.verdict, seen.statement.clone(), seen.transaction.clone());
        if said.as_ref() != Some(&now) && seen.verdict != Verdict::Nothing {
            ending(&seen, &report, screen);
            said = Some(now);
        }
        tokio::select! {
            () = stop.cancelled() => {
                is_log(&report, &cli.log.display().to_string())?;
                return Ok(ending(&seen, &report, screen));
            }
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen::new(&cli.manner);
    screen.end(block_on(&cli.manner, go(&cli, screen)))
}
