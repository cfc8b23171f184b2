//! Choices: exactly one of several.

use super::admin::{
    DrainHostsResult, EndMaintenanceResult, ListBackupsResult, MaintenanceStatusResult, QueryRecoveryResult,
    StartMaintenanceResult,
};
use super::listing::{
    ConfigSummaryResult, GetJobsResult, GetQuotaResult, GetTierConfigResult, JobSummaryResult, PopulateJobResult,
    RoleSummaryResult,
};
use super::state::{GetPendingReasonResult, ScheduleStatusResult};
use super::task::{
    AppcImage, CoordinatorSlaPolicy, CountSlaPolicy, DockerContainer, DockerImage, LimitConstraint, MesosContainer,
    PercentageSlaPolicy, ValueConstraint,
};
use super::update::{
    BatchJobUpdateStrategy, GetJobUpdateDetailsResult, GetJobUpdateDiffResult, GetJobUpdateSummariesResult,
    PulseJobUpdateResult, QueueJobUpdateStrategy, StartJobUpdateResult, VariableBatchJobUpdateStrategy,
};
use crate::wire::table::union;

union! {
    /// What a task runs in.
    Container {
        1 Mesos "mesos": MesosContainer,
        2 Docker "docker": DockerContainer,
    }
    /// What a container is made from.
    Image {
        1 Docker "docker": DockerImage,
        2 Appc "appc": AppcImage,
    }
    /// In which batches a service is updated.
    JobUpdateStrategy {
        1 QueueStrategy "queueStrategy": QueueJobUpdateStrategy,
        2 BatchStrategy "batchStrategy": BatchJobUpdateStrategy,
        3 VarBatchStrategy "varBatchStrategy": VariableBatchJobUpdateStrategy,
    }
    /// One thing that a task needs.
    Resource {
        1 NumCpus "numCpus": f64,
        2 RamMb "ramMb": i64,
        3 DiskMb "diskMb": i64,
        4 NamedPort "namedPort": String,
        5 NumGpus "numGpus": i64,
    }
    /// How many instances must stay.
    SlaPolicy {
        1 PercentageSlaPolicy "percentageSlaPolicy": PercentageSlaPolicy,
        2 CountSlaPolicy "countSlaPolicy": CountSlaPolicy,
        3 CoordinatorSlaPolicy "coordinatorSlaPolicy": CoordinatorSlaPolicy,
    }
    /// Where a task may run.
    TaskConstraint {
        1 Value "value": ValueConstraint,
        2 Limit "limit": LimitConstraint,
    }
    /// What a reply answers.
    Answer {
        1 PopulateJob "populateJobResult": PopulateJobResult,
        3 ScheduleStatus "scheduleStatusResult": ScheduleStatusResult,
        4 GetJobs "getJobsResult": GetJobsResult,
        5 GetQuota "getQuotaResult": GetQuotaResult,
        6 ListBackups "listBackupsResult": ListBackupsResult,
        7 StartMaintenance "startMaintenanceResult": StartMaintenanceResult,
        8 DrainHosts "drainHostsResult": DrainHostsResult,
        9 QueryRecovery "queryRecoveryResult": QueryRecoveryResult,
        10 MaintenanceStatus "maintenanceStatusResult": MaintenanceStatusResult,
        11 EndMaintenance "endMaintenanceResult": EndMaintenanceResult,
        17 RoleSummary "roleSummaryResult": RoleSummaryResult,
        18 JobSummary "jobSummaryResult": JobSummaryResult,
        20 ConfigSummary "configSummaryResult": ConfigSummaryResult,
        21 GetPendingReason "getPendingReasonResult": GetPendingReasonResult,
        22 StartJobUpdate "startJobUpdateResult": StartJobUpdateResult,
        23 GetJobUpdateSummaries "getJobUpdateSummariesResult": GetJobUpdateSummariesResult,
        24 GetJobUpdateDetails "getJobUpdateDetailsResult": GetJobUpdateDetailsResult,
        25 PulseJobUpdate "pulseJobUpdateResult": PulseJobUpdateResult,
        26 GetJobUpdateDiff "getJobUpdateDiffResult": GetJobUpdateDiffResult,
        27 GetTierConfig "getTierConfigResult": GetTierConfigResult,
    }
}
