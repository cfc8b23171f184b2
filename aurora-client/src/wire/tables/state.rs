//! What tasks are, and how they are asked for.

use std::collections::BTreeMap;

use super::keys::JobKey;
use super::number::ScheduleStatus;
use super::task::TaskConfig;
use crate::wire::table::record;
use crate::wire::value::Set;

record! {
    /// `TaskQuery` of the interface.
    TaskQuery {
        2 job_name "jobName": String,
        4 task_ids "taskIds": Set<String>,
        5 statuses "statuses": Set<ScheduleStatus>,
        7 instance_ids "instanceIds": Set<i32>,
        9 environment "environment": String,
        10 slave_hosts "slaveHosts": Set<String>,
        11 job_keys "jobKeys": Set<JobKey>,
        12 offset "offset": i32,
        13 limit "limit": i32,
        14 role "role": String,
    }
    /// `ScheduledTask` of the interface.
    ScheduledTask {
        1 assigned_task "assignedTask": AssignedTask,
        2 status "status": ScheduleStatus,
        3 failure_count "failureCount": i32,
        4 task_events "taskEvents": Vec<TaskEvent>,
        5 ancestor_id "ancestorId": String,
        6 times_partitioned "timesPartitioned": i32,
    }
    /// `AssignedTask` of the interface.
    AssignedTask {
        1 task_id "taskId": String,
        2 slave_id "slaveId": String,
        3 slave_host "slaveHost": String,
        4 task "task": TaskConfig,
        5 assigned_ports "assignedPorts": BTreeMap<String, i32>,
        6 instance_id "instanceId": i32,
    }
    /// `TaskEvent` of the interface.
    TaskEvent {
        1 timestamp "timestamp": i64,
        2 status "status": ScheduleStatus,
        3 message "message": String,
        4 scheduler "scheduler": String,
    }
    /// `PendingReason` of the interface.
    PendingReason {
        1 task_id "taskId": String,
        2 reason "reason": String,
    }
    /// `ScheduleStatusResult` of the interface.
    ScheduleStatusResult {
        1 tasks "tasks": Vec<ScheduledTask>,
    }
    /// `GetPendingReasonResult` of the interface.
    GetPendingReasonResult {
        1 reasons "reasons": Set<PendingReason>,
    }
}
