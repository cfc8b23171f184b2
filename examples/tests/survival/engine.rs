//! An engine of another kind: one thing at a time, with a clock of its own, and a journal that it folds again after each
//! crash. It drives the same jobs as the runner does, and can be made to crash before and after each of its steps.

use jiff::{SignedDuration, Timestamp};
use ops_plan::{Change, Event, Failure, History, Job, Journal, Next, Outcome, Result, Walk};

/// So many steps mean that it runs in circles.
const STEPS: usize = 100_000;

/// How it went.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Went {
    Ended(Outcome),
    Crashed,
}

pub(crate) struct Engine<'a> {
    job: &'a dyn Job,
    journal: &'a mut dyn Journal,
    walk: Walk,
    now: Timestamp,
    under_way: Vec<Step>,
    /// What decides which of the things under way ends next.
    dice: u64,
    /// After so many half steps it crashes.
    left: usize,
    /// Is told the time whenever it moves.
    clock: &'a (dyn Fn(Timestamp) + Sync),
}

/// Something that the walk asked for and that is under way.
enum Step {
    Look(Vec<usize>),
    Intend(Vec<usize>),
    Perform(usize),
}

struct Crash;

impl<'a> Engine<'a> {
    /// Takes up a job where its journal says it stands. A history without entries is a run that begins.
    pub(crate) fn new(job: &'a dyn Job, journal: &'a mut dyn Journal, history: &History, now: Timestamp) -> Self {
        let past = history.past(job.plan());
        let walk = Walk::resume(job.plan(), |i| past.get(i).copied().unwrap_or_default());
        Self { job, journal, walk, now, under_way: Vec::new(), dice: 1, left: usize::MAX, clock: &|_| () }
    }

    /// With chance of its own.
    pub(crate) fn with_dice(mut self, seed: u64) -> Self {
        self.dice = seed | 1;
        self
    }

    /// Crashing after so many half steps: each thing under way is one that begins and one that ends.
    pub(crate) fn crashing_after(mut self, half_steps: usize) -> Self {
        self.left = half_steps;
        self
    }

    /// Telling the time to something that happens meanwhile.
    pub(crate) fn telling(mut self, clock: &'a (dyn Fn(Timestamp) + Sync)) -> Self {
        self.clock = clock;
        self
    }

    /// The walk, to ask it what came of it.
    pub(crate) fn walk(&self) -> &Walk {
        &self.walk
    }

    /// Drives the job to its end, or to its crash.
    pub(crate) async fn run(&mut self) -> Result<Went> {
        let (operator, host) = ("engine".into(), "nowhere".into());
        self.journal.note(Event::Started { operator, host, pid: 0, resumed: false, taken_over: false })?;
        for _ in 0..STEPS {
            let until = match self.walk.next(self.now) {
                Next::Look(which) => {
                    self.under_way.push(Step::Look(which));
                    continue;
                }
                Next::Intend(which) => {
                    self.under_way.push(Step::Intend(which));
                    continue;
                }
                Next::Perform(i) => {
                    self.under_way.push(Step::Perform(i));
                    continue;
                }
                Next::End => {
                    let outcome = self.walk.outcome();
                    self.journal.note(Event::Ended { outcome })?;
                    return Ok(Went::Ended(outcome));
                }
                Next::Until(at) => Some(at),
                Next::Await => None,
            };
            match (self.under_way.is_empty(), until) {
                // Nothing but time has to pass, and here it passes at once.
                (true, Some(at)) => self.pass(at),
                (true, None) => panic!("the walk awaits something that nobody is doing"),
                (false, _) => {
                    if let Err(Crash) = self.step().await? {
                        return Ok(Went::Crashed);
                    }
                }
            }
        }
        panic!("the walk runs in circles");
    }

    async fn step(&mut self) -> Result<Result<(), Crash>> {
        let chosen = self.roll(self.under_way.len());
        let step = self.under_way.swap_remove(chosen);
        self.pass(self.now + SignedDuration::from_millis(1));
        if self.crashes() {
            return Ok(Err(Crash));
        }
        match step {
            Step::Look(which) => {
                let seen = self.job.observe(&which).await;
                if self.crashes() {
                    return Ok(Err(Crash));
                }
                let changes = match seen {
                    Ok(seen) => self.walk.observed(&which, seen, self.now),
                    Err(error) => self.walk.blind(&error.to_string(), self.now),
                };
                self.record(changes)?;
            }
            Step::Intend(which) => {
                let keys = which.iter().map(|&i| self.key(i)).collect();
                self.journal.durable(Event::Intended { keys }).await?;
                if self.crashes() {
                    return Ok(Err(Crash));
                }
                self.walk.intended(&which);
            }
            Step::Perform(i) => {
                let result = self.job.perform(i).await.map_err(|error| Failure::from(&error));
                if self.crashes() {
                    return Ok(Err(Crash));
                }
                let (key, attempt) = (self.key(i), self.walk.attempts(i));
                self.journal.note(match &result {
                    Ok(()) => Event::Performed { key, attempt },
                    Err(failure) => {
                        let (effect, error) = (failure.effect.into(), failure.text.clone());
                        Event::Tried { key, attempt, effect, error }
                    }
                })?;
                let changes = self.walk.performed(i, result, self.now);
                self.record(changes)?;
            }
        }
        Ok(Ok(()))
    }

    fn pass(&mut self, to: Timestamp) {
        self.now = self.now.max(to);
        (self.clock)(self.now);
    }

    fn record(&mut self, changes: Vec<Change>) -> Result<()> {
        for change in changes {
            let event = match change {
                Change::Going(i, how) => Event::Going { key: self.key(i), how },
                Change::Confirmed(i) => Event::Confirmed { keys: vec![self.key(i)] },
                Change::AlreadyDone(i) => Event::AlreadyDone { keys: vec![self.key(i)] },
                Change::Drifted(i, how) => Event::Drifted { key: self.key(i), how },
                Change::Failed(i, why) => Event::Failed { key: self.key(i), why },
                Change::Unknown(i, why) => Event::Unknown { key: self.key(i), why },
                Change::Stopping(why) => Event::Stopping { why },
            };
            self.journal.note(event)?;
        }
        Ok(())
    }

    fn key(&self, i: usize) -> String {
        self.job.plan().card(i).unwrap().key
    }

    fn crashes(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left == 0
    }

    /// A number below `sides`: the same ones for the same seed.
    fn roll(&mut self, sides: usize) -> usize {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        usize::try_from(self.dice % sides as u64).unwrap()
    }
}

/// What a journal in memory says, folded.
pub(crate) fn fold(entries: &[ops_plan::Entry]) -> History {
    let mut history = History::default();
    for entry in entries {
        history.apply(entry);
    }
    history
}
