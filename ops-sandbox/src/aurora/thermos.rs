//! What Thermos reads, as the client writes it.

use aurora_client::NewJob;
use serde_json::{Value, json};

/// The JSON text of a job.
pub(super) fn executor_data(job: &NewJob) -> String {
    let process = |one: &aurora_client::Process| {
        json!({
            "name": one.name, "cmdline": one.cmdline, "max_failures": 1, "daemon": false, "ephemeral": false,
            "final": false, "min_duration": 5,
        })
    };
    let processes: Vec<Value> = job.processes.iter().map(process).collect();
    let order: Vec<&str> = job.processes.iter().map(|one| one.name.as_str()).collect();
    let resources = json!({
        "cpu": job.resources.cpus, "ram": job.resources.ram_mb << 20, "disk": job.resources.disk_mb << 20, "gpu": 0,
    });
    let task = json!({
        "name": job.key.name(), "processes": processes, "constraints": [{"order": order}], "resources": resources,
        "max_failures": 1, "max_concurrency": 0, "finalization_wait": 30,
    });
    json!({
        "role": job.key.role(), "environment": job.key.environment(), "name": job.key.name(), "cluster": job.cluster,
        "service": job.is_service, "priority": 0, "max_task_failures": job.max_failures, "task": task,
    })
    .to_string()
}
