//! The runner dies at every event; the next process has the folder and the world.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ops_client::ErrorKind;
use ops_plan::{Outcome, Repeat, Report, RunDir, Stop};

use crate::lab::{Count, Lab};
use crate::world::{Paint, Reply, Spec};

const THINGS: u32 = 24;

fn looked_at(thing: u32) -> Repeat {
    if thing % 3 == 1 { Repeat::IfPending } else { Repeat::Safe }
}

fn all_kinds(thing: u32) -> Repeat {
    if thing % 6 == 5 { Repeat::Never } else { looked_at(thing) }
}

fn troubled(width: usize, kinds: fn(u32) -> Repeat) -> (Lab, Paint) {
    let lab = Lab::new();
    lab.world.reply(2, [Reply::good().showing_after(700)]);
    lab.world.reply(4, [Reply::lost().showing_after(300)]);
    lab.world.reply(6, [Reply::refused(ErrorKind::Unavailable)]);
    lab.world.reply(9, [Reply::lost()]);
    lab.world.reply(11, [Reply::lost().showing_after(100)]);
    lab.world.reply(13, [Reply::refused(ErrorKind::RateLimited), Reply::lost()]);
    let spec = |thing| Spec { settle_ms: 1000, ..Spec::new(thing).repeat(kinds(thing)) };
    let paint = Paint::phases(vec![(width, (0..16).map(spec).collect()), (width, (16..THINGS).map(spec).collect())]);
    (lab, paint)
}

async fn events(width: usize, kinds: fn(u32) -> Repeat) -> usize {
    let (lab, paint) = troubled(width, kinds);
    let (dir, approved) = lab.prepared(&paint).await;
    let count = Arc::new(Count::default());
    let runner = lab.runner().watched_by(count.clone());
    let report = runner.run(&lab.registry, &dir, approved).await.unwrap();
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(lab.world.state().most_in_flight <= width);
    count.0.load(Ordering::Relaxed)
}

async fn resume(lab: &Lab, dir: &RunDir) -> Report {
    lab.runner().resume(&lab.registry, dir, false).await.unwrap()
}

/// No effect came more often than it may.
fn check(lab: &Lab, deaths: u32, kinds: fn(u32) -> Repeat, context: &str) {
    for thing in 0..THINGS {
        let effects = lab.world.effects_of(&format!("{thing}:0-1"));
        // A call without an answer that is safe to repeat is repeated: a death adds one to what that does in any case.
        let own = if matches!(thing, 4 | 9 | 11 | 13) { 2 } else { 1 };
        let most = if kinds(thing) == Repeat::Safe { own + deaths } else { 1 };
        assert!(effects <= most, "{context}: thing {thing} was painted {effects} times");
    }
}

/// The thing that a report speaks of.
fn thing(text: &str) -> u32 {
    text.trim_start_matches("thing ").split(':').next().unwrap().parse().unwrap()
}

