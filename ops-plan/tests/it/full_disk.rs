//! A journal that cannot be written: nothing is changed that was not written before, and the run goes on later.

use ops_plan::{BoxFuture, Error, Event, History, Journal, MemoryJournal, Outcome, Repeat, Result, Runner, Runs};

use crate::lab::{Lab, approve};
use crate::world::Paint;

/// Takes so many records, and no more.
struct Full {
    journal: MemoryJournal,
    left: usize,
    /// Whether the last record is taken and only its sync fails.
    at_sync: bool,
    /// The keys whose intents are durable.
    durable: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Full {
    fn error() -> Error {
        let source = std::io::Error::from(std::io::ErrorKind::StorageFull);
        Error::Journal { what: format!("write: {source}"), source }
    }

    fn take(&mut self) -> Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(Self::error)?;
        Ok(())
    }
}

impl Journal for Full {
    fn durable(&mut self, event: Event) -> BoxFuture<'static, Result<()>> {
        let keys = match &event {
            Event::Intended { keys } => keys.clone(),
            _ => Vec::new(),
        };
        let taken = self.take();
        if taken.is_ok() || self.at_sync {
            let _ = self.journal.note(event);
        }
        let durable = self.durable.clone();
        Box::pin(async move {
            tokio::task::yield_now().await;
            taken?;
            durable.lock().unwrap().extend(keys);
            Ok(())
        })
    }

    fn note(&mut self, event: Event) -> Result<()> {
        self.take()?;
        self.journal.note(event)
    }
}

async fn full_after(records: usize, at_sync: bool) -> bool {
    let lab = Lab::new();
    let paint = Paint::alike(15, 3, |spec| {
        let repeat = if spec.thing % 3 == 0 { Repeat::IfPending } else { Repeat::Safe };
        spec.repeat(repeat)
    });
    let approved = approve(lab.plan(&paint).await);
    let runner = Runner::new(Runs::at(lab.path()), "ada");
    let journal = MemoryJournal::new();
    let durable = std::sync::Arc::default();
    let mut full = Full { journal: journal.clone(), left: records, at_sync, durable: std::sync::Arc::clone(&durable) };
    let result = runner.run_over(&lab.registry, approved.clone(), History::default(), &mut full).await;
    if let Ok(report) = &result {
        assert_eq!(report.outcome, Outcome::Done);
        return false;
    }
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Journal { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("nothing new was started") && text.contains("Free some space and resume"), "{text}");
    let written = durable.lock().unwrap().clone();
    let called: Vec<String> = lab.world.state().calls.keys().cloned().collect();
    assert!(called.iter().all(|key| written.contains(key)), "{called:?} were called, {written:?} were written");
    assert_eq!(lab.world.state().in_flight, 0, "what was out is awaited");

    // There is space again.
    let mut history = History::default();
    journal.entries().iter().for_each(|entry| history.apply(entry));
    let report = runner.run_over(&lab.registry, approved, history, &mut journal.clone()).await.unwrap();
    assert_eq!(report.outcome, Outcome::Done, "after {records}: {}", report.text());
    assert_eq!(report.changed, 15);
    for thing in 0..15 {
        let effects = lab.world.effects_of(&format!("{thing}:0-1"));
        let most = if thing % 3 == 0 { 1 } else { 2 };
        assert!((1..=most).contains(&effects), "after {records}: thing {thing} was painted {effects} times");
    }
    true
}

#[tokio::test(start_paused = true)]
async fn the_disk_is_full_at_every_record() {
    let mut records = 0;
    while full_after(records, false).await {
        records += 1;
    }
    assert!(records > 30, "{records}");
}

/// The record is perhaps on the disk, perhaps not: that is an error as well.
#[tokio::test(start_paused = true)]
async fn a_failed_sync_is_as_bad_as_a_failed_write() {
    let mut records = 0;
    while full_after(records, true).await {
        records += 1;
    }
    assert!(records > 30, "{records}");
}
