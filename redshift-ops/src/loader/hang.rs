//! Whether the loader hangs.

use std::collections::BTreeSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::event::{Killed, LoaderEvent, Progress, Statement};
use super::scan::ScanReport;

/// So many reports without a change, and it hangs.
const REPORTS: u32 = 3;
/// A log whose last line is older says what was, not what is.
const FRESH: SignedDuration = SignedDuration::from_mins(2);
/// So many of the sessions that were ended are kept.
const KILLED: usize = 20;
/// So many schemas are kept in mind, and so many parts of one statement.
const SCHEMAS: usize = 64;
const PARTS: usize = 64;
/// A statement is shown so far.
const SHOWN: usize = 300;

/// What the loader does, by its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// It waits in the middle of its swap: everything is loaded, and nothing goes on.
    Hung,
    /// It works.
    Moving,
    /// Its swap has gone through.
    Finished,
    /// Nothing of a load is in the log.
    Nothing,
}

/// What a log says of a load, as plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LoaderSeen {
    /// What the loader does.
    pub verdict: Verdict,
    /// Since when: for one that hangs, since its last statement began.
    pub since: Option<Timestamp>,
    /// The last statement that began.
    pub statement: Option<String>,
    /// The transaction that is loaded.
    pub transaction: Option<String>,
    /// Its target date, as it was written.
    pub target_date: Option<String>,
    /// How many tables are done.
    pub done: u64,
    /// How many there are.
    pub total: Option<u64>,
    /// How often it was reported that all is loaded, since that statement.
    pub reports: u32,
    /// The sessions that the loader ended, the last ones.
    pub killed: Vec<Killed>,
    /// When the last line was written.
    pub last: Option<Timestamp>,
}

impl LoaderSeen {
    /// Whether it says what was, not what is: its last line is older than two minutes, or tells no time.
    pub fn is_history(&self, now: Timestamp) -> bool {
        self.last.is_none_or(|last| now.duration_since(last) > FRESH)
    }
}

impl fmt::Display for LoaderSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.verdict {
            Verdict::Nothing => return f.write_str("nothing of a load is in the log"),
            Verdict::Hung => "the loader hangs",
            Verdict::Moving => "the loader works",
            Verdict::Finished => "the loader has finished",
        };
        f.write_str(word)?;
        if let Some(since) = self.since {
            let since = since.strftime("%Y-%m-%dT%H:%M:%SZ");
            match self.verdict {
                Verdict::Finished => write!(f, " at {since}")?,
                Verdict::Moving => write!(f, ", last seen to move at {since}")?,
                _ => write!(f, " since {since}")?,
            }
        }
        if let Some(statement) = &self.statement {
            write!(f, ", after «{statement}»")?;
        }
        if let Some(total) = self.total {
            write!(f, "; {} of {total} tables loaded", self.done)?;
        }
        if self.reports > 0 {
            write!(f, ", nothing in work, reported {} times", self.reports)?;
        }
        Ok(())
    }
}

/// Makes a [`Verdict`] of events.
///
/// The loader hangs where, after a statement of its swap (`DROP SCHEMA`, or `ALTER SCHEMA … RENAME`), it reported three times that all
/// tables are loaded and none is in work, for one transaction, and began no other statement. Whatever else it does, it works: it
/// loads tables, or the swap goes on. Another transaction, or more tables in work, begin a new load. A report that is not later
/// than the one before is none: some logs have every line twice.
///
/// Inferred, since no log of a whole load was at hand: it has finished where a `COMMIT` came after the drops, or where every
/// schema that was dropped was renamed into its place and then came another statement, or (see [`HangDetector::seen`]) for two
/// minutes lines but no report. After a `ROLLBACK` nothing was swapped.
#[derive(Clone, Debug, Default)]
pub struct HangDetector {
    transaction: Option<String>,
    target_date: Option<String>,
    progress: Option<Progress>,
    statement: Option<Statement>,
    /// Whether it belongs to the swap.
    swaps: bool,
    dropped: BTreeSet<String>,
    renamed: BTreeSet<String>,
    committed: bool,
    reports: u32,
    moved: Option<Timestamp>,
    killed: Vec<Killed>,
}

/// What a statement is to the swap.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Drop(Vec<String>),
    Rename { from: String, to: String },
    Commit,
    Rollback,
    Other,
}

impl HangDetector {
    /// Nothing was seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next event.
    pub fn see(&mut self, event: &LoaderEvent) {
        match event {
            LoaderEvent::Progress(progress) => self.progress(progress),
            LoaderEvent::Statement(statement) => self.statement(statement),
            LoaderEvent::Killed(killed) => {
                self.moved = killed.at.or(self.moved);
                if self.killed.len() >= KILLED {
                    self.killed.remove(0);
                }
                self.killed.push(killed.clone());
            }
        }
    }

