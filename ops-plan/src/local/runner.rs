//! Runs an approved plan on this machine, and takes up what an earlier process left.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

use super::drive::{Log, Progress, Watcher, drive};
use super::file_journal::FileJournal;
use super::lock::{Holder, Lock, lock, lock_subjects};
use super::run_dir::{RunDir, RunInfo};
use super::runs::{RunState, Runs, host_name};
use crate::{
    Account, Approved, Ask, Error, Event, Finding, History, Host, Job, Journal, MemoryJournal, Outcome, Plan, Problem,
    Refusal, Report, Result, Verdict, Walk,
};

/// How many troubles are remembered.
const NAMED: usize = 20;
/// How often a running process gives a sign of life.
const SIGN: Duration = Duration::from_secs(3);
/// How often verification is tried when a system does not answer.
const VERIFY: u32 = 4;

/// Runs plans on this machine.
#[derive(Clone)]
pub struct Runner {
    runs: Runs,
    operator: String,
    host: String,
    watchers: Vec<Arc<dyn Watcher>>,
    stop: CancellationToken,
    abort: CancellationToken,
    context: Option<Box<RawValue>>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("runs", &self.runs).field("operator", &self.operator).finish_non_exhaustive()
    }
}

impl Runner {
    /// Runs plans for `operator`, with their folders below `runs`.
    pub fn new(runs: Runs, operator: impl Into<String>) -> Self {
        Self {
            runs,
            operator: operator.into(),
            host: host_name(),
            watchers: Vec::new(),
            stop: CancellationToken::new(),
            abort: CancellationToken::new(),
            context: None,
        }
    }

    /// With somebody who sees every event.
    #[must_use]
    pub fn watched_by(mut self, watcher: Arc<dyn Watcher>) -> Self {
        self.watchers.push(watcher);
        self
    }

    /// With a token that stops runs: nothing new starts, what is in flight is awaited.
    #[must_use]
    pub fn stopping_on(mut self, token: CancellationToken) -> Self {
        self.stop = token;
        self
    }

    /// With a token that aborts runs: calls in flight are left behind, as by a crash; resuming looks first.
    #[must_use]
    pub fn aborting_on(mut self, token: CancellationToken) -> Self {
        self.abort = token;
        self
    }

    /// With what the program needs to reach the systems again, kept in `run.json`. Secrets only by reference.
    #[must_use]
    pub fn in_context(mut self, context: Box<RawValue>) -> Self {
        self.context = Some(context);
        self
    }

