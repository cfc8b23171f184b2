//! What was built before the night on which something must be rolled back.

use gocd_client::{Build, Job, MaterialRevision, Modification, PipelineName, Sha, ShaPrefix, Stage, StageResult};
use jiff::{SignedDuration, Timestamp};
use ops_client::{Error, Result};

use super::spec::PipelineSpec;
use crate::World;

const GOOD: &str = "6c957ed851d82103e2b151b04aa8a5ede042c3c5";
const BAD: &str = "b4dc0de4b1a9c7e5d3f20681947a5bce8d60f1e2";
const TWINS: [&str; 2] = ["1a2b3c4f00d1e2c3b4a5968778695a4b3c2d1e0f", "1a2b3c49b8a7f6e5d4c3b2a1908f7e6d5c4b3a29"];

/// The number of the newest build.
const NEWEST: u32 = 812;

/// Hours before now, commit, author, subject, and how the stages `build` and `publish` went.
type Row = (i64, &'static str, &'static str, &'static str, [&'static str; 2]);

/// The newest first.
const ROWS: [Row; 8] = [
    (3, BAD, "Bia <bia@example.com>", "Cache schemas", ["Passed", "Passed"]),
    (5, TWINS[0], "Ana <ana@example.com>", "Tidy up the routes", ["Failed", ""]),
    (7, TWINS[1], "Caio <caio@example.com>", "Read câmbio's partitions", ["Passed", "Cancelled"]),
    (27, GOOD, "Ana <ana@example.com>", "Retract whole transactions", ["Passed", "Passed"]),
    (29, "42f0e1d2c3b4a5968778695a4b3c2d1e0f9a8b7c", "Davi <davi@example.com>", "Log less", ["Passed", "Failed"]),
    (
        50,
        "5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b",
        "Bia <bia@example.com>",
        "Answer health by component",
        ["Passed", "Passed"],
    ),
    (
        75,
        "a7b6c5d4e3f2019a8b7c6d5e4f3021b0a9f8e7d6",
        "Caio <caio@example.com>",
        "One connection less",
        ["Passed", "Passed"],
    ),
    (
        99,
        "c0ffee00d1e2f3a4b5c6d7e8f90a1b2c3d4e5f60",
        "Davi <davi@example.com>",
        "Newer libraries",
        ["Passed", "Passed"],
    ),
];

/// What is in the world after [`builds`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Builds {
    /// The pipelines that build `metapod` and `correnteza`.
    pub services: [PipelineName; 2],
    /// Those that deploy them: none of them runs.
    pub to_prod: [PipelineName; 2],
    /// The commit that is good.
    pub good: Sha,
    /// The newest one, which is not, although its build has passed.
    pub bad: Sha,
    /// How two commits begin.
    pub ambiguous: ShaPrefix,
}

/// The pipelines `metapod` and `correnteza`, with the same commits, of which the newest one is bad, and
/// `metapod-to-prod` and `correnteza-to-prod`, which are done.
///
/// # Errors
/// None that a sound world gives.
pub fn builds(world: &World) -> Result<Builds> {
    let services = [name("metapod")?, name("correnteza")?];
    let to_prod = [name("metapod-to-prod")?, name("correnteza-to-prod")?];
    let now = world.now();
    for pipeline in &services {
        let builds = ROWS.iter().zip((1..=NEWEST).rev()).map(|(row, counter)| built(pipeline, counter, row, now));
        world.put_pipeline(PipelineSpec::new(pipeline.clone()).builds(builds))?;
    }
    for pipeline in &to_prod {
        let material = "URL: https://git.example.com/deploys.git, Branch: master";
        let change = Modification::new("0d1e2f3a4b5c6d7e8f901a2b3c4d5e6f70819203");
        let at = before(now, 2);
        let change = change.with_author("Bia <bia@example.com>", at, "Deploy");
        let revision = MaterialRevision::new("Git", material, "d".repeat(64)).with_modifications(vec![change]);
        let stages = ["spin", "deploy", "verify"].map(|name| over(name, "Passed", at));
        let build = Build::new(pipeline.clone(), 311, "311").with_scheduled(at);
        let build = build.with_revisions(vec![revision]).with_stages(stages.into());
        world.put_pipeline(PipelineSpec::new(pipeline.clone()).builds([build]))?;
    }
    let parsed = |error: gocd_client::ParseError| Error::invalid("sandbox.world", error.to_string());
    let ambiguous = TWINS[0][..7].parse().map_err(parsed)?;
    Ok(Builds { services, to_prod, good: GOOD.parse().map_err(parsed)?, bad: BAD.parse().map_err(parsed)?, ambiguous })
}

fn name(text: &str) -> Result<PipelineName> {
    text.parse().map_err(|error: gocd_client::ParseError| Error::invalid("sandbox.world", error.to_string()))
}

fn built(pipeline: &PipelineName, counter: u32, row: &Row, now: Timestamp) -> Build {
    let (hours, commit, author, subject, [build, publish]) = row;
    let at = before(now, *hours);
    let begun = at.saturating_add(SignedDuration::from_mins(2)).unwrap_or(at);
    let material = format!("URL: https://git.example.com/{pipeline}.git, Branch: master");
    let change = Modification::new(*commit).with_author(*author, at, *subject);
    let revision = MaterialRevision::new("Git", material, "c".repeat(64)).with_modifications(vec![change]);
    Build::new(pipeline.clone(), counter, format!("{counter}:{commit}"))
        .with_scheduled(begun)
        .with_revisions(vec![revision])
        .with_stages(vec![over("build", build, begun), over("publish", publish, begun)])
}

fn over(name: &str, word: &str, at: Timestamp) -> Stage {
    if word.is_empty() {
        return Stage::not_begun(name);
    }
    let result = StageResult::told(word);
    Stage::new(name, result.clone()).with_jobs(vec![Job::new("all", result).with_scheduled(at)])
}

fn before(now: Timestamp, hours: i64) -> Timestamp {
    now.saturating_sub(SignedDuration::from_hours(hours)).unwrap_or(now)
}
