//! What the guide shows is what there is.

use tokio_util::sync::CancellationToken;

use crate::pause_consumers::{Cli, Failed, go};
use clap::Parser as _;
use ops_plan::Outcome;

const GUIDE: &str = include_str!("../../../GUIDE.md");
const SOURCES: [&str; 5] = [
    include_str!("../../examples/pause-consumers/broker.rs"),
    include_str!("../../examples/pause-consumers/recipe.rs"),
    include_str!("../../examples/pause-consumers/main.rs"),
    include_str!("faults.rs"),
    include_str!("engine.rs"),
];

/// The blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let starts = GUIDE.split(&fence).skip(1);
    starts.map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// Whether a block is a part of a source, as it stands there or moved to the left.
fn stands_in(source: &str, block: &str) -> bool {
    (0..=3).any(|depth| {
        let margin = "    ".repeat(depth);
        let lines = block.lines().map(|line| if line.is_empty() { "\n".into() } else { format!("{margin}{line}\n") });
        source.contains(&lines.collect::<String>())
    })
}

#[test]
fn its_code_is_the_code_that_runs() {
    let blocks = blocks("rust");
    assert!(blocks.len() > 10, "{}", blocks.len());
    for block in blocks {
        assert!(SOURCES.iter().any(|source| stands_in(source, &block)), "this stands nowhere:\n{block}");
    }
    assert!(!stands_in(SOURCES[0], "fn queue() {}\n"));
}

#[test]
fn its_commands_are_taken() {
    let commands = blocks("sh");
    let flags = commands.iter().flat_map(|block| block.lines()).filter_map(|line| line.split_once(" -- "));
    let mut tried = 0;
    for (command, flags) in flags {
        assert!(command.ends_with("--example pause-consumers"), "{command}");
        Cli::try_parse_from(["pause-consumers"].into_iter().chain(flags.split_whitespace())).unwrap();
        tried += 1;
    }
    assert!(tried > 1);
}

/// What a program says, started in this folder.
async fn says(folder: &tempfile::TempDir, flags: &[&str], typed: &str) -> (Result<Option<Outcome>, Failed>, String) {
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let place = ["--broker", &at("broker.json"), "--runs", &at("runs"), "--operator", "ana"].map(str::to_owned);
    let flags = flags.iter().map(|&flag| flag.to_owned());
    let cli = Cli::try_parse_from(["pause-consumers".to_owned()].into_iter().chain(place).chain(flags)).unwrap();
    let mut out = Vec::new();
    let ended = go(cli, CancellationToken::new(), &mut typed.as_bytes(), &mut out).await;
    (ended, String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn its_output_is_what_the_program_says() {
    let folder = tempfile::tempdir().unwrap();
    let two = ["--consumer", "billing-1", "--consumer", "billing-2"];
    let (ended, plan) = says(&folder, &[&two[..], &["--plan-only"]].concat(), "").await;
    assert_eq!(ended.unwrap(), None);
    let (ended, refused) = says(&folder, &two, "1\n").await;
    let refused = refused + &ended.unwrap_err().to_string();
    let shown = blocks("text");
    assert!(shown.len() >= 2, "{shown:?}");
    for line in shown.iter().flat_map(|block| block.lines()) {
        assert!(
            [&plan, &refused].iter().any(|said| said.lines().any(|known| known == line)),
            "«{line}»\n{plan}{refused}"
        );
    }
    assert!(!folder.path().join("runs").exists(), "what was refused leaves nothing behind");
}

#[tokio::test]
async fn the_program_stops_goes_on_and_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let broker = folder.path().join("broker.json");
    // A small one, so that it is soon drained.
    std::fs::write(&broker, r#"{"orders": {"waiting": 3, "consumers": {"mailer": {"limit": 1, "in_hand": 1}}}}"#)
        .unwrap();
    let flags = ["--hours", "1", "--accept", "last-consumer=meant"];
    let cli = |more: &[&str]| {
        let place = [&*broker.to_string_lossy(), &*runs.to_string_lossy()].map(str::to_owned);
        let all = ["pause-consumers", "--broker", &place[0], "--runs", &place[1]];
        Cli::try_parse_from(all.iter().chain(&flags).chain(more)).unwrap()
    };
    // It is stopped before it began: the folder is there, nothing was changed.
    let stopped = CancellationToken::new();
    stopped.cancel();
    let mut out = Vec::new();
    let ended = go(cli(&[]), stopped, &mut &b"1\n"[..], &mut out).await.unwrap();
    assert_eq!(ended, Some(Outcome::Cancelled), "{}", String::from_utf8_lossy(&out));
    let text = || std::fs::read_to_string(&broker).unwrap();
    assert!(text().contains("\"limit\": 1"), "{}", text());
    // `find` takes a part of a run's name.
    for (more, limit) in
        [(["--resume", "pause-consumers"], "\"limit\": 0"), (["--undo", "pause-consumers"], "\"limit\": 1")]
    {
        let ended = go(cli(&more), CancellationToken::new(), &mut &b"1\n"[..], &mut out).await.unwrap();
        assert_eq!(ended, Some(Outcome::Done), "{}", String::from_utf8_lossy(&out));
        assert!(text().contains(limit), "{}", text());
    }
}
