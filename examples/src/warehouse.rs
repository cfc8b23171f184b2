//! What the programs of the warehouse share: the loader's log, and the loads of the embedded sandbox.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use ops_client::{Effect, Error, ErrorKind};
use ops_recipes::datasets::find_transaction::{LoaderLog, LogSaid};
use ops_sandbox::scenario::{HungLoad, LoadTrouble, hung_load_with};
use redshift_ops::loader::{Content, HangDetector, LoaderSeen, ScanReport, Scanner};

use crate::connect::{Embedded, Reach};
use crate::exit::Failure;

/// Reads a loader's log to its end; `-` is the standard input.
///
/// # Errors
/// Where it cannot be read, or is no log of a loader: what it is, and what to do.
pub fn read_log(path: &Path) -> Result<(LoaderSeen, ScanReport), Failure> {
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let wrong = |error: std::io::Error| Failure::usage(format!("{name}: {error}"));
    let from: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(wrong)?)
    };
    read(from, &name, wrong)
}

fn read(
    from: impl Read,
    name: &str,
    wrong: impl Fn(std::io::Error) -> Failure,
) -> Result<(LoaderSeen, ScanReport), Failure> {
    let mut detector = HangDetector::new();
    let report = Scanner::new().scan(from, |event| detector.see(&event)).map_err(wrong)?;
    is_log(&report, name)?;
    Ok((detector.seen(&report), report))
}

/// That it is a log of a loader.
///
/// # Errors
/// Where it is none: what it is, and what to do.
pub fn is_log(report: &ScanReport, name: &str) -> Result<(), Failure> {
    let what = match report.content {
        Content::Loader => return Ok(()),
        Content::Empty => "it is empty\n  → give the loader's own log; «aurora-jobs status» tells where its task runs",
        Content::Gzip => "it is compressed\n  → gunzip --stdout FILE | … --log -",
        Content::Binary => "it is no text\n  → give the loader's own log",
        _ => {
            "no line of it is one of the loader's (:progress-reporter, :execute-statement, :killing-schema-query)\n  → give the loader's own log, not another program's"
        }
    };
    Err(Failure::usage(format!("{name}: {what}")))
}

/// A trouble of the embedded sandbox's load, by its name.
///
/// # Errors
/// Where there is none of this name: all names.
pub fn trouble(text: &str) -> Result<LoadTrouble, String> {
    let name = |one: LoadTrouble| format!("{one:?}");
    let found = LoadTrouble::ALL.into_iter().find(|one| name(*one).eq_ignore_ascii_case(text));
    found.ok_or_else(|| LoadTrouble::ALL.map(name).join(", "))
}

/// Lets a load run in the embedded sandbox, with this trouble.
///
/// # Errors
/// Where the sandbox has one already.
pub fn load(sandbox: &Embedded, trouble: LoadTrouble) -> Result<HungLoad, Failure> {
    Ok(hung_load_with(sandbox.world(), trouble, Some(&sandbox.night))?)
}

/// A log that is read when it is asked, by a thread of its own: whoever asks need not wait for its end, nor does the program.
struct LogFile(PathBuf);

#[async_trait]
impl LoaderLog for LogFile {
    async fn said(&self) -> ops_client::Result<LogSaid> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let path = self.0.clone();
        std::thread::spawn(move || {
            // Nobody may wait for it any more.
            let _ = tell.send(read_log(&path));
        });
        let failed = |why: String| Error::new("loader.log", ErrorKind::Other, Effect::None).with_message(why);
        match told.await {
            Ok(Ok((seen, _))) => Ok(LogSaid::from(&seen)),
            Ok(Err(failure)) => Err(failed(failure.text)),
            Err(_) => Err(failed("the thread that read it is gone".to_owned())),
        }
    }
}

/// The loader's log, to be asked for its transaction: the named one, or the configured one; in the embedded sandbox, where a load
/// hangs, its loader's.
///
/// # Errors
/// Where the named one is not there.
pub fn loader_log(reach: &Reach, named: Option<&Path>) -> Result<Option<Arc<dyn LoaderLog>>, Failure> {
    if let Some(path) = named {
        if path != Path::new("-") {
            let there = std::fs::metadata(path);
            there.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        }
        return Ok(Some(Arc::new(LogFile(path.to_owned()))));
    }
    if let Some(sandbox) = &reach.sandbox {
        load(sandbox, LoadTrouble::Reader)?;
        let seen = log_of(reach, None)?;
        return Ok(seen.map(|seen| Arc::new(LogSaid::from(&seen)) as Arc<dyn LoaderLog>));
    }
    let configured = reach.settings.redshift.as_ref().and_then(|redshift| redshift.loader_log.clone());
    Ok(configured.map(|path| Arc::new(LogFile(path)) as Arc<dyn LoaderLog>))
}

/// What the log says: the named one, or the configured one; in the embedded sandbox its loader's.
///
/// # Errors
/// As [`read_log`].
pub fn log_of(reach: &Reach, named: Option<&Path>) -> Result<Option<LoaderSeen>, Failure> {
    if let Some(path) = named {
        return read_log(path).map(|(seen, _)| Some(seen));
    }
    if let Some(sandbox) = &reach.sandbox {
        let text = sandbox.world().loader_log();
        let wrong = |error: std::io::Error| Failure::refused(error.to_string());
        return read(text.as_bytes(), "the sandbox's log", wrong).map(|(seen, _)| Some(seen));
    }
    let configured = reach.settings.redshift.as_ref().and_then(|redshift| redshift.loader_log.as_deref());
    configured.map(|path| read_log(path).map(|(seen, _)| seen)).transpose()
}
