//! Who reads, each in a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use crate::Result;
use crate::scanning::Found;

/// What ripgrep counts: the lines that the scanner reads.
const PATTERN: &str = ":log :(progress-reporter|execute-statement|killing-schema-query)[ ,}]";

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Ours,
    Rg,
    RgRead,
}

pub(crate) const WAYS: [Way; 3] = [Way::Ours, Way::Rg, Way::RgRead];

/// What a reading took, and what it found.
#[derive(Clone, Debug)]
pub(crate) struct Took {
    /// Seconds, from the start of the process to its end.
    pub(crate) seconds: f64,
    /// How many lines of those that matter.
    pub(crate) marked: u64,
    /// What more is found by us.
    pub(crate) ours: Option<Found>,
}

/// What they read, and by what.
pub(crate) struct Tools {
    pub(crate) rg: PathBuf,
    pub(crate) log: PathBuf,
}

impl Tools {
    pub(crate) fn read(&self, way: Way) -> Result<Took> {
        let mut command = match way {
            Way::Ours => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("scan");
                command
            }
            Way::Rg => self.counting(&["--mmap"]),
            Way::RgRead => self.counting(&["--no-mmap"]),
        };
        let begun = Instant::now();
        let said = output(command.arg(&self.log))?;
        let seconds = begun.elapsed().as_secs_f64();
        if way == Way::Ours {
            let found: Found = serde_json::from_slice(&said.stdout)?;
            return Ok(Took { seconds, marked: found.marked, ours: Some(found) });
        }
        let marked = String::from_utf8_lossy(&said.stdout).trim().parse()?;
        Ok(Took { seconds, marked, ours: None })
    }

    fn counting(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.rg);
        command.args(["--no-config", "--count"]).args(arguments).arg(PATTERN);
        command
    }

    /// What ripgrep says of itself.
    pub(crate) fn version(&self) -> Result<String> {
        let said = output(Command::new(&self.rg).arg("--version"))?;
        Ok(String::from_utf8_lossy(&said.stdout).lines().next().unwrap_or("ripgrep").to_owned())
    }
}

fn output(command: &mut Command) -> Result<Output> {
    let program = Path::new(command.get_program()).display().to_string();
    let output = command.output().map_err(|error| format!("{program} does not start: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} ended with {}: {said}", output.status).into());
    }
    Ok(output)
}
