//! Stacks, builds and tables among the systems that are looked at first.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use cloudformation_ops::{Family, ServiceStack, Stack, StacksRead};
use gocd_client::{BuildsRead, BuildsReadExt, PipelineName};
use jiff::{SignedDuration, Timestamp};
use ops_client::Result;

use super::checkup::{Holder, check_up};
use super::{Access, Checkup, Severity, Sign, System};
use crate::services::{ParameterNames, Picture, Sides};
use crate::words::shell;

/// What was deployed since may be why something broke.
const FRESH: SignedDuration = SignedDuration::from_hours(12);

/// The services of an environment, as the first looks see their stacks.
#[derive(Clone)]
pub struct StacksSystem {
    stacks: Arc<dyn StacksRead>,
    environment: String,
    address: String,
    parameters: ParameterNames,
}

impl fmt::Debug for StacksSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StacksSystem").field("address", &self.address).finish_non_exhaustive()
    }
}

impl StacksSystem {
    /// The stacks of an environment at an address (it is printed).
    pub fn new(stacks: Arc<dyn StacksRead>, environment: impl Into<String>, address: impl Into<String>) -> Self {
        Self { stacks, environment: environment.into(), address: address.into(), parameters: ParameterNames::default() }
    }

    /// Where the parameters of a side are called otherwise.
    #[must_use]
    pub fn with_parameters(mut self, parameters: ParameterNames) -> Self {
        self.parameters = parameters;
        self
    }

    fn sign(&self, name: &ServiceStack, stack: &Stack, now: Timestamp) -> Option<Sign> {
        let touched = stack.updated.unwrap_or(stack.created);
        if stack.status.is_in_progress() {
            let what = format!("{} is {}", stack.name, stack.status);
            return Some(Sign::new(Severity::Odd, what).since(touched));
        }
        if let Some(remedy) = stack.status.remedy() {
            let what = format!("{} is {}: {remedy}", stack.name, stack.status);
            return Some(Sign::new(Severity::Broken, what).since(touched));
        }
        // One without sides is no service that is deployed blue and green.
        let sides = Sides::of(stack, &self.parameters).ok()?;
        let next = |more: &str| {
            format!(
                "rollback-service --env {} --service {} --shard {} {more}",
                shell(&self.environment),
                shell(&name.service),
                shell(&name.prototype)
            )
        };
        match sides.picture() {
            Picture::Neither => {
                let what = format!("{} has no instances: {sides}", stack.name);
                Some(Sign::new(Severity::Broken, what).since(touched).next(next("--last-good --side … --size …")))
            }
            Picture::Both => {
                let [blue, green] = sides.both();
                let what = format!("{}: {sides}", stack.name);
                let to = if blue.version == green.version { &blue.version } else { "…" };
                Some(Sign::new(Severity::Odd, what).since(touched).next(next(&format!("--to {}", shell(to)))))
            }
            Picture::One { live, .. } if now.duration_since(touched) < FRESH && stack.updated.is_some() => {
                let word = if stack.status.rolled_back() { "was tried, and rolled itself back" } else { "was updated" };
                let what = format!("{} {word}; live is {live}", stack.name);
                Some(Sign::new(Severity::Odd, what).since(touched).next(next("--last-good")))
            }
            Picture::One { .. } => None,
        }
    }
}

#[async_trait]
impl System for StacksSystem {
    fn name(&self) -> &str {
        "CloudFormation"
    }

    fn address(&self) -> &str {
        &self.address
    }

    async fn check_up(&self) -> Result<Checkup> {
        let read = self.stacks.stacks(&Family::of_environment(&self.environment)).await.map(drop);
        let unknown = Access::Unknown("AWS does not tell without doing it".into());
        check_up(self.stacks.probe().await, read, unknown, &Holder::default())
    }

    async fn signs(&self, now: Timestamp) -> Result<Vec<Sign>> {
        let stacks = self.stacks.stacks(&Family::of_environment(&self.environment)).await?;
        let named = stacks.iter().filter_map(|stack| Some((ServiceStack::parse(&stack.name)?, stack)));
        Ok(named.filter_map(|(name, stack)| self.sign(&name, stack, now)).collect())
    }
}

/// GoCD, as the first looks see it: the pipelines that deploy.
#[derive(Clone)]
pub struct BuildsSystem {
    builds: Arc<dyn BuildsRead>,
    address: String,
    deploys: Vec<PipelineName>,
}

impl fmt::Debug for BuildsSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuildsSystem").field("address", &self.address).finish_non_exhaustive()
    }
}

impl BuildsSystem {
    /// GoCD at an address (it is printed), and the pipelines that deploy.
    pub fn new(
        builds: Arc<dyn BuildsRead>,
        address: impl Into<String>,
        deploys: impl IntoIterator<Item = PipelineName>,
    ) -> Self {
        Self { builds, address: address.into(), deploys: deploys.into_iter().collect() }
    }
}

#[async_trait]
impl System for BuildsSystem {
    fn name(&self) -> &str {
        "GoCD"
    }

    fn address(&self) -> &str {
        &self.address
    }

    async fn check_up(&self) -> Result<Checkup> {
        let read = match self.deploys.first() {
            Some(pipeline) => self.builds.status(pipeline).await.map(drop),
            None => Ok(()),
        };
        check_up(self.builds.probe().await, read, Access::NotNeeded, &Holder::default())
    }

    async fn signs(&self, now: Timestamp) -> Result<Vec<Sign>> {
        let mut signs = Vec::new();
        for pipeline in &self.deploys {
            let newest = self.builds.builds(pipeline, 1).await?;
            if let Some(build) = self.builds.running(pipeline).await? {
                let sign = Sign::new(Severity::Odd, format!("{pipeline} runs: {build}"));
                signs.push(match build.scheduled {
                    Some(at) => sign.since(at),
                    None => sign,
                });
            } else if let Some(build) = newest.first()
                && let Some(at) = build.scheduled.filter(|at| now.duration_since(*at) < FRESH)
            {
                let word = if build.has_passed() { "deployed" } else { "did not pass" };
                signs.push(Sign::new(Severity::Odd, format!("{pipeline} {word}: {build}")).since(at));
            }
        }
        Ok(signs)
    }
}
