//! The recipe on another engine: one thing at a time, and a journal that may fail at any record.

use std::time::Duration;

use jiff::Timestamp;
use ops_plan::{
    BoxFuture, Change, Event, Failure, History, Host, Job, Journal, MemoryJournal, Next, Outcome, Result, Target, Walk,
};

use crate::faults::{Fault, Flaky, approve, pause};
use crate::pause_consumers::recipe::registry;

/// Drives a job, one thing after the other. What it has written down so far is all that it knows of earlier lives.
async fn drive(job: &dyn Job, journal: &mut dyn Journal, earlier: &History) -> Result<Outcome> {
    let past = earlier.past(job.plan());
    let mut walk = Walk::resume(job.plan(), |i| past.get(i).copied().unwrap_or_default());
    let key = |i: usize| job.plan().key(i).unwrap_or_default();
    let (operator, host) = ("ana".to_owned(), "here".to_owned());
    journal.note(Event::Started {
        operator,
        host,
        pid: 0,
        resumed: earlier.started_at.is_some(),
        taken_over: false,
    })?;
    let outcome = loop {
        let changes = match walk.next(Timestamp::now()) {
            Next::Look(which) => match job.observe(&which).await {
                Ok(seen) => walk.observed(&which, seen, Timestamp::now()),
                Err(error) => walk.blind(&error.to_string(), Timestamp::now()),
            },
            Next::Intend(which) => {
                // On disk before the call: this is what a crash is survived by.
                journal.durable(Event::Intended { keys: which.iter().map(|&i| key(i)).collect() }).await?;
                walk.intended(&which);
                Vec::new()
            }
            Next::Perform(i) => {
                let result = job.perform(i).await.map_err(|error| Failure::from(&error));
                let attempt = walk.attempts(i);
                journal.note(match &result {
                    Ok(()) => Event::Performed { key: key(i), attempt },
                    Err(failure) => {
                        let (effect, error) = (failure.effect.into(), failure.text.clone());
                        Event::Tried { key: key(i), attempt, effect, error }
                    }
                })?;
                walk.performed(i, result, Timestamp::now())
            }
            Next::Until(at) => {
                let wait = Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or_default();
                tokio::time::sleep(wait).await;
                Vec::new()
            }
            // Nothing is ever out while it is asked, so there is nothing to await.
            Next::Await | Next::End => break walk.outcome(),
        };
        for change in changes {
            journal.note(match change {
                Change::Going(i, how) => Event::Going { key: key(i), how },
                Change::Confirmed(i) => Event::Confirmed { keys: vec![key(i)] },
                Change::AlreadyDone(i) => Event::AlreadyDone { keys: vec![key(i)] },
                Change::Drifted(i, how) => Event::Drifted { key: key(i), how },
                Change::Failed(i, why) => Event::Failed { key: key(i), why },
                Change::Unknown(i, why) => Event::Unknown { key: key(i), why },
                Change::Stopping(why) => Event::Stopping { why },
            })?;
        }
    };
    if outcome == Outcome::Done {
        journal.note(Event::Verified { findings: job.verify(&walk.done()).await? })?;
    }
    for obligation in walk.changed().into_iter().filter_map(|i| job.obligation(i)) {
        journal.note(Event::Obliged { obligation })?;
    }
    journal.durable(Event::Ended { outcome }).await?;
    Ok(outcome)
}

/// A journal whose process dies before this record.
struct Mortal {
    journal: MemoryJournal,
    left: usize,
}

impl Journal for Mortal {
    fn durable(&mut self, event: Event) -> BoxFuture<'static, Result<()>> {
        let written = self.note(event);
        Box::pin(async { written })
    }

    fn note(&mut self, event: Event) -> Result<()> {
        self.left = self.left.checked_sub(1).ok_or(ops_plan::Error::Invalid("dead".into()))?;
        self.journal.note(event)
    }
}

#[tokio::test]
async fn another_engine_survives_its_death_at_every_record() {
    for moment in 0.. {
        let broker = Flaky::new(&[Fault::Lost]);
        let host = registry(&broker);
        let plan = host.propose(&pause(&["billing-1", "billing-2"]), Target::new("test")).await.unwrap();
        let job = host.open(&approve(plan)).unwrap();
        let journal = MemoryJournal::new();
        let died = drive(&*job, &mut Mortal { journal: journal.clone(), left: moment }, &History::default()).await;
        let outcome = match died {
            Ok(outcome) => outcome,
            Err(_) => {
                let mut earlier = History::default();
                journal.entries().iter().for_each(|entry| earlier.apply(entry));
                drive(&*job, &mut journal.clone(), &earlier).await.unwrap()
            }
        };
        assert_eq!(outcome, Outcome::Done, "record {moment}");
        assert_eq!(broker.limits().await, [0, 0, 2], "record {moment}");
        assert!((2..=3).contains(&broker.calls()), "record {moment}: {} calls", broker.calls());
        if died.is_ok() {
            assert!(moment > 8, "only {moment} records");
            break;
        }
    }
}
