//! Names for the numbers of the interface.

use crate::wire::table::numbers;

numbers! {
    /// How a call went.
    ResponseCode {
        0 InvalidRequest "INVALID_REQUEST",
        1 Ok "OK",
        2 Error "ERROR",
        3 Warning "WARNING",
        4 AuthFailed "AUTH_FAILED",
        5 JobUpdatingError "JOB_UPDATING_ERROR",
        6 ErrorTransient "ERROR_TRANSIENT",
    }
    /// What a host may take.
    MaintenanceMode {
        1 None "NONE",
        2 Scheduled "SCHEDULED",
        3 Draining "DRAINING",
        4 Drained "DRAINED",
    }
    /// Whether a volume may be written.
    Mode {
        1 Rw "RW",
        2 Ro "RO",
    }
    /// What a run by schedule does to the one before it.
    CronCollisionPolicy {
        0 KillExisting "KILL_EXISTING",
        1 CancelNew "CANCEL_NEW",
        2 RunOverlap "RUN_OVERLAP",
    }
    /// What a task does.
    ScheduleStatus {
        0 Pending "PENDING",
        1 Starting "STARTING",
        2 Running "RUNNING",
        3 Finished "FINISHED",
        4 Failed "FAILED",
        5 Killed "KILLED",
        6 Killing "KILLING",
        7 Lost "LOST",
        9 Assigned "ASSIGNED",
        11 Init "INIT",
        12 Restarting "RESTARTING",
        13 Preempting "PREEMPTING",
        16 Throttled "THROTTLED",
        17 Draining "DRAINING",
        18 Partitioned "PARTITIONED",
    }
    /// What an update does.
    JobUpdateStatus {
        0 RollingForward "ROLLING_FORWARD",
        1 RollingBack "ROLLING_BACK",
        2 RollForwardPaused "ROLL_FORWARD_PAUSED",
        3 RollBackPaused "ROLL_BACK_PAUSED",
        4 RolledForward "ROLLED_FORWARD",
        5 RolledBack "ROLLED_BACK",
        6 Aborted "ABORTED",
        7 Error "ERROR",
        8 Failed "FAILED",
        9 RollForwardAwaitingPulse "ROLL_FORWARD_AWAITING_PULSE",
        10 RollBackAwaitingPulse "ROLL_BACK_AWAITING_PULSE",
    }
    /// What an update did to an instance.
    JobUpdateAction {
        1 InstanceUpdated "INSTANCE_UPDATED",
        2 InstanceRolledBack "INSTANCE_ROLLED_BACK",
        3 InstanceUpdating "INSTANCE_UPDATING",
        4 InstanceRollingBack "INSTANCE_ROLLING_BACK",
        5 InstanceUpdateFailed "INSTANCE_UPDATE_FAILED",
        6 InstanceRollbackFailed "INSTANCE_ROLLBACK_FAILED",
    }
    /// Whether an update waits for a pulse.
    JobUpdatePulseStatus {
        1 Ok "OK",
        2 Finished "FINISHED",
    }
}
