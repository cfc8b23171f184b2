//! The scenario that all stages play: a pipeline with a long history and commits that are easily confused, one that
//! deploys, one of several repositories that waits for somebody, and one that is paused and was never built.

use jiff::{SignedDuration, Timestamp};
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;

use crate::{Build, Job, MaterialRevision, Modification, PipelineName, PipelineStatus, Stage, StageResult};

/// All pipelines that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scenario {
    /// The first one is the one to look at.
    pub pipelines: Vec<PipelinePlay>,
}

/// One pipeline of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PipelinePlay {
    /// Its name.
    pub name: PipelineName,
    /// How it stands.
    pub status: PipelineStatus,
    /// Its builds, the newest first.
    pub builds: Vec<Build>,
}

impl Scenario {
    /// The shipped file, as text: `conformance/scenario.json`.
    pub const JSON: &'static str = include_str!("../../conformance/scenario.json");

    /// The shipped scenario.
    ///
    /// # Errors
    /// `Decode`, where the shipped file is broken.
    pub fn shipped() -> Result<Self> {
        let broken = || {
            Error::new("gocd.conformance", ErrorKind::Decode, Effect::None).with_message("the scenario cannot be read")
        };
        let file: File = serde_json::from_str(Self::JSON).map_err(|error| broken().with_source(error))?;
        let pipelines = file.pipelines.into_iter().map(PipelineInFile::played).collect::<Option<_>>();
        pipelines.map(|pipelines| Self { pipelines }).ok_or_else(broken)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pipelines: Vec<PipelineInFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PipelineInFile {
    name: PipelineName,
    /// Whether builds are called `number:commit`, not only by their number.
    #[serde(default)]
    labels_with_commits: bool,
    /// So many builds that passed come before those that are written down.
    #[serde(default)]
    older: u32,
    paused_by: Option<String>,
    cause: Option<String>,
    materials: Vec<String>,
    builds: Vec<BuildInFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuildInFile {
    /// One for each material.
    commits: Vec<String>,
    at: Timestamp,
    author: String,
    comment: String,
    /// A name, and how it went; nothing where it was not begun, `by-hand` where somebody must begin it.
    stages: Vec<String>,
}

impl PipelineInFile {
    fn played(self) -> Option<PipelinePlay> {
        let first = self.builds.last().map_or(Timestamp::UNIX_EPOCH, |build| build.at);
        let older = (1..=self.older).map(|n| BuildInFile {
            commits: self.materials.iter().map(|_| format!("{n:08x}").repeat(5)).collect(),
            at: first.saturating_sub(SignedDuration::from_hours(i64::from(n))).unwrap_or(first),
            author: "Davi <davi@example.com>".to_owned(),
            comment: format!("Step {n} back"),
            stages: vec!["build Passed".to_owned(), "publish Passed".to_owned()],
        });
        let all: Vec<BuildInFile> = self.builds.into_iter().chain(older).collect();
        let count = u32::try_from(all.len()).ok()?;
        let builds = all.into_iter().zip((1..=count).rev()).map(|(build, counter)| {
            let label = match build.commits.first() {
                Some(commit) if self.labels_with_commits => format!("{counter}:{commit}"),
                _ => counter.to_string(),
            };
            build.played(Build::new(self.name.clone(), counter, label), &self.materials)
        });
        let builds: Vec<Build> = builds.collect::<Option<_>>()?;
        let mut status = match (self.paused_by, self.cause) {
            (Some(by), Some(cause)) => PipelineStatus::ready().paused(by, cause),
            _ => PipelineStatus::ready(),
        };
        // Nothing begins while the first stage of another build runs.
        status.schedulable &= builds.iter().all(|build| build.stages.first().is_none_or(|stage| !stage.running));
        Some(PipelinePlay { builds, name: self.name, status })
    }
}

impl BuildInFile {
    fn played(self, build: Build, materials: &[String]) -> Option<Build> {
        let begun = self.at.checked_add(SignedDuration::from_mins(1)).ok()?;
        let revisions = materials.iter().zip(self.commits).enumerate().map(|(at, (material, commit))| {
            let change = Modification::new(commit).with_author(&self.author, self.at, &self.comment);
            let revision = MaterialRevision::new("Git", material, format!("{:064x}", at + 1));
            let revision = revision.with_modifications(vec![change]);
            if at == 0 { revision } else { revision.unchanged() }
        });
        let stages = self.stages.iter().map(|stage| played(stage, begun)).collect::<Option<_>>()?;
        Some(build.with_scheduled(begun).with_revisions(revisions.collect()).with_stages(stages))
    }
}

fn played(stage: &str, begun: Timestamp) -> Option<Stage> {
    let (name, how) = stage.split_once(' ').unwrap_or((stage, ""));
    let job = |state: &str, result| vec![Job::new("all", result).with_state(state).with_scheduled(begun)];
    Some(match how {
        "" => Stage::not_begun(name),
        "by-hand" => Stage::not_begun(name).by_hand(),
        "Building" => Stage::building(name).with_jobs(job("Building", StageResult::Unknown)),
        "Failing" => {
            let mut jobs = job("Completed", StageResult::Failed);
            jobs.extend(job("Building", StageResult::Unknown));
            let mut stage = Stage::new(name, StageResult::Failed).with_jobs(jobs);
            stage.running = true;
            stage
        }
        "Passed" | "Failed" | "Cancelled" => {
            let result = StageResult::told(how);
            Stage::new(name, result.clone()).with_jobs(job("Completed", result))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_scenario_has_what_the_cases_need() {
        let scenario = Scenario::shipped().unwrap();
        let builds = &scenario.pipelines[0].builds;
        assert!(builds.len() > 110, "more than a page of any generation");
        let shas: Vec<_> = builds.iter().map(|build| build.sha(None).unwrap()).collect();
        assert_eq!(shas.iter().filter(|sha| sha.as_str().starts_with("1a2b3c4")).count(), 2);
        assert_eq!(shas.iter().filter(|sha| sha.short() == "6c957ed").count(), 2, "one commit, built twice");
        assert!(builds[0].is_running() && !builds[0].has_passed() && builds[1].has_passed());
        assert!(scenario.pipelines[1].builds[0].is_running());
        let waiting = &scenario.pipelines[2].builds[0];
        assert!(waiting.sha(None).is_err() && waiting.has_passed() && !waiting.is_running());
        assert_eq!(waiting.waits_for().map(|stage| stage.name.as_str()), Some("publish"));
        assert!(scenario.pipelines[3].status.paused && scenario.pipelines[3].builds.is_empty());
    }
}
