//! The folder of all runs.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::file_journal::read;
use super::lock::is_locked;
use super::run_dir::{RunDir, RunInfo, load_plan};
use crate::{Error, Facts, History, Host, Outcome, Plan, Result};

/// A process on another machine that gave no sign for so long is taken for dead.
const SILENT: Duration = Duration::from_secs(30);

/// The folder of all runs.
#[derive(Clone, Debug)]
pub struct Runs(PathBuf);

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunState {
    /// Planned, never approved.
    Planned,
    /// A process runs it.
    Running,
    /// Its process died; it can be resumed.
    Interrupted,
    /// It ended.
    Ended(Outcome),
}

impl std::fmt::Display for RunState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Planned => f.write_str("planned"),
            Self::Running => f.write_str("running"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Ended(outcome) => outcome.fmt(f),
        }
    }
}

/// A run in short.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Summary {
    /// Its folder.
    pub dir: RunDir,
    /// What it is.
    pub info: RunInfo,
    /// Where it stands.
    pub state: RunState,
    /// What its journal says.
    pub history: History,
    /// The last sign of life of its process, or the last line of its journal.
    pub last_sign: Timestamp,
}

impl Runs {
    /// The runs below `folder`, which is made with the first run.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn locks(&self) -> PathBuf {
        self.0.join("locks")
    }

    /// A new file for what is kept about the world before, while a plan is made.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn spill(&self) -> Result<PathBuf> {
        static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let folder = self.0.join("spill");
        std::fs::create_dir_all(&folder).map_err(|e| Error::io(format!("cannot make {}", folder.display()), e))?;
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(folder.join(format!("{}-{count}.jsonl", std::process::id())))
    }

    /// Makes the folder of a run for a plan that was just made, so that what to do by hand lies there from now on.
    pub(super) fn create(&self, plan: Plan, mut info: RunInfo) -> Result<(RunDir, Plan)> {
        let stamp = info.created_at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
        let base = format!("{stamp}-{}-{}", info.recipe, &plan.digest().short()[..6]);
        std::fs::create_dir_all(&self.0).map_err(|e| Error::io(format!("cannot make {}", self.0.display()), e))?;
        for number in 1..1000 {
            let id = if number == 1 { base.clone() } else { format!("{base}-{number}") };
            let path = self.0.join(&id);
            match std::fs::create_dir(&path) {
                Ok(()) => {
                    let spilled = match plan.facts() {
                        Facts::File(file) if file.starts_with(self.0.join("spill")) => Some(file.clone()),
                        _ => None,
                    };
                    info.id = id;
                    let created = RunDir::create(path, &info, plan)?;
                    if let Some(file) = spilled {
                        // It was copied; what cannot be removed is only litter.
                        let _ = std::fs::remove_file(file);
                    }
                    return Ok(created);
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(Error::io(format!("cannot make {}", path.display()), e)),
            }
        }
        Err(Error::Invalid(format!("{} holds a thousand runs of this plan already", self.0.display())))
    }

    /// A run by its id, by an unambiguous part of it, or by the path of its folder.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(&self, name: &str) -> Result<RunDir> {
        if let Ok(dir) = RunDir::open(self.0.join(name)).or_else(|_| RunDir::open(name)) {
            return Ok(dir);
        }
        let mut fits: Vec<String> = self.ids()?.into_iter().filter(|id| id.contains(name)).collect();
        match fits.len() {
            1 => RunDir::open(self.0.join(fits.remove(0))),
            0 => Err(Error::Invalid(format!(
                "no run «{name}» below {}; `runs list` shows what there is",
                self.0.display()
            ))),
            _ => Err(Error::Invalid(format!("«{name}» fits {}: name one of them", fits.join(", ")))),
        }
    }

    fn ids(&self) -> Result<Vec<String>> {
        let failed = |e| Error::io(format!("cannot read {}", self.0.display()), e);
        let entries = match std::fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(failed(e)),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if entry.path().join("run.json").is_file() {
                ids.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// All runs, oldest first. A run that cannot be read is an error beside the others, not instead of them.
    ///
    /// # Errors
    /// When the folder itself cannot be read.
    pub fn list(&self) -> Result<Vec<Result<Summary>>> {
        Ok(self.ids()?.into_iter().map(|id| Self::summary(RunDir::open(self.0.join(id))?)).collect())
    }

    /// One run in short.
    ///
    /// # Errors
    /// When its files cannot be read, or are not what was written.
    pub fn summary(dir: RunDir) -> Result<Summary> {
        let info = dir.info()?;
        let mut history = History::default();
        let journal = dir.journal();
        if journal.exists() {
            read(&journal, |entry| history.apply(&entry))?;
        }
        let sign = modified(&dir.alive()).max(history.last_at).unwrap_or(info.created_at);
        let silent = Duration::try_from(Timestamp::now().duration_since(sign)).is_ok_and(|age| age > SILENT);
        let process_host = history.process.as_ref().map_or(&info.host, |(_, host, _)| host);
        let state = match history.outcome {
            Some(outcome) => RunState::Ended(outcome),
            None if history.approval.is_none() => RunState::Planned,
            // A lock of another machine cannot be seen from here: its sign of life decides.
            None if *process_host != host_name() => {
                if silent {
                    RunState::Interrupted
                } else {
                    RunState::Running
                }
            }
            None if is_locked(&dir.lock()) => RunState::Running,
            None => RunState::Interrupted,
        };
        Ok(Summary { dir, info, state, history, last_sign: sign })
    }

    /// Writes a plan to a file: the head, then the actions. What was so before goes to a file beside it.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn export(plan: &Plan, path: &Path) -> Result<()> {
        let failed = |e| Error::io(format!("cannot write {}", path.display()), e);
        if plan.head().facts.is_some() {
            let mut file = std::fs::File::create(facts_beside(path)).map_err(failed)?;
            plan.facts().write(&mut file).map_err(failed)?;
        }
        let file = std::fs::File::create(path).map_err(failed)?;
        plan.write(&mut std::io::BufWriter::new(file))
    }

    /// Reads a plan that [`Runs::export`] wrote, and checks every digest.
    ///
    /// # Errors
    /// When it cannot be read, was changed, or was made by another version of its recipe.
    pub fn import(host: &dyn Host, path: &Path) -> Result<Plan> {
        load_plan(host, path, Facts::File(facts_beside(path)))
    }
}

fn facts_beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".facts");
    path.with_file_name(name)
}

fn modified(path: &Path) -> Option<Timestamp> {
    let time: SystemTime = path.metadata().and_then(|data| data.modified()).ok()?;
    Timestamp::try_from(time).ok()
}

/// The name of this machine, as the kernel knows it.
pub(super) fn host_name() -> String {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown host".into())
}
