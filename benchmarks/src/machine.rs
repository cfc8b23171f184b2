//! Where it was measured.

use std::path::Path;
use std::process::Command;

/// Cores, memory, kernel, and the file system of the runs' folder, in one line.
pub fn line(runs: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let memory = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .map_or_else(|| "unknown memory".into(), |kib| format!("{} GB", kib * 1024 / 1_000_000_000));
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores ({model}), {memory}, Linux {}, runs on {}", kernel.trim(), file_system(runs))
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'));
    line.map(|value| value.trim().to_owned())
}

fn file_system(folder: &Path) -> String {
    let asked = Command::new("stat").args(["-f", "-c", "%T"]).arg(folder).output();
    asked.map_or_else(
        |_| "an unknown file system".into(),
        |said| String::from_utf8_lossy(&said.stdout).trim().to_owned(),
    )
}