    /// The folder of all runs.
    pub fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Makes a run's folder for a plan: what to do by hand lies there from now on.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn prepare(&self, plan: Plan) -> Result<(RunDir, Plan)> {
        let info = self.info(&plan);
        self.runs.create(plan, info)
    }

    /// What a run of `plan` is; its id is given with its folder.
    fn info(&self, plan: &Plan) -> RunInfo {
        let head = plan.head();
        RunInfo {
            id: String::new(),
            recipe: head.recipe.clone(),
            version: head.version,
            question: head.question.clone(),
            target: head.target.clone(),
            title: head.title.clone(),
            changes: head.changes(),
            operator: self.operator.clone(),
            host: self.host.clone(),
            created_at: Timestamp::now(),
            digest: plan.digest(),
            undoes: head.undoes.clone(),
            context: self.context.clone(),
        }
    }

    /// Makes a folder for an approved plan and runs it.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub async fn start(&self, host: &dyn Host, approved: Approved) -> Result<Report> {
        let (dir, plan) = self.prepare(approved.plan().clone())?;
        self.run(host, &dir, approved.with_facts(plan.facts().clone())).await
    }

    /// Runs an approved plan in the folder that was made for it.
    ///
    /// # Errors
    /// [`Error::Held`] where somebody else holds a subject, [`Error::Journal`] where the journal cannot be written. How
    /// the run itself went is in the report.
    pub async fn run(&self, host: &dyn Host, dir: &RunDir, approved: Approved) -> Result<Report> {
        let info = dir.info()?;
        if info.digest != approved.plan().digest() {
            return Err(Error::Invalid(format!("{} was made for another plan", dir.path().display())));
        }
        let job = host.open(&approved)?;
        let _locks = self.lock(dir, &info, approved.plan())?;
        let mut journal = if dir.journal().exists() {
            // A process that died before the approval was written has done nothing.
            let (journal, history) = FileJournal::resume(&dir.journal())?;
            if history.approval.is_some() {
                return Err(Error::Invalid(format!("{} was started already: resume it", info.id)));
            }
            journal
        } else {
            FileJournal::create(&dir.journal())?
        };
        self.approved(&mut journal, &approved).await?;
        let walk = Walk::new(approved.plan());
        self.go(&*job, walk, &mut journal, History::default(), &info, Some(dir), false).await
    }

    /// Runs an approved plan without a folder: nothing survives the process. For tests and for measuring; no subject is
    /// locked.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub async fn run_in_memory(
        &self,
        host: &dyn Host,
        approved: Approved,
        mut journal: MemoryJournal,
    ) -> Result<Report> {
        self.run_over(host, approved, History::default(), &mut journal).await
    }

    /// Runs an approved plan over a journal of the caller's own: without a folder, and no subject is locked. `history` is
    /// what that journal tells of earlier processes of the run; where it tells of any, the run is taken up.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub async fn run_over(
        &self,
        host: &dyn Host,
        approved: Approved,
        history: History,
        journal: &mut dyn Journal,
    ) -> Result<Report> {
        let job = host.open(&approved)?;
        let mut info = self.info(approved.plan());
        info.id = "no-folder".into();
        if history.approval.is_none() {
            self.approved(journal, &approved).await?;
        }
        let past = history.past(approved.plan());
        let walk = Walk::resume(approved.plan(), |i| past.get(i).copied().unwrap_or_default());
        self.go(&*job, walk, journal, history, &info, None, false).await
    }

    /// Takes up a run where its last process left it. The plan, its digests and its recorded approval are checked again;
    /// what was tried without a known outcome is looked at first.
    ///
    /// A run that was started on another machine is taken over only if `take_over` says so: locks do not reach there.
    ///
    /// # Errors
    /// As [`Runner::run`]; [`Error::Corrupt`] where plan or journal are not what was written.
    pub async fn resume(&self, host: &dyn Host, dir: &RunDir, take_over: bool) -> Result<Report> {
        let summary = Runs::summary(dir.clone())?;
        let elsewhere = summary.history.process.as_ref().filter(|(_, machine, _)| *machine != self.host);
        match (summary.state, elsewhere) {
            (RunState::Planned, _) => {
                return Err(Error::Invalid(format!("{} was never approved: plan again", summary.info.id)));
            }
            (RunState::Ended(Outcome::Done), _) => {
                return Err(Error::Invalid(format!("{} is done; there is nothing to resume", summary.info.id)));
            }
            (RunState::Running | RunState::Interrupted, Some((operator, machine, pid))) if !take_over => {
                let holder = format!(
                    "{operator} on {machine} (process {pid}), last sign of life {:.0}; --take-over, if that process is surely gone",
                    summary.last_sign
                );
                return Err(Error::Held { subject: summary.info.id, holder });
            }
            _ => {}
        }
        let plan = dir.plan(host)?;
        let _locks = self.lock(dir, &summary.info, &plan)?;
        // Folded again: under the lock nobody else writes.
        let (mut journal, history) = FileJournal::resume(&dir.journal())?;
        let Some(approval) = history.approval.clone() else {
            return Err(Error::Invalid(format!("{} was never approved: plan again", summary.info.id)));
        };
        let approved = plan.approve(approval).map_err(|(_, error)| error)?;
        let job = host.open(&approved)?;
        let past = history.past(approved.plan());
        let walk = Walk::resume(approved.plan(), |i| past.get(i).copied().unwrap_or_default());
        self.go(&*job, walk, &mut journal, history, &summary.info, Some(dir), take_over).await
    }

    /// Plans to take back what a run changed, or may have changed when its process died. The plan is approved and run like
    /// any other, and looks before it acts.
    ///
    /// # Errors
    /// When the run still runs, or its files cannot be read.
    pub async fn plan_undo(&self, host: &dyn Host, dir: &RunDir) -> Result<Plan> {
        let summary = Runs::summary(dir.clone())?;
        if matches!(summary.state, RunState::Running) {
            return Err(Error::Held { subject: summary.info.id, holder: "its own process: stop it first".into() });
        }
        let plan = dir.plan(host)?;
        let changed = summary.history.perhaps_changed(&plan);
        if changed.is_empty() {
            let text = format!("{} changed nothing", summary.info.id);
            let problem = Problem::new("nothing-to-undo", text, "there is nothing to take back");
            return Err(Error::Refused(Refusal { problems: vec![problem] }));
        }
        let head = plan.head();
        let ask = Ask::raw(head.recipe.clone(), head.question.clone(), head.target.clone(), Timestamp::now())
            .spilling_to(self.runs.spill()?);
        host.undo(&plan, &changed, &summary.info.id, ask).await
    }

    /// The approval is the first line of every journal.
    async fn approved(&self, journal: &mut dyn Journal, approved: &Approved) -> Result<()> {
        let mut log = Log { journal, watchers: &self.watchers, progress: Progress::default() };
        log.durable(Event::Approved { approval: approved.approval().clone() }).await
    }

    fn lock(&self, dir: &RunDir, info: &RunInfo, plan: &Plan) -> Result<Vec<Lock>> {
        let holder = Holder {
            run: info.id.clone(),
            operator: self.operator.clone(),
            host: self.host.clone(),
            pid: std::process::id(),
        };
        let mut locks = vec![lock(&dir.lock(), &format!("run {}", info.id), &holder)?];
        locks.extend(lock_subjects(&self.runs.locks(), &info.target, &plan.head().subjects, &holder)?);
        Ok(locks)
    }

    #[expect(clippy::too_many_arguments, reason = "the one place where all parts of a run meet")]
    async fn go(
        &self,
        job: &dyn Job,
        mut walk: Walk,
        journal: &mut dyn Journal,
        history: History,
        info: &RunInfo,
        dir: Option<&RunDir>,
        taken_over: bool,
    ) -> Result<Report> {
        let started = Event::Started {
            operator: self.operator.clone(),
            host: self.host.clone(),
            pid: std::process::id(),
            resumed: history.started_at.is_some(),
            taken_over,
        };
        let notebook = Arc::new(Notebook::default());
        let mut watchers = self.watchers.clone();
        watchers.push(Arc::clone(&notebook) as Arc<dyn Watcher>);
        let progress = Progress { total: job.plan().len(), done: history.done(), ..Progress::default() };
        let mut log = Log { journal, watchers: &watchers, progress };
        log.durable(started).await?;
        let sign = dir.map(|dir| SignOfLife::give(&dir.alive()));
        let driven = drive(job, &mut walk, &mut log, &self.stop, &self.abort).await;
        let mut outcome = walk.outcome();
        let aborted = self.abort.is_cancelled();
        if driven.is_err() && outcome != Outcome::Unknown {
            outcome = Outcome::Stopped;
        }
        let mut findings = Vec::new();
        if driven.is_ok() && !aborted {
            if outcome == Outcome::Done {
                findings = verify(job, &walk.done()).await;
                if findings.iter().any(|finding| finding.verdict == Verdict::Block) {
                    outcome = Outcome::VerificationFailed;
                }
                log.note(Event::Verified { findings: findings.clone() })?;
            }
            if outcome == Outcome::Done {
                for id in job.plan().head().settles.clone() {
                    log.note(Event::Settled { id })?;
                }
            }
            log.durable(Event::Ended { outcome }).await?;
        } else if aborted && outcome != Outcome::Unknown {
            outcome = Outcome::Cancelled;
        }
        drop(sign);
        let report = self.report(job, &walk, &history, info, &notebook, outcome, findings);
        if let Some(dir) = dir {
            // The run is over and journaled; a report that cannot be stored must not hide how it went.
            let _ = self.keep(dir, job.plan(), &walk, &report);
        }
        driven.map(|()| report)
    }

    #[expect(clippy::too_many_arguments, reason = "a report is made of all that is known")]
    fn report(
        &self,
        job: &dyn Job,
        walk: &Walk,
        history: &History,
        info: &RunInfo,
        notebook: &Notebook,
        outcome: Outcome,
        findings: Vec<Finding>,
    ) -> Report {
        let plan = job.plan();
        let changed = walk.changed();
        let mut debts = history.obligations.clone();
        let mut known: HashSet<String> = debts.iter().map(|debt| debt.id.clone()).collect();
        for obligation in changed.iter().filter_map(|&i| job.obligation(i)) {
            if known.insert(obligation.id.clone()) {
                debts.push(obligation);
            }
        }
        if outcome == Outcome::Done {
            let settled: HashSet<&String> = plan.head().settles.iter().collect();
            debts.retain(|debt| !settled.contains(&debt.id));
        }
        let account = Account {
            run: info.id.clone(),
            operator: self.operator.clone(),
            host: self.host.clone(),
            started_at: history.started_at.unwrap_or(notebook.started),
            ended_at: Timestamp::now(),
            outcome,
            stop: walk.stopped().cloned(),
            already: walk.done().len() - changed.len(),
            changed,
            left: walk.left(),
            troubles: notebook.troubles(),
            findings,
            debts,
        };
        Report::new(plan, account)
    }

    fn keep(&self, dir: &RunDir, plan: &Plan, walk: &Walk, report: &Report) -> Result<()> {
        let file = |name: &str| dir.path().join(name);
        let text = |path: &Path, text: String| {
            dir.store(path, |out| {
                std::io::Write::write_all(out, text.as_bytes()).map_err(|e| Error::io("cannot write the report", e))
            })
        };
        text(&file("report.txt"), report.text())?;
        text(&file("report.md"), report.markdown())?;
        text(&file("report.json"), serde_json::to_string_pretty(report).map_err(Error::unwritable)?)?;
        let left = walk.left();
        let by_hand = file("by-hand-left.md");
        if left.is_empty() {
            // An earlier process of this run may have left one.
            let _ = std::fs::remove_file(by_hand);
            return Ok(());
        }
        dir.store(&by_hand, |out| {
            plan.write_by_hand(left, out).map_err(|e| Error::io("cannot write by-hand-left.md", e))
        })
    }
}

