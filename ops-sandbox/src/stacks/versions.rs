//! Services in memory: each answer is of the next instance that is in the balancer.

use async_trait::async_trait;
use cloudformation_ops::{ServiceStack, StackName};
use ops_client::Result;
use version_probe::{Answer, ServiceAddress, VersionsRead};

use super::About;
use super::state::Stacks;
use crate::refusal::Refusal;
use crate::world::{Done, State};
use crate::{Operation, World};

/// Why nobody answers behind a balancer.
const NOBODY: &str = "503 Unavailable: no instance is healthy";

/// Services in memory. An address is that of a stack where its host begins with the stack's name
/// (`https://prod-global-k-metapod.example.com`), or its path names its parts (`…/services/prod/global/k/metapod`).
#[derive(Clone, Debug)]
pub struct VersionsPort {
    world: World,
}

impl VersionsPort {
    pub(crate) fn new(world: World) -> Self {
        Self { world }
    }
}

/// What an instance says of itself.
pub(super) struct Instance {
    pub(super) version: String,
    pub(super) ill: bool,
}

impl Stacks {
    /// An instance of a stack's service: of the version that is kept, as long as it is there, or else the next one. Nothing
    /// where none is healthy.
    pub(super) fn ask(
        &mut self,
        name: &StackName,
        kept: Option<&str>,
    ) -> std::result::Result<Option<Instance>, Refusal> {
        let held = self.held_mut(name)?;
        let ill = |version: &str| held.ill.contains(version);
        Ok(held.balancer.next(kept).map(|version| Instance { ill: ill(&version), version }))
    }
}

#[async_trait]
impl VersionsRead for VersionsPort {
    async fn ask(&self, address: &ServiceAddress) -> Result<Answer> {
        let Some(name) = stack_of(address.as_str()) else {
            return Ok(Answer::unhealthy("there is no host of this name"));
        };
        let told = |state: &mut State| {
            Ok(Done::same(match state.stacks.ask(&name, None) {
                Err(_) => Answer::unhealthy("there is no host of this name"),
                Ok(None) => Answer::unhealthy(NOBODY).with_status(503),
                Ok(Some(Instance { version, ill: false })) => Answer::healthy(version),
                Ok(Some(Instance { version, ill: true })) => {
                    Answer::unhealthy("not healthy: datomic").with_status(503).with_version(version)
                }
            }))
        };
        let subject = About::Service(&name).subject();
        // What fails is an answer too.
        Ok(self.world.call(Operation::Version, subject, Refusal::over_rest, told).await.unwrap_or_else(|error| {
            let why = error.message().or(error.words()).map_or_else(|| error.kind().to_string(), str::to_owned);
            match error.status() {
                Some(status) => Answer::unhealthy(format!("{status} {}", error.kind())).with_status(status),
                None => Answer::unhealthy(why),
            }
        }))
    }
}

/// The stack whose service has this address.
fn stack_of(address: &str) -> Option<StackName> {
    let (_, rest) = address.split_once("://")?;
    if let Some((_, path)) = rest.split_once("/services/") {
        let parts: Vec<&str> = path.split('/').collect();
        let [environment, prototype, suffix, service] = parts.try_into().ok()?;
        return ServiceStack::new(environment, prototype, suffix, service).name().ok();
    }
    let host = rest.split(['/', ':']).next()?;
    host.split('.').next()?.parse().ok()
}
