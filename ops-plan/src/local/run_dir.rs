//! The folder of one run.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::plan::read_line;
use crate::{Digest, Error, Facts, Head, Host, Plan, Result, Target};

/// A `run.json` may not be longer; the longest question holds some hundred thousand ids.
const MAX_INFO: u64 = 64 * 1024 * 1024;

/// What a run is, for whoever finds its folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunInfo {
    /// The run's id: the name of its folder.
    pub id: String,
    /// The recipe and its version.
    pub recipe: String,
    /// The recipe's version.
    pub version: u32,
    /// The question, as it was asked.
    pub question: Box<RawValue>,
    /// Where.
    pub target: Target,
    /// What it does, in one line.
    pub title: String,
    /// How many changes it holds.
    pub changes: usize,
    /// Who planned it.
    pub operator: String,
    /// On which machine.
    pub host: String,
    /// When the folder was made.
    pub created_at: Timestamp,
    /// The plan's digest.
    pub digest: Digest,
    /// The run that it undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// What the program needs to reach the systems again; secrets only by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Box<RawValue>>,
}

/// The folder of one run: `run.json`, the plan, what was so before, the journal, what to do by hand, the report.
#[derive(Clone, Debug)]
pub struct RunDir(PathBuf);

impl RunDir {
    /// The folder at `path`, which must hold a run.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let dir = Self(path.into());
        if dir.0.join("run.json").is_file() {
            return Ok(dir);
        }
        Err(Error::Invalid(format!("{} holds no run; `runs list` shows what there is", dir.0.display())))
    }

    pub(super) fn create(path: PathBuf, info: &RunInfo, plan: Plan) -> Result<(Self, Plan)> {
        let dir = Self(path);
        let facts = dir.facts();
        if plan.head().facts.is_some() {
            dir.store(&facts, |out| plan.facts().write(out).map_err(|e| Error::io("cannot keep the facts", e)))?;
        }
        dir.store(&dir.plan_file(), |mut out| plan.write(&mut out))?;
        dir.store(&dir.by_hand(), |out| {
            plan.write_by_hand(0..plan.len(), out).map_err(|e| Error::io("cannot write by-hand.md", e))
        })?;
        // Last, and whole or not at all: a folder with a run.json is a run.
        let text = serde_json::to_string_pretty(info).map_err(Error::unwritable)?;
        dir.store(&dir.0.join("run.json"), |out| {
            out.write_all(text.as_bytes()).map_err(|e| Error::io("cannot write run.json", e))
        })?;
        let plan = if plan.head().facts.is_some() { plan.with_facts(Facts::File(facts)) } else { plan };
        Ok((dir, plan))
    }

    /// Writes a file beside its place, syncs it, and moves it there.
    pub(super) fn store(&self, path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<()> {
        let failed = |e| Error::io(format!("cannot write {}", path.display()), e);
        let new = path.with_extension("new");
        let mut out = BufWriter::new(File::create(&new).map_err(failed)?);
        write(&mut out)?;
        let file = out.into_inner().map_err(|e| failed(e.into_error()))?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&new, path).map_err(failed)?;
        File::open(&self.0).and_then(|dir| dir.sync_all()).map_err(failed)
    }

    /// Removes a folder in which nothing was ever run.
    ///
    /// # Errors
    /// When there is a journal, or the folder cannot be removed.
    pub fn discard(self) -> Result<()> {
        if self.journal().exists() {
            return Err(Error::Invalid(format!("{} was run; its journal stays", self.0.display())));
        }
        std::fs::remove_dir_all(&self.0).map_err(|e| Error::io(format!("cannot remove {}", self.0.display()), e))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The journal.
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal.jsonl")
    }

    /// What to do by hand instead.
    pub fn by_hand(&self) -> PathBuf {
        self.0.join("by-hand.md")
    }

    fn facts(&self) -> PathBuf {
        self.0.join("facts.jsonl")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// A file that is touched every few seconds while a process runs the run.
    pub(super) fn alive(&self) -> PathBuf {
        self.0.join("alive")
    }

    /// What the run is.
    ///
    /// # Errors
    /// When `run.json` cannot be read.
    pub fn info(&self) -> Result<RunInfo> {
        let path = self.0.join("run.json");
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(MAX_INFO).read_to_end(&mut bytes))
            .map_err(|e| Error::io(format!("cannot read {}", path.display()), e))?;
        if bytes.len() as u64 == MAX_INFO {
            return Err(Error::corrupt(path.display(), "longer than 64 MiB"));
        }
        serde_json::from_slice(&bytes).map_err(|e| Error::corrupt(path.display(), e.to_string()))
    }

    /// The plan, with every digest checked.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was stored.
    pub fn plan(&self, host: &dyn Host) -> Result<Plan> {
        let plan = load_plan(host, &self.plan_file(), Facts::File(self.facts()))?;
        self.expect(plan.digest())?;
        Ok(plan)
    }

    /// The head of the plan alone: its digest is checked, the actions are not read.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was stored.
    pub fn head(&self) -> Result<Head> {
        let path = self.plan_file();
        let name = path.display().to_string();
        let file = File::open(&path).map_err(|e| Error::io(format!("cannot read {name}"), e))?;
        let head = Plan::read_head(&mut BufReader::new(file), &name)?;
        self.expect(head.digest()?)?;
        Ok(head)
    }

    fn expect(&self, digest: Digest) -> Result<()> {
        let info = self.info()?;
        if info.digest == digest {
            return Ok(());
        }
        let text = format!("digest {}, run.json says {}", digest.short(), info.digest.short());
        Err(Error::corrupt(self.plan_file().display(), text))
    }

    fn plan_file(&self) -> PathBuf {
        self.0.join("plan.jsonl")
    }
}

/// Reads a stored plan. Its facts lie beside it.
pub(super) fn load_plan(host: &dyn Host, path: &Path, facts: Facts) -> Result<Plan> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|e| Error::io(format!("cannot read {name}"), e))?;
    let mut reader = BufReader::new(file);
    let head = Plan::read_head(&mut reader, &name)?;
    let mut number = 1;
    let mut lines = std::iter::from_fn(|| {
        number += 1;
        read_line(&mut reader, &name, number).transpose()
    });
    host.load(head, &mut lines, facts)
}