/// Verification is only reading: a system that does not answer is asked again. One that never does leaves the effect
/// unproven, which is no success.
async fn verify(job: &dyn Job, done: &[usize]) -> Vec<Finding> {
    let mut pause = Duration::from_millis(500);
    for attempt in 1.. {
        match job.verify(done).await {
            Ok(findings) => return findings,
            Err(error) if attempt == VERIFY => {
                return vec![Finding::block("verification", format!("the effect could not be looked at: {error}"))];
            }
            Err(_) => tokio::time::sleep(pause).await,
        }
        pause *= 2;
    }
    Vec::new()
}

/// Remembers the troubles of a run for its report.
struct Notebook {
    started: Timestamp,
    troubles: std::sync::Mutex<Vec<(String, String)>>,
}

impl Default for Notebook {
    fn default() -> Self {
        Self { started: Timestamp::now(), troubles: std::sync::Mutex::default() }
    }
}

impl Notebook {
    /// The keys of what is in trouble, and why.
    fn troubles(&self) -> Vec<(String, String)> {
        self.troubles.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Watcher for Notebook {
    fn saw(&self, event: &Event, _: &Progress) {
        let (key, why) = match event {
            Event::Failed { key, why } | Event::Unknown { key, why } => (key, why.clone()),
            Event::Drifted { key, how } => (key, format!("somebody else changed it: {how}")),
            _ => return,
        };
        let mut troubles = self.troubles.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if troubles.len() < NAMED {
            troubles.push((key.clone(), why));
        }
    }
}

/// Touches a file every few seconds, for those who watch from elsewhere.
struct SignOfLife(tokio::task::JoinHandle<()>);

impl SignOfLife {
    fn give(path: &Path) -> Self {
        let path = path.to_owned();
        Self(tokio::spawn(async move {
            loop {
                // A sign that cannot be given only makes the run look older than it is.
                let _ = std::fs::write(&path, Timestamp::now().to_string());
                tokio::time::sleep(SIGN).await;
            }
        }))
    }
}

impl Drop for SignOfLife {
    fn drop(&mut self) {
        self.0.abort();
    }
}
