//! The whole recipe, as a program runs it: clients, plan, approval, journal, progress, verification.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use benchmarks::retraction::{approval, check, recipe, registry, target};
use benchmarks::sandbox::Clients;
use jiff::Timestamp;
use metapod_client::TransactionId;
use ops_plan::{Ask, Event, Host, MemoryJournal, Plan, Progress, Registry, Runner, Runs, Watcher};
use ops_recipes::datasets::{Facts, RetractDatasets};

use crate::Result;

/// Where the journal of a run is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum JournalIn {
    /// In a folder of its own, with plan and report, every promise kept.
    Folder,
    /// In memory, without a folder.
    Memory,
}

/// What a run is measured with.
pub(crate) struct Retraction {
    registry: Registry,
    recipe: RetractDatasets,
    runs: Runs,
}

impl Retraction {
    pub(crate) fn new(clients: &Clients, transaction: TransactionId, facts: Facts, runs: &Path) -> Self {
        Self { registry: registry(clients), recipe: recipe(transaction, facts), runs: Runs::at(runs) }
    }

    /// Plans, as the command line does: what is kept for an undo goes to a file.
    pub(crate) async fn plan(&self) -> Result<Plan> {
        let ask = Ask::new(&self.recipe, target(), Timestamp::now())?;
        Ok(self.registry.plan(ask.spilling_to(self.runs.spill()?)).await?)
    }

    /// The whole recipe. It must end done and verified, with every dataset changed by this run.
    pub(crate) async fn run(&self, datasets: usize, journal: JournalIn) -> Result<Times> {
        let clock = Arc::new(Clock::new(datasets));
        let plan = self.plan().await?;
        clock.mark(Mark::Planned);
        let word = approval(plan.digest(), datasets);
        let approved = plan.approve(word).map_err(|(_, error)| error)?;
        let runner = Runner::new(self.runs.clone(), "benchmark").watched_by(clock.clone());
        let report = match journal {
            JournalIn::Folder => runner.start(&self.registry, approved).await?,
            JournalIn::Memory => runner.run_in_memory(&self.registry, approved, MemoryJournal::new()).await?,
        };
        clock.mark(Mark::Reported);
        check(&report, datasets)?;
        Ok(clock.times())
    }
}

/// How long the parts of a run took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    /// All of it.
    pub(crate) whole: Duration,
    /// Reading, planning, digests.
    pub(crate) plan: Duration,
    /// From the plan to the first phase: folder, lock, approval.
    pub(crate) open: Duration,
    /// The first look.
    pub(crate) survey: Duration,
    /// From the first intents to the last call's answer.
    pub(crate) calls: Duration,
    /// From the last answer until the last effect was seen.
    pub(crate) look: Duration,
    /// Verification.
    pub(crate) verify: Duration,
    /// What was left: report, files.
    pub(crate) report: Duration,
}

/// The moments of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Planned,
    Phase,
    FirstIntent,
    LastAnswer,
    LastSeen,
    Verified,
    Reported,
}

/// The progress watcher of a run: shows a line ten times a second, as a bar does, and remembers the moments.
struct Clock {
    total: usize,
    begun: Instant,
    marks: Mutex<[Duration; 7]>,
    shown: AtomicU64,
}

impl Clock {
    fn new(total: usize) -> Self {
        Self { total, begun: Instant::now(), marks: Mutex::default(), shown: AtomicU64::new(0) }
    }

    fn mark(&self, mark: Mark) {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)[mark as usize] = self.begun.elapsed();
    }

    fn times(&self) -> Times {
        let marks = *self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let span = |from: Mark, to: Mark| marks[to as usize].saturating_sub(marks[from as usize]);
        Times {
            whole: marks[Mark::Reported as usize],
            plan: marks[Mark::Planned as usize],
            open: span(Mark::Planned, Mark::Phase),
            survey: span(Mark::Phase, Mark::FirstIntent),
            calls: span(Mark::FirstIntent, Mark::LastAnswer),
            look: span(Mark::LastAnswer, Mark::LastSeen),
            verify: span(Mark::LastSeen, Mark::Verified),
            report: span(Mark::Verified, Mark::Reported),
        }
    }
}

impl Watcher for Clock {
    fn saw(&self, event: &Event, progress: &Progress) {
        match event {
            Event::Phase { .. } => self.mark(Mark::Phase),
            Event::Intended { .. } if progress.performed == 0 && progress.done == 0 => self.mark(Mark::FirstIntent),
            Event::Performed { .. } if progress.performed == self.total => self.mark(Mark::LastAnswer),
            Event::Confirmed { .. } if progress.done == self.total => self.mark(Mark::LastSeen),
            Event::Verified { .. } => self.mark(Mark::Verified),
            _ => {}
        }
        let tenths = self.begun.elapsed().as_millis() as u64 / 100;
        if self.shown.swap(tenths, Ordering::Relaxed) != tenths {
            eprint!("\r  {} called, {} seen of {} ", progress.performed, progress.done, self.total);
            if progress.done == self.total {
                eprint!("\r{:60}\r", "");
            }
        }
    }
}
