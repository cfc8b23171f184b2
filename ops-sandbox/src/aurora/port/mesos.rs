//! Mesos.

use std::time::Duration;

use async_trait::async_trait;
use aurora_client::{FrameworkId, MesosRead, MesosSeen, MesosWrite, Probe, Result};

use super::About;
use crate::refusal::Refusal;
use crate::world::{Done, State};
use crate::{Operation, World};

/// Mesos in memory: both of its ports. Nobody is asked who he is.
#[derive(Clone, Debug)]
pub struct MesosPort {
    world: World,
}

impl MesosPort {
    pub(crate) fn new(world: World) -> Self {
        Self { world }
    }
}

#[async_trait]
impl MesosRead for MesosPort {
    async fn probe(&self) -> Result<Probe> {
        let told = |state: &mut State| {
            state.aurora.mesos_answers()?;
            let probe = Probe::new("memory", Duration::ZERO).with_version("1.6.1");
            Ok(Done::same(probe.with_server_time(state.now().into())))
        };
        self.world.call(Operation::MesosProbe, About::Everything.subject(), Refusal::told, told).await
    }

    async fn look(&self) -> Result<MesosSeen> {
        let told = |state: &mut State| state.aurora.mesos_seen().map(Done::same);
        self.world.call(Operation::MesosLook, About::Everything.subject(), Refusal::told, told).await
    }
}

#[async_trait]
impl MesosWrite for MesosPort {
    async fn teardown(&self, framework: &FrameworkId) -> Result<()> {
        let subject = About::Framework(framework).subject();
        let torn = |state: &mut State| {
            state.aurora.mesos_seen()?;
            let now = state.now();
            let changed = state.aurora.teardown(framework, now);
            Ok(Done { answer: (), changed })
        };
        self.world.call(Operation::MesosTeardown, subject, Refusal::told, torn).await
    }
}
