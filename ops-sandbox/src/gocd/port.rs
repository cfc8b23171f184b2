//! GoCD in memory.

use std::time::Duration;

use async_trait::async_trait;
use gocd_client::{BuildsRead, Cursor, HistoryPage, PipelineName, PipelineStatus, Probe, Result};

use super::About;
use crate::refusal::Refusal;
use crate::world::{Done, State};
use crate::{Operation, World};

/// The release that answers.
pub(super) const RELEASE: &str = "23.5.0";
/// How many builds a page has.
const PAGE: usize = 100;

/// GoCD in memory. Faults hit it as they hit the real client, which does not try again here.
#[derive(Clone, Debug)]
pub struct GocdPort {
    world: World,
}

impl GocdPort {
    pub(crate) fn new(world: World) -> Self {
        Self { world }
    }

    async fn ask<T: Send>(
        &self,
        operation: Operation,
        about: About,
        what: impl FnOnce(&State) -> std::result::Result<T, Refusal> + Send,
    ) -> Result<T> {
        let act = |state: &mut State| what(state).map(Done::same);
        self.world.call(operation, about.subject(), Refusal::over_rest, act).await
    }
}

#[async_trait]
impl BuildsRead for GocdPort {
    async fn probe(&self) -> Result<Probe> {
        let told = |state: &State| {
            let probe = Probe::new("memory", Duration::ZERO).with_version(RELEASE);
            Ok(probe.with_server_time(state.now().into()))
        };
        self.ask(Operation::GocdProbe, About::Everything, told).await
    }

    async fn history(&self, pipeline: &PipelineName, after: Option<Cursor>) -> Result<HistoryPage> {
        let told = |state: &State| Ok(state.gocd.pipeline(pipeline)?.after(after, PAGE));
        self.ask(Operation::GocdHistory, About::Pipeline(pipeline.clone()), told).await
    }

    async fn status(&self, pipeline: &PipelineName) -> Result<PipelineStatus> {
        let told = |state: &State| Ok(state.gocd.pipeline(pipeline)?.status());
        self.ask(Operation::GocdStatus, About::Pipeline(pipeline.clone()), told).await
    }
}
