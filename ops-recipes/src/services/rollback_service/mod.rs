//! «Hot-deploying rollbacks»: a service goes back to a version that worked, by its stack's parameters.

mod guards;
mod look;
mod send;
mod shard;
mod step;
mod version;

use cloudformation_ops::{Family, ServiceStack, Stack};
use gocd_client::{PipelineName, ShaPrefix};
use ops_client::Result;
use ops_plan::{Draft, Finding, Observed, Recipe, Subject};
use serde::{Deserialize, Serialize};

pub use self::step::{ParameterChange, Serving, UpdateService};
use super::{Colour, ParameterNames, ServiceReads, ServiceWrites};
use crate::words::names;

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &[
    "hot-deploying rollbacks",
    "roll back the service",
    "rollback the service",
    "a buggy version is deployed",
    "bad version in production",
];

/// How many answers are asked for unless told.
const ANSWERS: usize = 10;

/// Which version is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Wanted {
    /// The one built from this commit.
    Commit(ShaPrefix),
    /// The newest that the build server built well before the one that is live.
    LastGood,
}

/// How it gets there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// Side by side, without a failed answer: the idle side comes up, then the other goes.
    #[default]
    Clean,
    /// In place: the live side's machines are replaced, and nobody answers for about five minutes.
    Fast,
}

/// What to bring up where no side of a stack has instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Start {
    /// Which side.
    pub side: Colour,
    /// With how many instances.
    pub size: u32,
}

impl Start {
    /// This side, with so many instances.
    pub fn new(side: Colour, size: u32) -> Self {
        Self { side, size }
    }
}

/// Brings a service back to a version that worked, shard after shard.
///
/// Each shard is a stack with a blue and a green side. Clean: the idle side gets the wanted version and the live side's size;
/// when all answers of `/api/version` are healthy and the wanted version is among them, the other side goes to zero. Fast: the
/// live side gets the wanted version in place.
///
/// What stops it: a version that was never built or is ambiguous, a stack that is changed at this moment, two live sides of which
/// neither has the wanted version, parameters that are not there. What it asks: a deploy that runs (`to-prod`), a stack that is
/// spun (`spin`), neither side live (`both-zero`), a build server that cannot be asked (`unreachable`, `no-evidence`). Every other
/// parameter keeps its value, and the template stays as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RollBackService {
    /// The service.
    pub service: String,
    /// In which shards: `global`, or `s0`, `s1`, …; none is all of them.
    #[serde(default)]
    pub shards: Vec<String>,
    /// To which version.
    pub version: Wanted,
    /// How.
    #[serde(default)]
    pub manner: Manner,
    /// What to bring up where no side has instances.
    #[serde(default)]
    pub start: Option<Start>,
    /// Whether it may have one instance only: two at once would end each other.
    #[serde(default)]
    pub single: bool,
    /// The pipeline that builds it, where it is not called like the service.
    #[serde(default)]
    pub pipeline: Option<PipelineName>,
    /// The material that its version is of, where its pipeline has several.
    #[serde(default)]
    pub material: Option<String>,
    /// The pipelines that deploy: none of them may run.
    #[serde(default)]
    pub deploys: Vec<PipelineName>,
    /// What the parameters are called.
    #[serde(default)]
    pub parameters: ParameterNames,
    /// How many answers are asked for, each over a connection of its own.
    #[serde(default = "answers")]
    pub answers: usize,
}

fn answers() -> usize {
    ANSWERS
}

impl RollBackService {
    /// This service, to this version, in all shards, without a failed answer.
    pub fn new(service: impl Into<String>, version: Wanted) -> Self {
        Self {
            service: service.into(),
            shards: Vec::new(),
            version,
            manner: Manner::Clean,
            start: None,
            single: false,
            pipeline: None,
            material: None,
            deploys: Vec::new(),
            parameters: ParameterNames::default(),
            answers: ANSWERS,
        }
    }

    /// In these shards only.
    #[must_use]
    pub fn in_shards<S: Into<String>>(mut self, shards: impl IntoIterator<Item = S>) -> Self {
        self.shards.extend(shards.into_iter().map(Into::into));
        self
    }

    /// In place: about five minutes without an answer.
    #[must_use]
    pub fn fast(mut self) -> Self {
        self.manner = Manner::Fast;
        self
    }

    /// With this where no side of a stack has instances.
    #[must_use]
    pub fn starting(mut self, start: Start) -> Self {
        self.start = Some(start);
        self
    }

    /// Of which only one instance may be there.
    #[must_use]
    pub fn single(mut self) -> Self {
        self.single = true;
        self
    }

    /// Built by this pipeline.
    #[must_use]
    pub fn built_by(mut self, pipeline: PipelineName) -> Self {
        self.pipeline = Some(pipeline);
        self
    }

    /// Whose version is of this material of its pipeline.
    #[must_use]
    pub fn of_material(mut self, material: impl Into<String>) -> Self {
        self.material = Some(material.into());
        self
    }

    /// While none of these pipelines runs.
    #[must_use]
    pub fn unless_running(mut self, deploys: impl IntoIterator<Item = PipelineName>) -> Self {
        self.deploys.extend(deploys);
        self
    }

    /// Where the parameters are called otherwise.
    #[must_use]
    pub fn with_parameters(mut self, parameters: ParameterNames) -> Self {
        self.parameters = parameters;
        self
    }

