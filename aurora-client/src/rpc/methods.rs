//! Each method that operations need, as a function.

use ops_client::{Effect, Error, ErrorKind, Result};

use super::{Asked, Reply, Rpc, judge};
use crate::wire::{self, Again, Answer, Method};

impl Rpc {
    /// Asks, and takes what the scheduler refuses for an error.
    async fn well<M: Method>(&self, op: &'static str, ask: &M) -> Result<Reply<wire::Response>> {
        let Asked { reply, attempts, worst, elapsed } = self.ask(op, ask).await?;
        if judge::is_well(&reply.value) {
            return Ok(reply);
        }
        let error = judge::refused(op, &reply, M::AGAIN);
        let effect = error.effect().max(worst);
        Err(error.with_effect(effect).with_attempts(attempts).with_elapsed(elapsed))
    }

    async fn told<M: Method, T>(
        &self,
        op: &'static str,
        ask: &M,
        which: impl FnOnce(Answer) -> Option<T> + Send,
    ) -> Result<Reply<T>> {
        let Reply { value, notes, server } = self.well(op, ask).await?;
        let value = value.result.and_then(which).ok_or_else(|| {
            let effect = if M::AGAIN == Again::Read { Effect::None } else { Effect::Certain };
            Error::new(op, ErrorKind::Decode, effect).with_message("the reply has not the answer to the call")
        })?;
        Ok(Reply { value, notes, server })
    }

    async fn done<M: Method>(&self, op: &'static str, ask: &M) -> Result<Reply<()>> {
        let Reply { notes, server, .. } = self.well(op, ask).await?;
        Ok(Reply { value: (), notes, server })
    }
}

macro_rules! methods {
    ($($name:ident $op:literal $method:ident -> $answer:ident $result:ident;)+) => {
        impl Rpc {$(
            #[doc = concat!("`", $op, "`.")]
            ///
            /// # Errors
            /// As the ports of this crate say for reading and changing.
            pub async fn $name(&self, ask: &wire::$method) -> Result<Reply<wire::$result>> {
                self.told($op, ask, |answer| if let Answer::$answer(value) = answer { Some(value) } else { None }).await
            }
        )+}
    };
    ($($name:ident $op:literal $method:ident;)+) => {
        impl Rpc {$(
            #[doc = concat!("`", $op, "`.")]
            ///
            /// # Errors
            /// As the ports of this crate say for changing.
            pub async fn $name(&self, ask: &wire::$method) -> Result<Reply<()>> {
                self.done($op, ask).await
            }
        )+}
    };
}

methods! {
    get_tasks_status "aurora.getTasksStatus" GetTasksStatus -> ScheduleStatus ScheduleStatusResult;
    get_tasks_without_configs "aurora.getTasksWithoutConfigs" GetTasksWithoutConfigs -> ScheduleStatus ScheduleStatusResult;
    get_pending_reason "aurora.getPendingReason" GetPendingReason -> GetPendingReason GetPendingReasonResult;
    get_config_summary "aurora.getConfigSummary" GetConfigSummary -> ConfigSummary ConfigSummaryResult;
    get_jobs "aurora.getJobs" GetJobs -> GetJobs GetJobsResult;
    get_job_summary "aurora.getJobSummary" GetJobSummary -> JobSummary JobSummaryResult;
    get_role_summary "aurora.getRoleSummary" GetRoleSummary -> RoleSummary RoleSummaryResult;
    get_quota "aurora.getQuota" GetQuota -> GetQuota GetQuotaResult;
    populate_job_config "aurora.populateJobConfig" PopulateJobConfig -> PopulateJob PopulateJobResult;
    get_job_update_summaries "aurora.getJobUpdateSummaries" GetJobUpdateSummaries -> GetJobUpdateSummaries GetJobUpdateSummariesResult;
    get_job_update_details "aurora.getJobUpdateDetails" GetJobUpdateDetails -> GetJobUpdateDetails GetJobUpdateDetailsResult;
    get_job_update_diff "aurora.getJobUpdateDiff" GetJobUpdateDiff -> GetJobUpdateDiff GetJobUpdateDiffResult;
    get_tier_configs "aurora.getTierConfigs" GetTierConfigs -> GetTierConfig GetTierConfigResult;
    pulse_job_update "aurora.pulseJobUpdate" PulseJobUpdate -> PulseJobUpdate PulseJobUpdateResult;
    start_maintenance "aurora.startMaintenance" StartMaintenance -> StartMaintenance StartMaintenanceResult;
    drain_hosts "aurora.drainHosts" DrainHosts -> DrainHosts DrainHostsResult;
    maintenance_status "aurora.maintenanceStatus" MaintenanceStatus -> MaintenanceStatus MaintenanceStatusResult;
    end_maintenance "aurora.endMaintenance" EndMaintenance -> EndMaintenance EndMaintenanceResult;
    sla_drain_hosts "aurora.slaDrainHosts" SlaDrainHosts -> DrainHosts DrainHostsResult;
}

methods! {
    create_job "aurora.createJob" CreateJob;
    kill_tasks "aurora.killTasks" KillTasks;
    restart_shards "aurora.restartShards" RestartShards;
    add_instances "aurora.addInstances" AddInstances;
    pause_job_update "aurora.pauseJobUpdate" PauseJobUpdate;
    resume_job_update "aurora.resumeJobUpdate" ResumeJobUpdate;
    abort_job_update "aurora.abortJobUpdate" AbortJobUpdate;
    rollback_job_update "aurora.rollbackJobUpdate" RollbackJobUpdate;
    schedule_cron_job "aurora.scheduleCronJob" ScheduleCronJob;
    replace_cron_template "aurora.replaceCronTemplate" ReplaceCronTemplate;
    deschedule_cron_job "aurora.descheduleCronJob" DescheduleCronJob;
    start_cron_job "aurora.startCronJob" StartCronJob;
    set_quota "aurora.setQuota" SetQuota;
    snapshot "aurora.snapshot" Snapshot;
}

impl Rpc {
    /// `aurora.startJobUpdate`: no value where nothing had to be updated.
    ///
    /// # Errors
    /// As the ports of this crate say for changing.
    pub async fn start_job_update(
        &self,
        ask: &wire::StartJobUpdate,
    ) -> Result<Reply<Option<wire::StartJobUpdateResult>>> {
        let Reply { value, notes, server } = self.well("aurora.startJobUpdate", ask).await?;
        let value = value.result.and_then(|answer| match answer {
            Answer::StartJobUpdate(value) => Some(value),
            _ => None,
        });
        Ok(Reply { value, notes, server })
    }

    /// Whether the credential is taken for changes: a pulse of no update is refused by who takes it, and has no effect.
    pub(crate) async fn is_taken(&self) -> Result<Option<bool>> {
        const OP: &str = "aurora.may_change";
        let nothing = wire::JobUpdateKey {
            job: Some(wire::JobKey {
                role: Some(String::new()),
                environment: Some(String::new()),
                name: Some(String::new()),
            }),
            id: Some(String::new()),
        };
        match self.ask(OP, &wire::PulseJobUpdate { key: Some(nothing) }).await {
            Ok(asked) => Ok(match asked.reply.value.response_code {
                Some(wire::ResponseCode::AuthFailed) => Some(false),
                // Without security nobody looks at the key before it is used.
                Some(wire::ResponseCode::Error) => None,
                _ => Some(true),
            }),
            Err(error) if error.kind() == ErrorKind::Unauthenticated => Ok(Some(false)),
            Err(error) => Err(error.with_effect(Effect::None)),
        }
    }
}
