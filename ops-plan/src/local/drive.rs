//! Drives a walk with tokio: performs what it asks for, writes down what comes of it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::walk::{Change, Failure, Next, after};
use crate::{BoxFuture, Error, Event, Job, Journal, Observed, Result, Stop, Walk};

/// How many keys one line of the journal holds at most.
const KEYS: usize = 1000;
/// How many answers are taken at once at most.
const TOGETHER: usize = 64;

/// Sees every event of a run as it happens: a bar, a log, a notifier. It cannot fail and must not block.
pub trait Watcher: Send + Sync {
    /// Something happened.
    fn saw(&self, event: &Event, progress: &Progress);
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many actions the plan has.
    pub total: usize,
    /// How many are done, whosever effect it is.
    pub done: usize,
    /// How many calls were accepted.
    pub performed: usize,
    /// How many calls failed.
    pub tried: usize,
    /// How many actions failed, drifted or are unknown.
    pub troubled: usize,
}

/// The journal and all who watch.
pub(super) struct Log<'a> {
    pub(super) journal: &'a mut dyn Journal,
    pub(super) watchers: &'a [Arc<dyn Watcher>],
    pub(super) progress: Progress,
}

impl Log<'_> {
    fn show(&mut self, event: &Event) {
        let progress = &mut self.progress;
        match event {
            Event::Confirmed { keys } | Event::AlreadyDone { keys } => progress.done += keys.len(),
            Event::Performed { .. } => progress.performed += 1,
            Event::Tried { .. } => progress.tried += 1,
            Event::Failed { .. } | Event::Drifted { .. } | Event::Unknown { .. } => progress.troubled += 1,
            _ => {}
        }
        for watcher in self.watchers {
            watcher.saw(event, &self.progress);
        }
    }

    pub(super) fn note(&mut self, event: Event) -> Result<()> {
        self.show(&event);
        self.journal.note(event)
    }

    /// Events that came together, written together.
    fn notes(&mut self, events: Vec<Event>) -> Result<()> {
        events.iter().for_each(|event| self.show(event));
        self.journal.notes(events)
    }

    pub(super) fn durable(&mut self, event: Event) -> BoxFuture<'static, Result<()>> {
        self.show(&event);
        self.journal.durable(event)
    }
}

/// What came of something that was asked for.
enum Came {
    Observed(Vec<usize>, ops_client::Result<Vec<Observed>>),
    Performed(usize, ops_client::Result<()>),
    Intended(Vec<usize>, Result<()>),
}

/// Drives the walk to its end. An abort leaves calls behind, like a crash would.
pub(super) async fn drive(
    job: &dyn Job,
    walk: &mut Walk,
    log: &mut Log<'_>,
    stop: &CancellationToken,
    abort: &CancellationToken,
) -> Result<()> {
    let mut under_way: FuturesUnordered<BoxFuture<'_, Came>> = FuturesUnordered::new();
    let clock = Clock::start();
    let mut phase = None;
    // The journal failed: nothing new starts, calls that are out are awaited.
    let mut broken: Option<Error> = None;
    loop {
        if broken.is_none()
            && stop.is_cancelled()
            && let Some(change) = walk.stop(Stop::Asked)
        {
            broken = log.notes(record(job, vec![change])).err();
        }
        if let Some(error) = broken.take() {
            let rest = async { while under_way.next().await.is_some() {} };
            tokio::select! {
                () = rest => {}
                () = abort.cancelled() => {}
            }
            return Err(error);
        }
        if phase != Some(walk.phase())
            && let Some(now) = job.plan().phases().get(walk.phase())
        {
            phase = Some(walk.phase());
            let event = Event::Phase { index: walk.phase(), name: now.name.clone(), actions: now.len() };
            if let Err(error) = log.note(event) {
                broken = Some(error);
                continue;
            }
        }
        let until = match walk.next(clock.now()) {
            Next::Look(which) => {
                under_way.push(Box::pin(async move {
                    let seen = job.observe(&which).await;
                    Came::Observed(which, seen)
                }));
                continue;
            }
            Next::Intend(which) => {
                let durable = log.durable(Event::Intended { keys: keys(job, &which) });
                under_way.push(Box::pin(async move {
                    let written = durable.await;
                    Came::Intended(which, written)
                }));
                continue;
            }
            Next::Perform(i) => {
                under_way.push(Box::pin(async move { Came::Performed(i, job.perform(i).await) }));
                continue;
            }
            Next::End => return Ok(()),
            Next::Until(at) => Some(at),
            Next::Await => None,
        };
        let idle = under_way.is_empty();
        // Answers that came together are written together: a write for each would cost more than all else of the journal.
        let mut ready = (&mut under_way).ready_chunks(TOGETHER);
        let came = tokio::select! {
            biased;
            () = abort.cancelled() => return Ok(()),
            () = stop.cancelled(), if walk.stopped().is_none() => None,
            came = ready.next(), if !idle => came,
            () = clock.sleep_until(until) => None,
        };
        let mut events = Vec::new();
        for came in came.unwrap_or_default() {
            match came {
                Came::Observed(which, Ok(seen)) => {
                    let changes = walk.observed(&which, seen, clock.now());
                    events.extend(record(job, changes));
                }
                Came::Observed(_, Err(error)) => {
                    let error = error.to_string();
                    let changes = walk.blind(&error, clock.now());
                    events.push(Event::Blind { error });
                    events.extend(record(job, changes));
                }
                Came::Intended(which, Ok(())) => walk.intended(&which),
                Came::Intended(_, Err(error)) => broken = Some(error),
                Came::Performed(i, result) => events.extend(performed(job, walk, i, result, clock.now())),
            }
        }
        if let Err(error) = log.notes(events) {
            broken.get_or_insert(error);
        }
    }
}

