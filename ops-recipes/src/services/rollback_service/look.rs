//! What is seen of an update: whose it is, how far, and whether the service serves.

use cloudformation_ops::{ServiceStack, Stack, StackEvent, StackStatus, first_failure};
use jiff::Timestamp;
use ops_client::{Error, Result};
use ops_plan::{Finding, Observed};
use version_probe::{Sample, VersionPrefix, VersionsReadExt};

use super::step::{Serving, UpdateService};
use crate::services::ServiceReads;
use crate::words::names;

/// Looks at one update.
pub(super) async fn look(reads: &ServiceReads, answers: usize, update: &UpdateService) -> Result<Observed> {
    let stack = reads.stacks.stack(&update.stack).await?;
    let events = reads.stacks.events(&update.stack, update.after.as_ref()).await?;
    let ours: Vec<StackEvent> =
        events.into_iter().filter(|event| event.token.as_deref() == Some(update.token.as_str())).collect();
    if let Some(seen) = given_up(&stack, &ours) {
        return Ok(seen);
    }
    let lacks = update.lacks(&stack);
    if stack.status.is_in_progress() {
        return Ok(if ours.is_empty() && !lacks.is_empty() {
            Observed::Drifted(format!("somebody else changes it at this moment ({})", stack.status))
        } else {
            Observed::Going(how_far(&stack, &ours))
        });
    }
    if lacks.is_empty() {
        return serves(reads, answers, update).await;
    }
    let mut drifted = update.departs(&stack);
    if UpdateService::others(&stack, &update.changes) != update.others {
        drifted.push("another parameter was changed".into());
    }
    if drifted.is_empty() && update.since.is_some_and(|since| last_touched(&stack) != since) {
        drifted.push("it was updated since the plan".into());
    }
    Ok(if drifted.is_empty() { Observed::Pending } else { Observed::Drifted(drifted.join("; ")) })
}

/// Whether the stack took our update back by itself, and because of what.
fn given_up(stack: &Stack, ours: &[StackEvent]) -> Option<Observed> {
    let rolls_back =
        |event: &&StackEvent| event.is_about_the_stack() && event.status.as_str().starts_with("UPDATE_ROLLBACK");
    ours.iter().find(rolls_back)?;
    let why = match first_failure(ours) {
        Some(event) => {
            let reason = event.reason.as_deref().unwrap_or("it gives no reason");
            format!("{} ({}): {reason}", event.logical_id, event.resource_type)
        }
        None => "it names no resource that failed".to_owned(),
    };
    Some(if stack.status == StackStatus::UpdateRollbackFailed {
        let remedy = stack.status.remedy().unwrap_or_default();
        Observed::Failed(format!("{} could not even roll itself back: {why}; {remedy}", stack.name))
    } else if stack.status.is_in_progress() {
        Observed::Going(format!("{} rolls itself back: {why}", stack.name))
    } else {
        Observed::Failed(format!("{} rolled itself back: {why}", stack.name))
    })
}

/// `prod-global-k-metapod: UPDATE_IN_PROGRESS, GreenGroup UPDATE_COMPLETE`.
fn how_far(stack: &Stack, ours: &[StackEvent]) -> String {
    let newest = ours.iter().rev().find(|event| !event.is_about_the_stack());
    let newest = newest.map_or(String::new(), |event| format!(", {} {}", event.logical_id, event.status));
    format!("{}: {}{newest}", stack.name, stack.status)
}

/// When the stack was updated last, or made.
pub(super) fn last_touched(stack: &Stack) -> Timestamp {
    stack.updated.unwrap_or(stack.created)
}

/// Whether the right version answers.
async fn serves(reads: &ServiceReads, answers: usize, update: &UpdateService) -> Result<Observed> {
    if update.serving == Serving::Nobody {
        return Ok(Observed::Done);
    }
    let Some(sample) = sample(reads, answers, &update.stack).await? else { return Ok(Observed::Done) };
    Ok(match amiss(&sample, &update.serving) {
        None => Observed::Done,
        Some(amiss) => Observed::Going(format!("{}: {amiss}", update.stack)),
    })
}

/// What is not yet as it should be.
pub(super) fn amiss(sample: &Sample, serving: &Serving) -> Option<String> {
    // What is no version that can be told apart is never answered.
    let told = |version: &str, fits: fn(&Sample, &VersionPrefix) -> bool| {
        sample.all_healthy() && version.parse().is_ok_and(|version| fits(sample, &version))
    };
    let fits = match serving {
        Serving::Among(version) => told(version, Sample::includes),
        Serving::Only(version) => told(version, Sample::only),
        Serving::Nobody => true,
    };
    (!fits).then(|| sample.to_string())
}

/// So many answers of a service; `None` where it is not known at which address.
pub(super) async fn sample(
    reads: &ServiceReads,
    answers: usize,
    stack: &cloudformation_ops::StackName,
) -> Result<Option<Sample>> {
    let Some((versions, addresses)) = &reads.versions else { return Ok(None) };
    let Some(name) = ServiceStack::parse(stack) else { return Ok(None) };
    let address = addresses
        .for_stack(&name.environment, &name.prototype, &name.suffix, &name.service)
        .map_err(|error| Error::invalid("services.address", error.to_string()))?;
    versions.sample(&address, answers).await.map(Some)
}

/// Whether a stack is as its last step wants it, and the service with it.
pub(super) async fn proof(reads: &ServiceReads, answers: usize, update: &UpdateService) -> Result<Vec<Finding>> {
    let stack = reads.stacks.stack(&update.stack).await?;
    let lacks = update.lacks(&stack);
    let mut findings = vec![if lacks.is_empty() && !stack.status.is_in_progress() {
        Finding::pass("stack", format!("{} is {}", stack.name, stack.status))
    } else {
        Finding::block("stack", format!("{} is {}: {}", stack.name, stack.status, names(lacks)))
    }];
    findings.push(match sample(reads, answers, &update.stack).await? {
        None => Finding::warn("answers", format!("{}: which version answers was not looked at", stack.name))
            .with_advice("ask /api/version several times, each over a new connection"),
        Some(sample) => match amiss(&sample, &update.serving) {
            None => Finding::pass("answers", format!("{}: {sample}", stack.name)),
            Some(amiss) => Finding::block("answers", format!("{}: {amiss}", stack.name)),
        },
    });
    Ok(findings)
}
