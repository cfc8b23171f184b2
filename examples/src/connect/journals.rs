//! What a machine knows is kept before it is ended: the output of a command of the configuration.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use fleet_ops::InstanceId;
use jiff::Timestamp;
use ops_client::{Effect, Error, ErrorKind, Result};
use ops_recipes::aurora::Evidence;

/// A journal of hours comes over a slow way.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs a command with a machine's id as its last argument, and keeps what it prints.
#[derive(Clone, Debug)]
pub(super) struct Journals {
    pub(super) command: Vec<String>,
    pub(super) folder: PathBuf,
}

fn failed(what: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new("journal.keep", ErrorKind::Other, Effect::None).with_message(what)
}

#[async_trait]
impl Evidence for Journals {
    async fn keep(&self, machine: &InstanceId) -> Result<String> {
        let [program, arguments @ ..] = self.command.as_slice() else { return Err(failed("the command is empty")) };
        let plain = |sign: char| if sign.is_ascii_alphanumeric() || sign == '-' { sign } else { '_' };
        let machine_name: String = machine.as_str().chars().map(plain).collect();
        let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        let path = self.folder.join(format!("{machine_name}-{stamp}.log"));
        let cannot = |error| failed(format!("{} cannot be written", path.display())).with_source(error);
        std::fs::create_dir_all(&self.folder).map_err(cannot)?;
        let file = std::fs::File::create(&path).map_err(cannot)?;
        let mut child = tokio::process::Command::new(program)
            .args(arguments)
            .arg(machine.as_str())
            .stdin(Stdio::null())
            .stdout(file)
            // What it wants to say to a person goes to the person.
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(format!("{program} cannot be started")).with_source(error))?;
        let ended = match tokio::time::timeout(PATIENCE, child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(failed(format!("{program} ended with {status}"))),
            Ok(Err(error)) => Err(failed(format!("{program} was lost")).with_source(error)),
            Err(_) => Err(failed(format!("{program} did not end within {} s", PATIENCE.as_secs()))),
        };
        let empty = std::fs::metadata(&path).is_ok_and(|file| file.len() == 0);
        match ended {
            Ok(()) if empty => {
                let _ = std::fs::remove_file(&path);
                Err(failed(format!("{program} printed nothing")))
            }
            // What came before it failed stays: some of a journal is better than none.
            ended => ended.map(|()| path.display().to_string()),
        }
    }
}
