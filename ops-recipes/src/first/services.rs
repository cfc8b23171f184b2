//! Stacks, builds and tables among the systems that are looked at first.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use cloudformation_ops::{Family, ServiceStack, Stack, StacksRead};
use dynamodb_ops::{HeadRoom, Remedy, Table, TableName, TablesRead, Window, diagnose};
use futures_util::{StreamExt, TryStreamExt, stream};
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

/// What is looked at for throttles.
const LATELY: SignedDuration = SignedDuration::from_mins(15);
/// How many tables are looked at, and how many of them at once.
const TABLES: usize = 50;
const AT_ONCE: usize = 5;

/// DynamoDB's tables, as the first looks see them: those of an environment, or those that are named.
#[derive(Clone)]
pub struct TablesSystem {
    tables: Arc<dyn TablesRead>,
    environment: String,
    address: String,
    named: Vec<TableName>,
}

impl fmt::Debug for TablesSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TablesSystem").field("address", &self.address).finish_non_exhaustive()
    }
}

impl TablesSystem {
    /// The tables of an environment at an address (it is printed): those behind Datomic databases, fifty at most.
    pub fn new(tables: Arc<dyn TablesRead>, environment: impl Into<String>, address: impl Into<String>) -> Self {
        Self { tables, environment: environment.into(), address: address.into(), named: Vec::new() }
    }

    /// Only these.
    #[must_use]
    pub fn only(mut self, tables: impl IntoIterator<Item = TableName>) -> Self {
        self.named.extend(tables);
        self
    }

    async fn meant(&self) -> Result<Vec<TableName>> {
        if !self.named.is_empty() {
            return Ok(self.named.clone());
        }
        let mut names = self.tables.tables(&format!("{}-", self.environment)).await?;
        names.retain(|name| name.as_str().ends_with("-datomic"));
        Ok(names)
    }

    async fn of(&self, name: TableName, now: Timestamp) -> Result<Option<Sign>> {
        let table = match self.tables.table(&name).await {
            Err(error) if error.is_not_found() => {
                return Ok(Some(Sign::new(Severity::Odd, format!("there is no table {name}"))));
            }
            table => table?,
        };
        let mut usages = Vec::with_capacity(table.places.len());
        for place in &table.places {
            usages.push(self.tables.usage(&name, &place.place, &Window::before(now, LATELY)).await?);
        }
        let scaling = self.tables.scaling(&name).await?;
        let found = diagnose(&table, &usages, &scaling, &self.tables.limits().await?, HeadRoom::default());
        let Some(worst) = found.iter().max_by(|one, other| one.refused.total_cmp(&other.refused)) else {
            return Ok(None);
        };
        let severity = if worst.remedy == Remedy::Enough { Severity::Odd } else { Severity::Stuck };
        let (unit, place, refused, cause) = (worst.unit, &worst.place, worst.refused, worst.cause);
        let what = format!("{name}: {refused:.0} {unit}s of {place} refused, because of {cause}");
        let sign = Sign::new(severity, what).since(worst.since);
        Ok(Some(sign.next(self.next(&table))))
    }

    fn next(&self, table: &Table) -> String {
        let name = shell(table.name.as_str());
        format!("relieve-throttling --env {} --table {name}", shell(&self.environment))
    }
}

#[async_trait]
impl System for TablesSystem {
    fn name(&self) -> &str {
        "DynamoDB"
    }

    fn address(&self) -> &str {
        &self.address
    }

    async fn check_up(&self) -> Result<Checkup> {
        let read = self.meant().await.map(drop);
        let unknown = Access::Unknown("AWS does not tell without doing it".into());
        check_up(self.tables.probe().await, read, unknown, &Holder::default())
    }

    async fn signs(&self, now: Timestamp) -> Result<Vec<Sign>> {
        let names = self.meant().await?;
        let more = names.len().saturating_sub(TABLES);
        let looks = names.into_iter().take(TABLES).map(|name| self.of(name, now));
        let found: Vec<Option<Sign>> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
        let mut signs: Vec<Sign> = found.into_iter().flatten().collect();
        if more > 0 {
            let text = format!("{more} more tables were not looked at: name those that matter");
            signs.push(Sign::new(Severity::Odd, text));
        }
        Ok(signs)
    }
}
