//! The methods of the interface: what each is asked with, and whether it may be sent again when its reply was lost.

use super::idl::Idl;
use super::tables::*;
use super::value::{Set, Value};

/// Whether a call may be sent again when nobody knows whether it was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It only reads.
    Read,
    /// It changes, and twice is as once.
    Same,
    /// Only after a look that it was not executed.
    Look,
    /// Never: twice is twice.
    Never,
}

/// A method: its value is what it is asked with.
pub trait Method: Value + Send + Sync {
    /// Its name.
    const NAME: &'static str;
    /// Whether it may be sent again.
    const AGAIN: Again;
    /// Whether the scheduler asks who calls.
    const CHALLENGED: bool;
}

macro_rules! methods {
    ($($name:ident $wire:literal $again:ident $challenged:literal { $($id:literal $field:ident $field_wire:literal : $type:ty),* })+) => {
        $(super::table::record! {
            #[doc = concat!("What `", $wire, "` is asked with.")]
            $name { $($id $field $field_wire : $type),* }
        }

        impl Method for $name {
            const NAME: &'static str = $wire;
            const AGAIN: Again = Again::$again;
            const CHALLENGED: bool = $challenged;
        })+

        /// The name of every method.
        pub const NAMES: &[&str] = &[$($wire),+];

        /// Each method as a line of an interface description.
        pub(super) fn describe_all(idl: &mut Idl) -> Vec<String> {
            Response::describe(idl);
            vec![$({
                let arguments: Vec<String> = vec![
                    $(format!("{}: {} {}", $id, <$type as Value>::describe(idl), $field_wire)),*
                ];
                format!("Response {}({}),", $wire, arguments.join(", "))
            }),+]
        }
    };
}

methods! {
    GetTasksStatus "getTasksStatus" Read false { 1 query "query": TaskQuery }
    GetTasksWithoutConfigs "getTasksWithoutConfigs" Read false { 1 query "query": TaskQuery }
    GetPendingReason "getPendingReason" Read false { 1 query "query": TaskQuery }
    GetConfigSummary "getConfigSummary" Read false { 1 job "job": JobKey }
    GetJobs "getJobs" Read false { 1 owner_role "ownerRole": String }
    GetJobSummary "getJobSummary" Read false { 1 role "role": String }
    GetRoleSummary "getRoleSummary" Read false {  }
    GetQuota "getQuota" Read false { 1 owner_role "ownerRole": String }
    PopulateJobConfig "populateJobConfig" Read false { 1 description "description": JobConfiguration }
    GetJobUpdateSummaries "getJobUpdateSummaries" Read false { 1 job_update_query "jobUpdateQuery": JobUpdateQuery }
    GetJobUpdateDetails "getJobUpdateDetails" Read false { 1 key "key": JobUpdateKey, 2 query "query": JobUpdateQuery }
    GetJobUpdateDiff "getJobUpdateDiff" Read false { 1 request "request": JobUpdateRequest }
    GetTierConfigs "getTierConfigs" Read false {  }
    CreateJob "createJob" Look true { 1 description "description": JobConfiguration }
    KillTasks "killTasks" Look true { 4 job "job": JobKey, 5 instances "instances": Set<i32>, 6 message "message": String }
    RestartShards "restartShards" Look true { 5 job "job": JobKey, 3 shard_ids "shardIds": Set<i32> }
    AddInstances "addInstances" Never true { 3 key "key": InstanceKey, 4 count "count": i32 }
    StartJobUpdate "startJobUpdate" Look true { 1 request "request": JobUpdateRequest, 3 message "message": String }
    PauseJobUpdate "pauseJobUpdate" Same true { 1 key "key": JobUpdateKey, 3 message "message": String }
    ResumeJobUpdate "resumeJobUpdate" Same true { 1 key "key": JobUpdateKey, 3 message "message": String }
    AbortJobUpdate "abortJobUpdate" Same true { 1 key "key": JobUpdateKey, 3 message "message": String }
    RollbackJobUpdate "rollbackJobUpdate" Same true { 1 key "key": JobUpdateKey, 2 message "message": String }
    PulseJobUpdate "pulseJobUpdate" Same true { 1 key "key": JobUpdateKey }
    ScheduleCronJob "scheduleCronJob" Same true { 1 description "description": JobConfiguration }
    ReplaceCronTemplate "replaceCronTemplate" Same true { 1 config "config": JobConfiguration }
    DescheduleCronJob "descheduleCronJob" Same true { 4 job "job": JobKey }
    StartCronJob "startCronJob" Never true { 4 job "job": JobKey }
    SetQuota "setQuota" Same true { 1 owner_role "ownerRole": String, 2 quota "quota": ResourceAggregate }
    ForceTaskState "forceTaskState" Same true { 1 task_id "taskId": String, 2 status "status": ScheduleStatus }
    StartMaintenance "startMaintenance" Same true { 1 hosts "hosts": Hosts }
    DrainHosts "drainHosts" Same true { 1 hosts "hosts": Hosts }
    MaintenanceStatus "maintenanceStatus" Read true { 1 hosts "hosts": Hosts }
    EndMaintenance "endMaintenance" Same true { 1 hosts "hosts": Hosts }
    SlaDrainHosts "slaDrainHosts" Same true { 1 hosts "hosts": Hosts, 2 default_sla_policy "defaultSlaPolicy": SlaPolicy, 3 timeout_secs "timeoutSecs": i64 }
    Snapshot "snapshot" Same true {  }
    PerformBackup "performBackup" Same true {  }
    ListBackups "listBackups" Read true {  }
    TriggerExplicitTaskReconciliation "triggerExplicitTaskReconciliation" Same true { 1 settings "settings": ExplicitReconciliationSettings }
    TriggerImplicitTaskReconciliation "triggerImplicitTaskReconciliation" Same true {  }
    PruneTasks "pruneTasks" Same true { 1 query "query": TaskQuery }
}
