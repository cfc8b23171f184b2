//! What is answered, in GoCD's shapes.

use gocd_client::{
    Build, HistoryPage, Job, MaterialRevision, Modification, PipelineName, PipelineStatus, Stage, StageResult,
};
use serde_json::{Value, json};

pub(super) fn version(release: &str) -> Value {
    json!({"version": release, "build_number": "18179", "git_sha": "0a1b2c3",
           "full_version": format!("{release} (18179-0a1b2c3)")})
}

/// A page of a newer release: the link to the next one is relative to nothing.
pub(super) fn page(name: &PipelineName, page: &HistoryPage) -> Value {
    let mut told = json!({"pipelines": page.builds.iter().map(build).collect::<Vec<_>>()});
    if let Some(next) = page.next {
        let href = format!("https://gocd.example.com/go/api/pipelines/{name}/history?after={}", next.get());
        told["_links"] = json!({"next": {"href": href}});
    }
    told
}

pub(super) fn older_page(builds: &[Build], offset: usize, total: usize) -> Value {
    let builds = builds.iter().map(|one| {
        let mut told = build(one);
        // Older releases tell neither when a build began nor how a stage stands.
        told.as_object_mut().map(|told| told.remove("scheduled_date"));
        if let Some(stages) = told["stages"].as_array_mut() {
            stages.iter_mut().filter_map(Value::as_object_mut).for_each(|stage| drop(stage.remove("status")));
        }
        told
    });
    json!({"pipelines": builds.collect::<Vec<_>>(), "pagination": {"offset": offset, "total": total, "page_size": 10}})
}

fn build(build: &Build) -> Value {
    let revisions: Vec<Value> = build.revisions.iter().map(revision).collect();
    let mut told = json!({
        "name": build.pipeline, "counter": build.counter, "label": build.label,
        "natural_order": f64::from(build.counter),
        "can_run": true, "preparing_to_schedule": false, "comment": null,
        "build_cause": {"trigger_message": "modified by somebody", "trigger_forced": false, "approver": "",
                        "material_revisions": revisions},
        "stages": build.stages.iter().map(stage).collect::<Vec<_>>(),
    });
    if let Some(at) = build.scheduled {
        told["scheduled_date"] = at.as_millisecond().into();
    }
    told
}

fn revision(revision: &MaterialRevision) -> Value {
    json!({
        "changed": revision.changed,
        "material": {"name": revision.name, "fingerprint": revision.fingerprint, "type": revision.kind,
                     "description": revision.description},
        "modifications": revision.modifications.iter().map(modification).collect::<Vec<_>>(),
    })
}

fn modification(change: &Modification) -> Value {
    json!({"revision": change.revision, "modified_time": change.at.map(|at| at.as_millisecond()),
           "user_name": change.author, "comment": change.comment, "email_address": null})
}

fn stage(stage: &Stage) -> Value {
    let status = match (&stage.result, stage.running) {
        (StageResult::Failed, true) => "Failing",
        (_, true) => "Building",
        (result, false) => result.as_str(),
    };
    let mut told = json!({
        "name": stage.name, "status": status, "counter": stage.counter.max(1).to_string(),
        "scheduled": stage.has_begun(),
        "rerun_of_counter": null, "approval_type": if stage.manual { "manual" } else { "success" },
        "approved_by": stage.approved_by, "operate_permission": true, "can_run": !stage.running,
        "jobs": stage.jobs.iter().map(job).collect::<Vec<_>>(),
    });
    if stage.has_begun() {
        told["result"] = stage.result.as_str().into();
    }
    told
}

fn job(job: &Job) -> Value {
    json!({"name": job.name, "state": job.state, "result": job.result.as_str(),
           "scheduled_date": job.scheduled.map(|at| at.as_millisecond())})
}

pub(super) fn status(status: &PipelineStatus) -> Value {
    json!({"paused": status.paused, "paused_cause": status.cause.as_deref().unwrap_or_default(),
           "paused_by": status.paused_by.as_deref().unwrap_or_default(), "locked": status.locked,
           "schedulable": status.schedulable})
}

pub(super) fn older_status(status: &PipelineStatus) -> Value {
    json!({"pausedCause": status.cause.as_deref().unwrap_or_default(),
           "pausedBy": status.paused_by.as_deref().unwrap_or_default(), "paused": status.paused,
           "schedulable": status.schedulable, "locked": status.locked})
}
