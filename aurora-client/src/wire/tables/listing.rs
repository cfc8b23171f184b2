//! What there is.

use std::collections::BTreeMap;

use super::keys::{JobKey, Range};
use super::task::{JobConfiguration, ResourceAggregate, TaskConfig};
use crate::wire::table::record;
use crate::wire::value::Set;

record! {
    /// `JobSummary` of the interface.
    JobSummary {
        1 job "job": JobConfiguration,
        2 stats "stats": JobStats,
        3 next_cron_run_ms "nextCronRunMs": i64,
    }
    /// `JobStats` of the interface.
    JobStats {
        1 active_task_count "activeTaskCount": i32,
        2 finished_task_count "finishedTaskCount": i32,
        3 failed_task_count "failedTaskCount": i32,
        4 pending_task_count "pendingTaskCount": i32,
    }
    /// `JobSummaryResult` of the interface.
    JobSummaryResult {
        1 summaries "summaries": Set<JobSummary>,
    }
    /// `GetJobsResult` of the interface.
    GetJobsResult {
        1 configs "configs": Set<JobConfiguration>,
    }
    /// `RoleSummary` of the interface.
    RoleSummary {
        1 role "role": String,
        2 job_count "jobCount": i32,
        3 cron_job_count "cronJobCount": i32,
    }
    /// `RoleSummaryResult` of the interface.
    RoleSummaryResult {
        1 summaries "summaries": Set<RoleSummary>,
    }
    /// `ConfigSummary` of the interface.
    ConfigSummary {
        1 key "key": JobKey,
        2 groups "groups": Set<ConfigGroup>,
    }
    /// `ConfigGroup` of the interface.
    ConfigGroup {
        1 config "config": TaskConfig,
        3 instances "instances": Set<Range>,
    }
    /// `ConfigSummaryResult` of the interface.
    ConfigSummaryResult {
        1 summary "summary": ConfigSummary,
    }
    /// `PopulateJobResult` of the interface.
    PopulateJobResult {
        2 task_config "taskConfig": TaskConfig,
    }
    /// `GetQuotaResult` of the interface.
    GetQuotaResult {
        1 quota "quota": ResourceAggregate,
        2 prod_shared_consumption "prodSharedConsumption": ResourceAggregate,
        3 non_prod_shared_consumption "nonProdSharedConsumption": ResourceAggregate,
        4 prod_dedicated_consumption "prodDedicatedConsumption": ResourceAggregate,
        5 non_prod_dedicated_consumption "nonProdDedicatedConsumption": ResourceAggregate,
    }
    /// `TierConfig` of the interface.
    TierConfig {
        1 name "name": String,
        2 settings "settings": BTreeMap<String, String>,
    }
    /// `GetTierConfigResult` of the interface.
    GetTierConfigResult {
        1 default_tier_name "defaultTierName": String,
        2 tiers "tiers": Set<TierConfig>,
    }
}