async fn dies_everywhere(width: usize) {
    let events = events(width, looked_at).await;
    assert!(events > 50, "{events}");
    for number in 0..events {
        let (lab, paint) = troubled(width, looked_at);
        let (dir, approved) = lab.prepared(&paint).await;
        let context = format!("width {width}, event {number}");
        if lab.run_until(&dir, Some(approved), number).await {
            check(&lab, 0, looked_at, &context);
            let report = resume(&lab, &dir).await;
            assert_eq!(report.outcome, Outcome::Done, "{context}: {}", report.text());
            assert_eq!(report.changed, THINGS as usize, "{context}: all is this run's");
        } else {
            // Not every life has the same number of events.
            assert!(number + 20 > events, "{context}: no death");
        }
        check(&lab, 1, looked_at, &context);
        assert!((0..THINGS).all(|thing| lab.world.value(thing) == 1), "{context}: something is lost");
    }
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_it_dies_at_every_event() {
    dies_everywhere(1).await;
}

#[tokio::test(start_paused = true)]
async fn ten_at_once_it_dies_at_every_event() {
    dies_everywhere(10).await;
}

/// What must never be repeated is not, whenever it dies: the run ends, or says what a person must look at.
#[tokio::test(start_paused = true)]
async fn what_must_never_be_repeated_is_not() {
    let events = events(10, all_kinds).await;
    let mut unknown = 0;
    for number in 0..events {
        let (lab, paint) = troubled(10, all_kinds);
        let (dir, approved) = lab.prepared(&paint).await;
        if !lab.run_until(&dir, Some(approved), number).await {
            continue;
        }
        let context = format!("event {number}");
        let report = resume(&lab, &dir).await;
        check(&lab, 1, all_kinds, &context);
        if report.outcome == Outcome::Done {
            continue;
        }
        unknown += 1;
        assert_eq!(report.outcome, Outcome::Unknown, "{context}: {}", report.text());
        // Taken up again, it looks again, and still does not call.
        let report = resume(&lab, &dir).await;
        assert_eq!(report.outcome, Outcome::Unknown, "{context}: {}", report.text());
        assert!(report.troubles.iter().all(|(what, _)| all_kinds(thing(what)) == Repeat::Never));
        check(&lab, 1, all_kinds, &context);
        // A person does it by hand, and the run goes on.
        for (what, _) in &report.troubles {
            lab.world.set(thing(what), 1);
        }
        let report = resume(&lab, &dir).await;
        assert!(matches!(report.outcome, Outcome::Done | Outcome::Unknown), "{context}: {}", report.text());
        check(&lab, 1, all_kinds, &context);
    }
    assert!(unknown > 0, "no death was between an intent and its call");
}

/// It dies again and again, a few events further each time.
#[tokio::test(start_paused = true)]
async fn it_gets_to_the_end_over_many_deaths() {
    for stride in [7, 12] {
        let (lab, paint) = troubled(3, looked_at);
        let (dir, approved) = lab.prepared(&paint).await;
        let mut deaths = 0;
        let mut approved = Some(approved);
        while lab.run_until(&dir, approved.take(), stride).await {
            deaths += 1;
            assert!(deaths < 60, "it does not end");
            // What was called three times by the dead is a failure; taken up by hand, it is tried afresh.
        }
        assert!(deaths > 3);
        let mut rounds = 0;
        while (0..THINGS).any(|thing| lab.world.value(thing) != 1) {
            resume(&lab, &dir).await;
            rounds += 1;
            assert!(rounds < 5, "it does not end");
        }
        check(&lab, deaths, looked_at, &format!("stride {stride}"));
    }
}

/// An action that kills its process is not tried for ever.
#[tokio::test(start_paused = true)]
async fn an_action_that_kills_its_process_is_given_up() {
    let lab = Lab::new();
    let (dir, approved) = lab.prepared(&Paint::alike(3, 1, |spec| spec)).await;
    lab.world.state().killer = Some(1);
    let mut lives = 0;
    let mut approved = Some(approved);
    while lab.run_until(&dir, approved.take(), usize::MAX).await {
        lives += 1;
        assert!(lives < 10, "it kills for ever");
    }
    assert_eq!(lives, 3);
    let history = ops_plan::Runs::summary(dir.clone()).unwrap().history;
    assert_eq!(history.outcome, Some(Outcome::Stopped));
    assert!(matches!(&history.stop, Some(Stop::Failures(_))), "{:?}", history.stop);
    assert_eq!(lab.world.state().calls["1:0-1"], 3);
    assert_eq!(lab.world.effects_of("0:0-1"), 1);

    // It is mended; a person takes the run up.
    lab.world.state().killer = None;
    let report = resume(&lab, &dir).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
}

/// A call without a result is remembered over a resume that could not look, and ended in good order.
#[tokio::test(start_paused = true)]
async fn a_call_of_the_dead_is_remembered_by_those_who_could_not_look() {
    let lab = Lab::new();
    lab.world.reply(0, [Reply::good().showing_after(60_000).taking(100)]);
    let paint = Paint::alike(1, 1, |spec| Spec { settle_ms: 1000, ..spec.repeat(Repeat::Never) });
    let (dir, approved) = lab.prepared(&paint).await;
    // Started, phase, intended; the call; then it dies with the result in its hands.
    assert!(lab.run_until(&dir, Some(approved), 3).await);
    assert_eq!(lab.world.effects_of("0:0-1"), 1);
    lab.world.state().blind = 5;
    let report = resume(&lab, &dir).await;
    assert_eq!(report.outcome, Outcome::Unknown, "{}", report.text());
    assert!(matches!(report.stop, Some(Stop::Blind(_))));
    // The effect is still not to be seen.
    let report = resume(&lab, &dir).await;
    assert_eq!(report.outcome, Outcome::Unknown);
    assert_eq!(lab.world.calls(), 1, "called twice");
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let report = resume(&lab, &dir).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(report.changed, 1);
    assert_eq!(lab.world.calls(), 1);
}

/// A stop is no crash: what is in flight is awaited, nothing new starts, and the run goes on later.
#[tokio::test(start_paused = true)]
async fn a_stop_awaits_what_is_out() {
    let lab = Lab::new();
    lab.world.state().usual = Some(Reply::good().taking(2000));
    let (dir, approved) = lab.prepared(&Paint::alike(30, 4, |spec| spec)).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let runner = lab.runner().stopping_on(stop.clone());
    let (registry, at) = (Paint::registry(&lab.world), dir.clone());
    let life = tokio::spawn(async move { runner.run(&registry, &at, approved).await });
    // One, two, and now four are out.
    tokio::time::sleep(std::time::Duration::from_millis(5000)).await;
    assert_eq!(lab.world.state().in_flight, 4);
    stop.cancel();
    let report = life.await.unwrap().unwrap();
    assert_eq!(report.outcome, Outcome::Cancelled);
    assert_eq!((report.changed, report.left), (7, 23));
    assert_eq!(lab.world.calls(), 7);
    assert!(dir.path().join("by-hand-left.md").exists());
    let report = resume(&lab, &dir).await;
    assert_eq!(report.outcome, Outcome::Done);
    assert_eq!(lab.world.calls(), 30);
    assert!(!dir.path().join("by-hand-left.md").exists(), "nothing is left");
}

/// An abort is a crash by hand.
#[tokio::test(start_paused = true)]
async fn an_abort_leaves_calls_behind_and_a_resume_looks_first() {
    let lab = Lab::new();
    lab.world.state().usual = Some(Reply::good().taking(2000));
    let (dir, approved) = lab.prepared(&Paint::alike(3, 3, |spec| spec.repeat(Repeat::IfPending))).await;
    let abort = tokio_util::sync::CancellationToken::new();
    let runner = lab.runner().aborting_on(abort.clone());
    let (registry, at) = (Paint::registry(&lab.world), dir.clone());
    let life = tokio::spawn(async move { runner.run(&registry, &at, approved).await });
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    abort.cancel();
    let report = life.await.unwrap().unwrap();
    assert_eq!(report.outcome, Outcome::Unknown);
    let report = resume(&lab, &dir).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(lab.world.calls(), 3, "they had worked");
}
