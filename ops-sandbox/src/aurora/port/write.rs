//! What is changed.

use async_trait::async_trait;
use aurora_client::{AuroraWrite, InstanceSet, Instances, JobKey, NewJob, Result};

use super::{About, AuroraPort};
use crate::Operation;
use crate::world::Done;

#[async_trait]
impl AuroraWrite for AuroraPort {
    async fn create(&self, job: &NewJob) -> Result<()> {
        self.change(Operation::AuroraCreate, About::Job(&job.key), false, |state| {
            let now = state.now();
            state.aurora.create(job.clone().into(), None, now).map(Done::changed)
        })
        .await
    }

    async fn kill(&self, job: &JobKey, instances: &Instances, message: &str) -> Result<()> {
        self.change(Operation::AuroraKill, About::Job(job), false, |state| {
            let now = state.now();
            let changed = state.aurora.kill(job, instances, message, now)?;
            Ok(Done { answer: (), changed })
        })
        .await
    }

    async fn restart(&self, job: &JobKey, instances: &InstanceSet) -> Result<()> {
        self.change(Operation::AuroraRestart, About::Job(job), false, |state| {
            let now = state.now();
            let changed = state.aurora.restart(job, instances, now)?;
            Ok(Done { answer: (), changed })
        })
        .await
    }
}
