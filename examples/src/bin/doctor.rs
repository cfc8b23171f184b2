//! Whether every system can be worked with from here. Changes nothing.

use std::process::ExitCode;

use clap::Parser;
use examples::connect::{Rights, connect};
use examples::exit::{CODES, Exit, Failure};
use examples::flags::Common;
use examples::main_loop::block_on;
use examples::screen::{Ending, Screen};
use examples::show;
use jiff::Timestamp;
use ops_plan::Verdict;
use ops_recipes::first::{PATIENCE, doctor};
use serde_json::{Value, json};

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  doctor                                  the embedded sandbox
  doctor --env prod

";

/// Say whether every configured system can be worked with from here: address, version, who am I, may I read, may I write,
/// how long my token lasts, and whether the clocks agree.
///
/// When: before the night, and when a recipe is refused. It reads, and changes nothing.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    #[command(flatten)]
    common: Common,
}

async fn go(cli: &Cli, screen: Screen) -> Result<Ending, Failure> {
    let reach = connect(cli.common.place.clone(), Rights::Read).await?;
    let diagnosis = doctor(&reach.everything().await, Timestamp::now(), PATIENCE, tokio::time::sleep).await;
    screen.say(&screen.layout.wrap("", &reach.target.to_string()));
    let mut systems = Vec::new();
    let mut wrong = 0;
    for seen in &diagnosis.systems {
        let checkup = seen.answer.as_ref().ok();
        let version = checkup.and_then(|checkup| checkup.version.clone());
        let who = checkup.and_then(|checkup| checkup.who.clone());
        let mut title = seen.name.clone();
        if let Some(version) = &version {
            title.push_str(&format!(" {version}"));
        }
        if let Some(who) = &who {
            title.push_str(&format!(", as {who}"));
        }
        screen.say(&screen.layout.wrap("", &title));
        screen.say(&screen.layout.wrap("    ", &seen.address));
        let findings = seen.findings(diagnosis.at);
        for finding in &findings {
            screen.say(&show::finding(finding, &screen.layout));
        }
        wrong += findings.iter().filter(|finding| finding.verdict >= Verdict::Warn).count();
        systems.push(
            json!({ "name": seen.name, "address": seen.address, "version": version, "who": who, "findings": findings }),
        );
    }
    // What cannot be known (a right to write) is worth a line, not a code.
    let exit = if diagnosis.is_well() { Exit::Done } else { Exit::Found };
    let line = match wrong {
        0 => format!("{}: all is well", reach.target),
        wrong => format!("{}: {wrong} to look at", reach.target),
    };
    Ok(Ending::new(exit, line).with("systems", Value::from(systems)))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen::new(&cli.common.manner);
    screen.end(block_on(&cli.common.manner, go(&cli, screen)))
}
