//! Who reads, each in a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use aurora_client::wire::{self, Encoding};

use crate::reading::Took;
use crate::{Result, bodies};

const TASKS: &str = include_str!("tasks.py");

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Json,
    Binary,
    Tree,
    PeerJson,
    PeerBinary,
    PeerPlain,
}

pub(crate) const WAYS: [Way; 6] = [Way::Json, Way::Binary, Way::Tree, Way::PeerJson, Way::PeerBinary, Way::PeerPlain];

/// What they read.
pub(crate) struct Files {
    python: PathBuf,
    json: PathBuf,
    binary: PathBuf,
    idl: PathBuf,
    /// How long the reply is in Thrift's JSON and in the binary encoding, in MB.
    pub(crate) sizes: [f64; 2],
}

impl Files {
    pub(crate) fn write(folder: &Path, tasks: u32, python: &Path) -> Result<Self> {
        let files = Self {
            python: python.to_owned(),
            json: folder.join("reply.json"),
            binary: folder.join("reply.binary"),
            idl: folder.join("aurora.thrift"),
            sizes: [0.0; 2],
        };
        let bodies = [bodies::body(Encoding::Json, tasks), bodies::body(Encoding::Binary, tasks)];
        std::fs::write(&files.json, &bodies[0])?;
        std::fs::write(&files.binary, &bodies[1])?;
        std::fs::write(&files.idl, wire::idl())?;
        Ok(Self { sizes: bodies.map(|body| body.len() as f64 / 1e6), ..files })
    }

    pub(crate) fn read(&self, way: Way) -> Result<Took> {
        let this = || -> Result<Command> { Ok(Command::new(std::env::current_exe()?)) };
        let peer = || Command::new(&self.python);
        let output = match way {
            Way::Json => this()?.args(["read", "json"]).arg(&self.json).output(),
            Way::Tree => this()?.args(["read", "tree"]).arg(&self.json).output(),
            Way::Binary => this()?.args(["read", "binary"]).arg(&self.binary).output(),
            Way::PeerJson => peer().args(["-c", TASKS]).arg(&self.idl).arg("json").arg(&self.json).output(),
            Way::PeerPlain => peer().args(["-c", TASKS]).arg(&self.idl).arg("plain").arg(&self.binary).output(),
            Way::PeerBinary => peer().args(["-c", TASKS]).arg(&self.idl).arg("binary").arg(&self.binary).output(),
        };
        let output = output.map_err(|error| format!("{way:?} does not start: {error}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{way:?} ended with {}: {said}", output.status).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// What the peer says of itself.
    pub(crate) fn version(&self) -> Result<String> {
        let line = "import sys; from importlib.metadata import version; \
                    print('thriftpy2', version('thriftpy2') + ', Python', sys.version.split()[0])";
        let output = Command::new(&self.python).args(["-c", line]).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}
