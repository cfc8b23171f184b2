//! Other people's tools: the runbook's own pipeline, and wrk.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use metapod_client::DatasetId;
use serde_json::json;

use crate::Result;
use benchmarks::sandbox::{Sandbox, TOKEN};

/// What is called, and the package of Debian that has it.
const TOOLS: [(&str, &str); 4] = [("jq", "jq"), ("curl", "curl"), ("xargs", "findutils"), ("wrk", "wrk")];

/// How long wrk runs.
const WRK_SECONDS: u64 = 3;

/// Says what is missing, and how to get it.
pub(crate) fn check() -> Result<()> {
    let missing = |tool: &str| {
        let asked = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    };
    let packages: Vec<_> = TOOLS.iter().filter(|(tool, _)| missing(tool)).map(|(_, package)| *package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    Err(format!("missing: apt-get install -y {}", packages.join(" ")).into())
}

/// The first line of what each tool says of itself.
pub(crate) fn versions() -> Vec<String> {
    let version = |(tool, _): &(&str, _)| {
        // wrk has no such option, and says its version beside the complaint.
        let output = Command::new(tool).arg("--version").output().ok()?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let line = said.lines().find(|line| line.contains(tool))?;
        let words: Vec<&str> = line.split_whitespace().take(4).filter(|word| !word.starts_with("[")).collect();
        Some(words.join(" "))
    };
    TOOLS.iter().filter_map(version).collect()
}

/// Retracts with the runbook's pipeline: `result.json` as GraphiQL prints it, jq, xargs, and one curl a dataset.
pub(crate) fn pipeline(sandbox: &Sandbox, ids: &[DatasetId], at_once: usize, folder: &Path) -> Result<Duration> {
    let datasets: Vec<_> = ids.iter().map(|id| json!({"id": id, "schema": null})).collect();
    let printed = serde_json::to_vec_pretty(&json!({"data": {"transaction": {"datasets": datasets}}}))?;
    std::fs::write(folder.join("result.json"), printed)?;
    let line = format!(
        "cat result.json | jq -r '.data.transaction.datasets | .[].id' | xargs -P {at_once} -I {{}} curl -s -X POST \
         -H 'Authorization: Bearer {TOKEN}' {}/api/migrations/retract/committed-dataset/{{}}",
        sandbox.metapod
    );
    let begun = Instant::now();
    let status = Command::new("sh").arg("-c").arg(line).current_dir(folder).stdout(Stdio::null()).status()?;
    let elapsed = begun.elapsed();
    if status.success() { Ok(elapsed) } else { Err(format!("the pipeline ended with {status}").into()) }
}

/// The limit: retracts a second by wrk with so many connections, all datasets over and over.
pub(crate) fn wrk(sandbox: &Sandbox, ids: &[DatasetId], connections: usize, folder: &Path) -> Result<f64> {
    let script = format!(
        "local ids = {{}}\nfor id in io.lines('ids.txt') do ids[#ids + 1] = id end\nlocal at = 0\n\
         local headers = {{ ['Authorization'] = 'Bearer {TOKEN}', ['Accept'] = 'application/json', ['Content-Length'] = '0' }}\n\
         function request()\n  at = at % #ids + 1\n  \
         return wrk.format('POST', '/api/migrations/retract/committed-dataset/' .. ids[at], headers)\nend\n"
    );
    std::fs::write(folder.join("retract.lua"), script)?;
    let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
    std::fs::write(folder.join("ids.txt"), lines)?;
    let output = Command::new("wrk")
        .args(["-t1", &format!("-c{connections}"), &format!("-d{WRK_SECONDS}s"), "-s", "retract.lua", &sandbox.metapod])
        .current_dir(folder)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let number = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:")?.trim().parse().ok());
    match number {
        Some(number) if output.status.success() && !text.contains("Non-2xx") => Ok(number),
        _ => Err(format!("wrk did not measure: {text}{}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}
