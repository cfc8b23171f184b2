//! This program again, in a process of its own: for what is measured apart, or should not be measured.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::Result;

/// Such a process. It ends with this value, and with this process.
#[derive(Debug)]
pub struct Own {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Own {
    /// Starts it.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("the process has no output")?).lines();
        Ok(Self { child, lines })
    }

    /// The next line that it says.
    ///
    /// # Errors
    /// When it ended without a further one.
    pub fn line(&mut self) -> Result<String> {
        let line = self.lines.next().unwrap_or_else(|| Err(std::io::ErrorKind::UnexpectedEof.into()));
        Ok(line?)
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says some lines to the process that started this one.
///
/// # Errors
/// When that is gone.
pub fn say(lines: &[&str]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

/// Waits until the process that started this one is gone, or lets go of it.
///
/// # Errors
/// When standard input cannot be read.
pub async fn until_told() -> Result<()> {
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    Ok(())
}
