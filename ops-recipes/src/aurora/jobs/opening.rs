//! How every plan for a job begins: which cluster answers, what there is of the job, and whether it may be changed.

use aurora_client::{JobKey, Task, TaskFilter};
use ops_client::Result;
use ops_plan::{Action, Draft, Finding, Subject};

use crate::aurora::AuroraReads;
use crate::clock::clock;

/// Reads the tasks of a job, and says in the draft who answered.
///
/// # Errors
/// When Aurora does not answer.
pub(super) async fn open<A: Action>(draft: &mut Draft<A>, reads: &AuroraReads, job: &JobKey) -> Result<Vec<Task>> {
    draft.subject(Subject::new("job", job));
    let probe = reads.aurora.probe().await?;
    let version = probe.version.map_or(String::new(), |version| format!(" {version}"));
    draft.identity(format!("Aurora{version} at {}", probe.address));
    if let Some(finding) = clock(draft.now(), probe.server_time, "Aurora") {
        draft.finding(finding);
    }
    reads.aurora.tasks(&TaskFilter::of_job(job)).await
}

/// Whether the credential that will change the job is taken: found out without effect. Reads never tell.
pub(super) async fn right(reads: &AuroraReads) -> Finding {
    const GUARD: &str = "right";
    let Some(writer) = &reads.writer else {
        return Finding::warn(GUARD, "whether the credential is taken for changes was not looked at");
    };
    match writer.may_change().await {
        Ok(Some(true)) => Finding::pass(GUARD, "the credential is taken for changes"),
        Ok(None) => Finding::pass(GUARD, "the scheduler asks for no credential"),
        Ok(Some(false)) => Finding::block(GUARD, "the credential is not taken for changes")
            .with_advice("reads work without one: check user and password"),
        Err(error) => Finding::warn(GUARD, format!("whether the credential is taken is not known: {error}")),
    }
}
