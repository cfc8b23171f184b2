//! What Thermos, Aurora's executor, reads: a JSON text with the processes of a task.

use serde_json::{Value, json};

use crate::{NewJob, Resources};

/// The executor that reads it.
pub(crate) const EXECUTOR: &str = "AuroraExecutor";

const MIB: u64 = 1 << 20;

/// The text for a job. Memory and disk are in bytes here, in MB everywhere else: both come from the job's one value.
pub(crate) fn data(job: &NewJob) -> String {
    let Resources { cpus, ram_mb, disk_mb } = job.resources;
    let (ram, disk) = (ram_mb.saturating_mul(MIB), disk_mb.saturating_mul(MIB));
    let names: Vec<&str> = job.processes.iter().map(|process| process.name.as_str()).collect();
    let processes: Vec<Value> = job
        .processes
        .iter()
        .map(|process| {
            json!({
                "name": process.name, "cmdline": process.cmdline, "max_failures": 1, "daemon": false,
                "ephemeral": false, "final": false, "min_duration": 5,
            })
        })
        .collect();
    // One after the other, in the order of the template.
    let constraints = if names.len() > 1 { json!([{ "order": names }]) } else { json!([]) };
    json!({
        "role": job.key.role(), "environment": job.key.environment(), "name": job.key.name(), "cluster": job.cluster,
        "service": job.is_service, "priority": 0, "max_task_failures": job.max_failures,
        "task": {
            "name": job.key.name(), "processes": processes, "constraints": constraints,
            "resources": { "cpu": cpus, "ram": ram, "disk": disk, "gpu": 0 },
            "max_failures": 1, "max_concurrency": 0, "finalization_wait": 30,
        },
    })
    .to_string()
}