    /// With so many answers before a step is believed.
    #[must_use]
    pub fn asking(mut self, answers: usize) -> Self {
        self.answers = answers.max(1);
        self
    }
}

impl Recipe for RollBackService {
    const ID: &'static str = "rollback-service";
    const VERSION: u32 = 1;
    type Reads = ServiceReads;
    type Writes = ServiceWrites;
    type Action = UpdateService;

    async fn plan(&self, reads: &ServiceReads, mut draft: Draft<UpdateService>) -> Result<Draft<UpdateService>> {
        self.entitle(&mut draft);
        let Some(stacks) = self.find(&mut draft, reads).await? else { return Ok(draft) };
        guards::at_rest(&mut draft, &stacks);
        guards::deploys(self, &mut draft, reads).await;
        guards::spin(&mut draft, reads, &stacks).await?;
        if draft.is_blocked() {
            return Ok(draft);
        }
        let shards = shard::read(self, &mut draft, stacks);
        let Some(version) = version::resolve(self, &mut draft, reads, &shards).await? else { return Ok(draft) };
        if reads.versions.is_none() {
            let text = "which version answers is not looked at: no address is configured";
            let right = "right when somebody asks /api/version by hand between the steps";
            draft.finding(Finding::ask("no-evidence", text, right));
        }
        draft.population(shards.len());
        draft.one_by_one();
        for shard in &shards {
            shard::plan(self, &mut draft, reads, shard, &version).await?;
        }
        if draft.actions().is_empty() {
            if !draft.is_blocked() {
                draft.finding(Finding::pass("version", format!("nothing to do: {version} is what is live")));
            }
        } else {
            draft.note("All other parameters keep their values, and the template stays as it is.");
            draft.later("Revert the bad change before the next deploy: the pipeline would bring it back.");
        }
        Ok(draft)
    }

    async fn observe(&self, reads: &ServiceReads, actions: &[&UpdateService]) -> Result<Vec<Observed>> {
        let mut seen = Vec::with_capacity(actions.len());
        for update in actions {
            seen.push(look::look(reads, self.answers, update).await?);
        }
        Ok(seen)
    }

    async fn perform(&self, writes: &ServiceWrites, action: &UpdateService) -> Result<()> {
        send::send(writes, action).await
    }

    async fn verify(&self, reads: &ServiceReads, done: &[&UpdateService]) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for (at, update) in done.iter().enumerate() {
            // A stack's last step says how it should be in the end.
            if done[at + 1..].iter().all(|later| later.stack != update.stack) {
                findings.extend(look::proof(reads, self.answers, update).await?);
            }
        }
        Ok(findings)
    }

    fn undo(&self, action: &UpdateService, _: Option<&serde_json::value::RawValue>) -> Option<UpdateService> {
        Some(action.undone())
    }
}

impl RollBackService {
    fn entitle(&self, draft: &mut Draft<UpdateService>) {
        let scope = if self.shards.is_empty() { "all shards".to_owned() } else { names(&self.shards) };
        let to = match &self.version {
            Wanted::Commit(prefix) => prefix.to_string(),
            Wanted::LastGood => "the last good version".to_owned(),
        };
        let how = match self.manner {
            Manner::Clean => "side by side, no downtime",
            Manner::Fast => "in place, about 5 min without an answer",
        };
        let title = format!("{} · {} in {scope} · back to {to} · {how}", draft.target(), self.service);
        draft.title(title);
    }

    /// The stacks that are meant, each with what its name says. `None` where the plan ends here.
    async fn find(
        &self,
        draft: &mut Draft<UpdateService>,
        reads: &ServiceReads,
    ) -> Result<Option<Vec<(ServiceStack, Stack)>>> {
        match reads.stacks.probe().await {
            Ok(probe) => {
                draft.identity(format!("CloudFormation at {}", probe.address));
            }
            Err(error) => {
                draft.finding(Finding::warn("identity", format!("the service does not say what it is: {error}")));
            }
        }
        let environment = draft.target().environment.to_string();
        let family = Family::new(&environment, &self.service);
        let all = reads.stacks.stacks(&family).await?;
        let all = all.into_iter().filter_map(|stack| Some((ServiceStack::parse(&stack.name)?, stack)));
        let all: Vec<(ServiceStack, Stack)> = all.collect();
        let there = names(all.iter().map(|(_, stack)| &stack.name));
        if all.is_empty() {
            let text = format!("no stack is called {environment}-…-…-{}", self.service);
            let advice = "check the service's name, the account and the region";
            draft.subject(Subject::new("service", format!("{environment}/{}", self.service)));
            draft.finding(Finding::block("service", text).with_advice(advice));
            return Ok(None);
        }
        let missing: Vec<&String> =
            self.shards.iter().filter(|shard| !all.iter().any(|(name, _)| name.prototype == **shard)).collect();
        if !missing.is_empty() {
            let text = format!("{} does not run in {}", self.service, names(missing));
            draft.finding(Finding::block("shards", text).with_advice(format!("there are: {there}")));
        }
        let mut meant = all;
        meant.retain(|(name, _)| self.shards.is_empty() || self.shards.contains(&name.prototype));
        for (_, stack) in &meant {
            draft.subject(Subject::new("stack", stack.name.to_string()));
        }
        Ok(Some(meant))
    }
}