    fn progress(&mut self, progress: &Progress) {
        let other =
            progress.transaction.is_some() && self.transaction.is_some() && progress.transaction != self.transaction;
        if other {
            *self = Self::default();
        }
        self.transaction = progress.transaction.clone().or(self.transaction.take());
        self.target_date = progress.target_date.clone().or(self.target_date.take());
        let before = self.progress.replace(progress.clone());
        let is_later = before.as_ref().is_none_or(|before| before.at.is_none() || before.at < progress.at);
        let moved = before.is_none_or(|before| (before.done, before.wip) != (progress.done, progress.wip));
        if moved {
            self.moved = progress.at.or(self.moved);
        }
        if !progress.is_idle() {
            self.reports = 0;
            // Tables are loaded again: what was swapped belongs to the load before.
            self.forget_swap();
        } else if self.is_swapping() && self.transaction.is_some() && is_later {
            self.reports = self.reports.saturating_add(1);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        self.reports = 0;
        self.moved = statement.at.or(self.moved);
        let steps = steps(&statement.text);
        let mut finished = self.is_finished();
        self.swaps = steps.iter().any(|step| matches!(step, Step::Drop(_) | Step::Rename { .. }));
        for step in steps {
            match step {
                Step::Drop(schemas) => {
                    if std::mem::take(&mut finished) {
                        self.forget_swap();
                    }
                    let room = SCHEMAS.saturating_sub(self.dropped.len());
                    self.dropped.extend(schemas.into_iter().take(room));
                }
                Step::Rename { from, to } => {
                    // What is moved away was made anew: that it was dropped before says nothing of the swap.
                    self.dropped.remove(&from);
                    if self.renamed.len() < SCHEMAS {
                        self.renamed.insert(to);
                    }
                }
                // A line is written before its statement runs: that others come with it shows not that they went through.
                Step::Commit => self.committed |= !self.swaps && !self.dropped.is_empty(),
                Step::Rollback => self.forget_swap(),
                Step::Other => {}
            }
        }
        let mut statement = statement.clone();
        if let Some((cut, _)) = statement.text.char_indices().nth(SHOWN) {
            statement.text.truncate(cut);
            statement.text.push('…');
        }
        self.statement = Some(statement);
    }

    fn forget_swap(&mut self) {
        self.dropped.clear();
        self.renamed.clear();
        self.committed = false;
    }

    /// Whether the last statement belongs to a swap that has not gone through.
    fn is_swapping(&self) -> bool {
        self.swaps && !self.dropped.is_empty() && !self.committed
    }

    /// Whether every schema that was dropped has another one in its place, once the last statement has run.
    fn is_whole(&self) -> bool {
        !self.dropped.is_empty() && self.dropped.is_subset(&self.renamed)
    }

    fn is_finished(&self) -> bool {
        self.committed || self.is_whole() && !self.swaps
    }

    /// Whether the log goes on long after the last statement.
    fn goes_on(&self, report: &ScanReport) -> bool {
        let began = self.statement.as_ref().and_then(|statement| statement.at);
        began.zip(report.last).is_some_and(|(began, last)| last.duration_since(began) > FRESH)
    }

    /// What the events say.
    pub fn verdict(&self) -> Verdict {
        if self.progress.is_none() && self.statement.is_none() && self.killed.is_empty() {
            Verdict::Nothing
        } else if self.is_finished() {
            Verdict::Finished
        } else if self.reports >= REPORTS && self.is_swapping() {
            Verdict::Hung
        } else {
            Verdict::Moving
        }
    }

    /// All that is to be said, with the log that it was read from: where that goes on for two minutes after the last rename, and
    /// has no report, the loader has nothing more to report.
    pub fn seen(&self, report: &ScanReport) -> LoaderSeen {
        let statement = self.statement.as_ref();
        let verdict = match self.verdict() {
            Verdict::Moving if self.is_whole() && self.swaps && self.reports == 0 && self.goes_on(report) => {
                Verdict::Finished
            }
            verdict => verdict,
        };
        let since = match verdict {
            Verdict::Hung | Verdict::Finished => statement.and_then(|statement| statement.at),
            Verdict::Moving => self.moved,
            Verdict::Nothing => None,
        };
        LoaderSeen {
            verdict,
            since,
            statement: statement.map(|statement| statement.text.clone()),
            transaction: self.transaction.clone(),
            target_date: self.target_date.clone(),
            done: self.progress.as_ref().map_or(0, |progress| progress.done),
            total: self.progress.as_ref().and_then(|progress| progress.total),
            reports: self.reports,
            killed: self.killed.clone(),
            last: report.last,
        }
    }
}

/// What a statement is to the swap, part by part: several may come at once.
fn steps(text: &str) -> Vec<Step> {
    parts(text).into_iter().map(step).collect()
}

/// What stands between semicolons, except those in quotes.
fn parts(text: &str) -> Vec<&str> {
    let mut quote = None;
    let between = text.split(|c| {
        match quote {
            Some(open) if open == c => quote = None,
            None if matches!(c, '\'' | '"') => quote = Some(c),
            _ => {}
        }
        c == ';' && quote.is_none()
    });
    between.filter(|part| !part.trim().is_empty()).take(PARTS).collect()
}

fn step(part: &str) -> Step {
    let mut words = part.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).peekable();
    let mut is = |word: &str| words.next_if(|one| one.eq_ignore_ascii_case(word)).is_some();
    let name = |word: &str| word.trim_matches('"').to_lowercase();
    if is("drop") {
        if !is("schema") {
            return Step::Other;
        }
        let _ = is("if") && is("exists");
        let end = |word: &&str| ["cascade", "restrict"].iter().any(|end| word.eq_ignore_ascii_case(end));
        return Step::Drop(words.take_while(|word| !end(word)).take(SCHEMAS).map(name).collect());
    }
    if is("alter") {
        if !is("schema") {
            return Step::Other;
        }
        let from = words.next().map_or_else(String::new, name);
        let mut is = |word: &str| words.next_if(|one| one.eq_ignore_ascii_case(word)).is_some();
        if !(is("rename") && is("to")) {
            return Step::Other;
        }
        return Step::Rename { from, to: words.next().map_or_else(String::new, name) };
    }
    if is("commit") || is("end") {
        return Step::Commit;
    }
    if is("rollback") || is("abort") { Step::Rollback } else { Step::Other }
}
