//! What only an administrator is told.

use super::number::MaintenanceMode;
use super::state::ScheduledTask;
use crate::wire::table::record;
use crate::wire::value::Set;

record! {
    /// `Hosts` of the interface.
    Hosts {
        1 host_names "hostNames": Set<String>,
    }
    /// `HostStatus` of the interface.
    HostStatus {
        1 host "host": String,
        2 mode "mode": MaintenanceMode,
    }
    /// `StartMaintenanceResult` of the interface.
    StartMaintenanceResult {
        1 statuses "statuses": Set<HostStatus>,
    }
    /// `DrainHostsResult` of the interface.
    DrainHostsResult {
        1 statuses "statuses": Set<HostStatus>,
    }
    /// `MaintenanceStatusResult` of the interface.
    MaintenanceStatusResult {
        1 statuses "statuses": Set<HostStatus>,
    }
    /// `EndMaintenanceResult` of the interface.
    EndMaintenanceResult {
        1 statuses "statuses": Set<HostStatus>,
    }
    /// `ListBackupsResult` of the interface.
    ListBackupsResult {
        1 backups "backups": Set<String>,
    }
    /// `QueryRecoveryResult` of the interface.
    QueryRecoveryResult {
        1 tasks "tasks": Set<ScheduledTask>,
    }
    /// `ExplicitReconciliationSettings` of the interface.
    ExplicitReconciliationSettings {
        1 batch_size "batchSize": i32,
    }
}