fn performed(job: &dyn Job, walk: &mut Walk, i: usize, result: ops_client::Result<()>, now: Timestamp) -> Vec<Event> {
    let key = key(job, i);
    let attempt = walk.attempts(i);
    let result = result.map_err(|error| Failure::from(&error));
    let event = match &result {
        Ok(()) => Event::Performed { key, attempt },
        Err(failure) => Event::Tried { key, attempt, effect: failure.effect.into(), error: failure.text.clone() },
    };
    // The walk learns of the call even where the journal cannot: its count of calls in flight must hold.
    let changes = walk.performed(i, result, now);
    let mut events = vec![event];
    events.extend(record(job, changes));
    events
}

/// What a report changed, for the journal.
fn record(job: &dyn Job, changes: Vec<Change>) -> Vec<Event> {
    let (mut confirmed, mut already) = (Vec::new(), Vec::new());
    let mut others = Vec::new();
    for change in changes {
        match change {
            Change::Confirmed(i) => confirmed.push(i),
            Change::AlreadyDone(i) => already.push(i),
            Change::Going(i, how) => others.push(Event::Going { key: key(job, i), how }),
            Change::Drifted(i, how) => others.push(Event::Drifted { key: key(job, i), how }),
            Change::Failed(i, why) => others.push(Event::Failed { key: key(job, i), why }),
            Change::Unknown(i, why) => others.push(Event::Unknown { key: key(job, i), why }),
            Change::Stopping(why) => others.push(Event::Stopping { why }),
        }
    }
    let mut events = Vec::new();
    for chunk in already.chunks(KEYS) {
        events.push(Event::AlreadyDone { keys: keys(job, chunk) });
    }
    for chunk in confirmed.chunks(KEYS) {
        // What is left behind is written before the effect is called seen: no debt is ever lost.
        let obligations = chunk.iter().filter_map(|&i| job.obligation(i));
        events.extend(obligations.map(|obligation| Event::Obliged { obligation }));
        events.push(Event::Confirmed { keys: keys(job, chunk) });
    }
    events.extend(others);
    events
}

fn key(job: &dyn Job, i: usize) -> String {
    job.plan().key(i).unwrap_or_default()
}

fn keys(job: &dyn Job, which: &[usize]) -> Vec<String> {
    which.iter().map(|&i| key(job, i)).collect()
}

/// The time of one drive. It goes on evenly from its start, whatever is done to the machine's clock meanwhile.
struct Clock {
    started: Timestamp,
    since: Instant,
}

impl Clock {
    fn start() -> Self {
        Self { started: Timestamp::now(), since: Instant::now() }
    }

    fn now(&self) -> Timestamp {
        after(self.started, self.since.elapsed())
    }

    async fn sleep_until(&self, at: Option<Timestamp>) {
        match at {
            None => std::future::pending().await,
            Some(at) => {
                let pause = Duration::try_from(at.duration_since(self.now())).unwrap_or_default();
                tokio::time::sleep(pause).await;
            }
        }
    }
}
