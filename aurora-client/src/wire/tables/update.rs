//! Updates of services.

use super::keys::{JobKey, JobUpdateKey, Metadata, Range};
use super::listing::ConfigGroup;
use super::number::{JobUpdateAction, JobUpdatePulseStatus, JobUpdateStatus};
use super::one_of::JobUpdateStrategy;
use super::task::TaskConfig;
use crate::wire::table::record;
use crate::wire::value::Set;

record! {
    /// `JobUpdateRequest` of the interface.
    JobUpdateRequest {
        1 task_config "taskConfig": TaskConfig,
        2 instance_count "instanceCount": i32,
        3 settings "settings": JobUpdateSettings,
        4 metadata "metadata": Set<Metadata>,
    }
    /// `JobUpdateSettings` of the interface.
    JobUpdateSettings {
        1 update_group_size "updateGroupSize": i32,
        2 max_per_instance_failures "maxPerInstanceFailures": i32,
        3 max_failed_instances "maxFailedInstances": i32,
        5 min_wait_in_instance_running_ms "minWaitInInstanceRunningMs": i32,
        6 rollback_on_failure "rollbackOnFailure": bool,
        7 update_only_these_instances "updateOnlyTheseInstances": Set<Range>,
        8 wait_for_batch_completion "waitForBatchCompletion": bool,
        9 block_if_no_pulses_after_ms "blockIfNoPulsesAfterMs": i32,
        10 sla_aware "slaAware": bool,
        11 update_strategy "updateStrategy": JobUpdateStrategy,
    }
    /// `QueueJobUpdateStrategy` of the interface.
    QueueJobUpdateStrategy {
        1 group_size "groupSize": i32,
    }
    /// `BatchJobUpdateStrategy` of the interface.
    BatchJobUpdateStrategy {
        1 group_size "groupSize": i32,
        2 autopause_after_batch "autopauseAfterBatch": bool,
    }
    /// `VariableBatchJobUpdateStrategy` of the interface.
    VariableBatchJobUpdateStrategy {
        1 group_sizes "groupSizes": Vec<i32>,
        2 autopause_after_batch "autopauseAfterBatch": bool,
    }
    /// `JobUpdateQuery` of the interface.
    JobUpdateQuery {
        2 role "role": String,
        3 job_key "jobKey": JobKey,
        4 user "user": String,
        5 update_statuses "updateStatuses": Set<JobUpdateStatus>,
        6 offset "offset": i32,
        7 limit "limit": i32,
        8 key "key": JobUpdateKey,
    }
    /// `JobUpdateSummary` of the interface.
    JobUpdateSummary {
        3 user "user": String,
        4 state "state": JobUpdateState,
        5 key "key": JobUpdateKey,
        6 metadata "metadata": Set<Metadata>,
    }
    /// `JobUpdateState` of the interface.
    JobUpdateState {
        1 status "status": JobUpdateStatus,
        2 created_timestamp_ms "createdTimestampMs": i64,
        3 last_modified_timestamp_ms "lastModifiedTimestampMs": i64,
    }
    /// `JobUpdate` of the interface.
    JobUpdate {
        1 summary "summary": JobUpdateSummary,
        2 instructions "instructions": JobUpdateInstructions,
    }
    /// `JobUpdateInstructions` of the interface.
    JobUpdateInstructions {
        1 initial_state "initialState": Set<InstanceTaskConfig>,
        2 desired_state "desiredState": InstanceTaskConfig,
        3 settings "settings": JobUpdateSettings,
    }
    /// `InstanceTaskConfig` of the interface.
    InstanceTaskConfig {
        1 task "task": TaskConfig,
        2 instances "instances": Set<Range>,
    }
    /// `JobUpdateDetails` of the interface.
    JobUpdateDetails {
        1 update "update": JobUpdate,
        2 update_events "updateEvents": Vec<JobUpdateEvent>,
        3 instance_events "instanceEvents": Vec<JobInstanceUpdateEvent>,
    }
    /// `JobUpdateEvent` of the interface.
    JobUpdateEvent {
        1 status "status": JobUpdateStatus,
        2 timestamp_ms "timestampMs": i64,
        3 user "user": String,
        4 message "message": String,
    }
    /// `JobInstanceUpdateEvent` of the interface.
    JobInstanceUpdateEvent {
        1 instance_id "instanceId": i32,
        2 timestamp_ms "timestampMs": i64,
        3 action "action": JobUpdateAction,
        4 message "message": String,
    }
    /// `StartJobUpdateResult` of the interface.
    StartJobUpdateResult {
        1 key "key": JobUpdateKey,
        2 update_summary "updateSummary": JobUpdateSummary,
    }
    /// `GetJobUpdateSummariesResult` of the interface.
    GetJobUpdateSummariesResult {
        1 update_summaries "updateSummaries": Vec<JobUpdateSummary>,
    }
    /// `GetJobUpdateDetailsResult` of the interface.
    GetJobUpdateDetailsResult {
        1 details "details": JobUpdateDetails,
        2 details_list "detailsList": Vec<JobUpdateDetails>,
    }
    /// `PulseJobUpdateResult` of the interface.
    PulseJobUpdateResult {
        1 status "status": JobUpdatePulseStatus,
    }
    /// `GetJobUpdateDiffResult` of the interface.
    GetJobUpdateDiffResult {
        1 add "add": Set<ConfigGroup>,
        2 remove "remove": Set<ConfigGroup>,
        3 update "update": Set<ConfigGroup>,
        4 unchanged "unchanged": Set<ConfigGroup>,
    }
}
