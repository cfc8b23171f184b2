//! Which version is meant: one that was built.

use std::collections::BTreeSet;
use std::fmt;

use gocd_client::{Build, BuildsRead, BuildsReadExt, PipelineName, Sha, ShaPrefix};
use ops_client::{Error, ErrorKind, Result};
use ops_plan::{Draft, Finding};
use version_probe::VersionPrefix;

use super::shard::Shard;
use super::step::UpdateService;
use super::{RollBackService, Wanted};
use crate::services::ServiceReads;

const GUARD: &str = "version";
/// As many digits as stacks use where none tells.
const DIGITS: usize = 7;
/// How many builds are told.
const TOLD: usize = 5;

/// The version that is wanted, as the stacks write versions.
pub(super) struct Version {
    short: String,
    prefix: VersionPrefix,
}

impl Version {
    fn new(commit: &str, digits: usize) -> Result<Self> {
        let short: String = commit.chars().take(digits).collect();
        let prefix = short.parse().map_err(|error| Error::invalid("services.version", format!("{error}")))?;
        Ok(Self { short, prefix })
    }

    pub(super) fn short(&self) -> &str {
        &self.short
    }

    /// Whether this is it.
    pub(super) fn is(&self, version: &str) -> bool {
        self.prefix.fits(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.short)
    }
}

/// Finds the version among what was built. `None` where the plan ends here.
pub(super) async fn resolve(
    recipe: &RollBackService,
    draft: &mut Draft<UpdateService>,
    reads: &ServiceReads,
    shards: &[Shard],
) -> Result<Option<Version>> {
    let live: BTreeSet<&str> = shards.iter().flat_map(Shard::live).collect();
    let digits = live.iter().map(|version| version.len()).find(|digits| *digits >= DIGITS).unwrap_or(DIGITS);
    let pipeline = match recipe.pipeline.clone().map_or_else(|| recipe.service.parse(), Ok) {
        Ok(pipeline) => pipeline,
        Err(error) => {
            let advice = "say which pipeline builds it (--pipeline)";
            draft.finding(Finding::block(GUARD, format!("no pipeline is called so: {error}")).with_advice(advice));
            return Ok(None);
        }
    };
    let server = match &reads.builds {
        Some(builds) => Server { builds: builds.as_ref(), pipeline: &pipeline, material: recipe.material.as_deref() },
        None => return unseen(recipe, draft, digits, "no-evidence", "no build server is configured"),
    };
    let found = match &recipe.version {
        Wanted::Commit(prefix) => server.built(prefix).await,
        Wanted::LastGood => server.last_good(&live).await,
    };
    let (build, commit) = match found {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid) => {
            let text = error.message().unwrap_or("it was never built").to_owned();
            let advice = error.remedy().unwrap_or("look at the builds of this pipeline").to_owned();
            draft.finding(Finding::block(GUARD, text).with_advice(advice));
            return Ok(None);
        }
        Err(error) => {
            return unseen(recipe, draft, digits, "unreachable", &format!("the build server cannot be asked: {error}"));
        }
    };
    draft.finding(if build.has_passed() {
        Finding::pass(GUARD, format!("{} is build {build}", commit.short()))
    } else {
        let text = format!("{} is build {build}, and that has not passed", commit.short());
        Finding::warn(GUARD, text).with_advice("look at its stages")
    });
    if let Some(text) = server.what_goes(&commit, &live).await {
        draft.note(text);
    }
    Version::new(commit.as_str(), digits).map(Some)
}

/// What was built is not seen: only a commit that a person names can be meant.
fn unseen(
    recipe: &RollBackService,
    draft: &mut Draft<UpdateService>,
    digits: usize,
    guard: &'static str,
    why: &str,
) -> Result<Option<Version>> {
    match &recipe.version {
        Wanted::Commit(prefix) => {
            let text = format!("whether {prefix} was built is not known: {why}");
            draft.finding(Finding::ask(guard, text, "right when the build server's page shows its build"));
            Version::new(prefix.as_str(), digits).map(Some)
        }
        Wanted::LastGood => {
            let text = format!("which version was the last good one is not known: {why}");
            draft.finding(Finding::block(GUARD, text).with_advice("say which commit is wanted"));
            Ok(None)
        }
    }
}

/// The build server, asked about one pipeline.
struct Server<'a> {
    builds: &'a dyn BuildsRead,
    pipeline: &'a PipelineName,
    material: Option<&'a str>,
}

impl Server<'_> {
    async fn built(&self, prefix: &ShaPrefix) -> Result<(Build, Sha)> {
        let build = self.builds.resolve(self.pipeline, prefix, self.material).await?;
        let commit = build.sha(self.material)?;
        Ok((build, commit))
    }

    /// The newest good one before what is live.
    async fn last_good(&self, live: &BTreeSet<&str>) -> Result<(Build, Sha)> {
        const OP: &str = "services.last_good";
        let remedy = "say which commit is wanted";
        let one = match (live.first(), live.len()) {
            (Some(one), 1) => one,
            (None, _) => {
                return Err(Error::invalid(OP, "no side is live, so nothing was before it").with_remedy(remedy));
            }
            _ => {
                let all = live.iter().copied().collect::<Vec<_>>().join(", ");
                return Err(Error::invalid(OP, format!("several versions are live: {all}")).with_remedy(remedy));
            }
        };
        let prefix: ShaPrefix = one
            .parse()
            .map_err(|_| Error::invalid(OP, format!("what is live, {one}, is no commit")).with_remedy(remedy))?;
        let (_, bad) = self.built(&prefix).await?;
        let good = self.builds.last_good(self.pipeline, Some(&bad), self.material).await?;
        let none = || {
            let text = format!("no build of {} before {} has passed", self.pipeline, bad.short());
            Error::new(OP, ErrorKind::NotFound, ops_client::Effect::None).with_message(text).with_remedy(remedy)
        };
        let good = good.ok_or_else(none)?;
        let commit = good.sha(self.material)?;
        Ok((good, commit))
    }

    /// Which builds are gone with what is live. Only for people: what cannot be told is left out.
    async fn what_goes(&self, to: &Sha, live: &BTreeSet<&str>) -> Option<String> {
        let (1, Some(live)) = (live.len(), live.first()) else { return None };
        let (_, from) = self.built(&live.parse().ok()?).await.ok()?;
        if from == *to {
            return None;
        }
        if let Ok(gone) = self.builds.between(self.pipeline, to, &from, self.material).await {
            let told: Vec<String> = gone.iter().take(TOLD).map(|build| format!("\n  {build}")).collect();
            let more = gone.len().saturating_sub(TOLD);
            let more = if more == 0 { String::new() } else { format!("\n  and {more} more") };
            return Some(format!("What goes back with it, the newest first:{}{more}", told.concat()));
        }
        let ahead = self.builds.between(self.pipeline, &from, to, self.material).await.ok()?;
        Some(format!(
            "{} is newer than what is live, by {} builds: this is a deploy, and no way back.",
            to.short(),
            ahead.len()
        ))
    }
}
