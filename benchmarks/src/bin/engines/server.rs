//! The engine: real servers of Restate, started for a round and gone after it.

use std::path::{Path, PathBuf};
use std::process::Command;

use benchmarks::{Result, disk, process};

/// Installs the server, and says where its binary is.
const INSTALL: &str = "peers/restate/install.sh";

/// The server's binary: the given one, or one that is installed now.
pub(crate) fn binary(given: Option<PathBuf>) -> Result<PathBuf> {
    if let Some(given) = given {
        return Ok(given);
    }
    let missing = |why: String| {
        format!(
            "no server: {why}. Run this from the repository's folder, with npm; or set RESTATE_SERVER to the binary of a Restate server"
        )
    };
    let output = Command::new(INSTALL).output().map_err(|error| missing(format!("{INSTALL}: {error}")))?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.lines().last() {
        Some(file) if output.status.success() => Ok(file.into()),
        _ => Err(missing(format!("{INSTALL}: {}", String::from_utf8_lossy(&output.stderr).trim())).into()),
    }
}

/// The server's version.
pub(crate) fn version(binary: &Path) -> String {
    let said = Command::new(binary).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).lines().next().unwrap_or("Restate").trim().to_owned()
}

/// A running engine.
pub(crate) struct Server {
    engine: restate_peer::Engine,
    nodes: Vec<u32>,
}

impl Server {
    /// Starts one node, or three that keep every record twice.
    pub(crate) async fn start(binary: &Path, three: bool) -> Result<Self> {
        let engine = match three {
            true => restate_peer::Engine::three(binary).await?,
            false => restate_peer::Engine::single(binary).await?,
        };
        let nodes = processes(engine.folder())?;
        if nodes.len() != if three { 3 } else { 1 } {
            return Err(format!("{} processes serve the engine", nodes.len()).into());
        }
        Ok(Self { engine, nodes })
    }

    pub(crate) fn ingress(&self) -> String {
        self.engine.ingress()
    }

    pub(crate) async fn register(&self, handler: &str) -> Result<()> {
        Ok(self.engine.register(handler).await?)
    }

    /// The most memory that its nodes ever had, in bytes, added up.
    pub(crate) fn memory(&self) -> Result<u64> {
        self.nodes.iter().map(|&node| Ok(process::peak_of(node)?)).sum()
    }

    /// The seconds that its nodes were on a processor, added up.
    pub(crate) fn on_processors(&self) -> Result<f64> {
        self.nodes.iter().map(|&node| Ok(process::on_processors(node)?)).sum()
    }

    /// What its data take on the disk, in bytes, of all nodes.
    pub(crate) fn disk(&self) -> Result<u64> {
        Ok(disk::bytes(&self.engine.folder().join("data"))?)
    }
}

/// The processes whose command line names a folder.
fn processes(folder: &Path) -> Result<Vec<u32>> {
    let name = folder.to_str().ok_or("the folder's name is no text")?;
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may have ended meanwhile.
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).contains(name) {
            found.push(process);
        }
    }
    Ok(found)
}
