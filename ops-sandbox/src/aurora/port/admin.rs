//! What only an administrator may.

use async_trait::async_trait;
use aurora_client::{AuroraAdmin, HostMode, HostStatus, Resources, Result};

use super::{About, AuroraPort};
use crate::Operation;
use crate::world::Done;

impl AuroraPort {
    async fn set_mode(&self, operation: Operation, hosts: &[String], mode: HostMode) -> Result<Vec<HostStatus>> {
        self.change(operation, first(hosts), true, |state| {
            let now = state.now();
            let changed = state.aurora.set_mode(hosts, mode, now);
            Ok(Done { answer: state.aurora.host_statuses(hosts), changed })
        })
        .await
    }
}

fn first(hosts: &[String]) -> About<'_> {
    hosts.first().map_or(About::Everything, |host| About::Host(host))
}

#[async_trait]
impl AuroraAdmin for AuroraPort {
    async fn hosts(&self, hosts: &[String]) -> Result<Vec<HostStatus>> {
        let told = |state: &mut crate::world::State| Ok(Done::same(state.aurora.host_statuses(hosts)));
        self.change(Operation::AuroraHosts, first(hosts), true, told).await
    }

    async fn start_maintenance(&self, hosts: &[String]) -> Result<Vec<HostStatus>> {
        self.set_mode(Operation::StartMaintenance, hosts, HostMode::Scheduled).await
    }

    async fn drain(&self, hosts: &[String]) -> Result<Vec<HostStatus>> {
        self.set_mode(Operation::DrainHosts, hosts, HostMode::Draining).await
    }

    async fn end_maintenance(&self, hosts: &[String]) -> Result<Vec<HostStatus>> {
        self.set_mode(Operation::EndMaintenance, hosts, HostMode::None).await
    }

    async fn set_quota(&self, role: &str, quota: Resources) -> Result<()> {
        self.change(Operation::SetQuota, About::Role(role), true, |state| {
            let changed = state.aurora.set_quota(role, quota);
            Ok(Done { answer: (), changed })
        })
        .await
    }

    async fn snapshot(&self) -> Result<()> {
        self.change(Operation::AuroraSnapshot, About::Everything, true, |_| Ok(Done::changed(()))).await
    }
}
