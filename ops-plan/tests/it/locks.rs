//! One run at a time holds a subject; who else comes is told who.

use std::time::Duration;

use jiff::Timestamp;
use ops_plan::{Approval, Error, Event, FileJournal, Journal, Outcome, Report, Result, RunDir, RunState, Runs, Target};
use tokio::task::JoinHandle;

use crate::lab::{Lab, approve};
use crate::world::{Paint, Reply, Spec};

fn walls(names: &[&str], thing: u32) -> Paint {
    let subjects = names.iter().map(|name| (*name).to_owned()).collect();
    Paint { subjects, ..Paint::phases(vec![(1, vec![Spec::new(thing)])]) }
}

/// Begins a run whose only call takes ten minutes.
async fn long(lab: &Lab, paint: &Paint) -> (RunDir, JoinHandle<Result<Report>>) {
    let things: Vec<u32> = paint.phases.iter().flat_map(|(_, specs)| specs.iter().map(|spec| spec.thing)).collect();
    lab.world.reply(things[0], [Reply::good().taking(600_000)]);
    let (dir, approved) = lab.prepared(paint).await;
    let (registry, runner, at) = (Paint::registry(&lab.world), lab.runner(), dir.clone());
    let life = tokio::spawn(async move { runner.run(&registry, &at, approved).await });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(lab.world.state().in_flight, 1);
    (dir, life)
}

fn held(result: Result<Report>) -> (String, String) {
    match result {
        Err(Error::Held { subject, holder }) => (subject, holder),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn one_works_and_the_other_is_told_who() {
    let lab = Lab::new();
    let (first, life) = long(&lab, &walls(&["north", "south"], 1)).await;
    let (_, second) = lab.run(&walls(&["east", "south"], 2)).await;
    let (subject, holder) = held(second);
    assert_eq!(subject, "wall south");
    let info = first.info().unwrap();
    for part in [info.id.as_str(), "ada", info.host.as_str(), &std::process::id().to_string()] {
        assert!(holder.contains(part), "{holder} does not name {part}");
    }
    assert_eq!(lab.world.state().calls.len(), 1, "nothing was called");

    // What the other had locked before it failed is free, and so is everything that nobody holds.
    let (_, third) = lab.run(&walls(&["east"], 3)).await;
    assert_eq!(third.unwrap().outcome, Outcome::Done);
    // The same wall of another town is another wall.
    let elsewhere = approve(lab.plan_in(&walls(&["north"], 4), Target::new("best")).await);
    let fourth = lab.runner().start(&lab.registry, elsewhere).await.unwrap();
    assert_eq!(fourth.outcome, Outcome::Done);
    assert!(!life.is_finished());

    assert_eq!(life.await.unwrap().unwrap().outcome, Outcome::Done);
    let (_, fifth) = lab.run(&walls(&["north", "south"], 5)).await;
    assert_eq!(fifth.unwrap().outcome, Outcome::Done, "the locks died with the run");
}

#[tokio::test(start_paused = true)]
async fn a_running_run_can_be_neither_resumed_nor_undone() {
    let lab = Lab::new();
    let (dir, life) = long(&lab, &walls(&["north"], 1)).await;
    for take_over in [false, true] {
        let (subject, holder) = held(lab.runner().resume(&lab.registry, &dir, take_over).await);
        assert!(subject.starts_with("run ") && holder.contains("ada"), "{subject} {holder}");
    }
    assert!(matches!(lab.runner().plan_undo(&lab.registry, &dir).await, Err(Error::Held { .. })));
    assert_eq!(life.await.unwrap().unwrap().outcome, Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn a_list_says_where_each_run_stands() {
    let lab = Lab::new();
    let state = |dir: &RunDir| {
        let all = lab.runs().list().unwrap();
        let mine = all.into_iter().map(Result::unwrap).find(|run| run.dir.path() == dir.path()).unwrap();
        mine.state
    };
    let (planned, _) = lab.prepared(&walls(&["north"], 1)).await;
    let (done, report) = lab.run(&walls(&["north"], 2)).await;
    report.unwrap();
    let (running, life) = long(&lab, &walls(&["north"], 3)).await;
    let (dead, approved) = lab.prepared(&walls(&["east"], 4)).await;
    assert!(lab.run_until(&dead, Some(approved), 3).await);
    lab.world.reply(5, [Reply::refused(ops_client::ErrorKind::Rejected)]);
    let (failed, report) = lab.run(&walls(&["south"], 5)).await;
    assert_eq!(report.unwrap().outcome, Outcome::Stopped);

    assert_eq!(state(&planned), RunState::Planned);
    assert_eq!(state(&done), RunState::Ended(Outcome::Done));
    assert_eq!(state(&running), RunState::Running);
    assert_eq!(state(&dead), RunState::Interrupted);
    assert_eq!(state(&failed), RunState::Ended(Outcome::Stopped));
    assert_eq!(lab.runs().list().unwrap().len(), 5);

    life.abort();
    assert!(life.await.unwrap_err().is_cancelled());
    assert_eq!(state(&running), RunState::Interrupted);
    let found = lab.runs().find(&dead.info().unwrap().id).unwrap();
    assert_eq!(found.path(), dead.path());
    assert!(lab.runs().find("paint").unwrap_err().to_string().contains("name one of them"));
    assert!(lab.runs().find("sculpt").unwrap_err().to_string().contains("no run"));
}

/// Locks do not reach another machine: whoever takes its run over says so.
#[tokio::test(start_paused = true)]
async fn the_run_of_another_machine_is_taken_over_by_name_only() {
    let lab = Lab::new();
    let (dir, approved) = lab.prepared(&walls(&["north"], 1)).await;
    let mut journal = FileJournal::create(&dir.journal()).unwrap();
    let approval: Approval = approved.approval().clone();
    journal.durable(Event::Approved { approval }).await.unwrap();
    let started = Event::Started {
        operator: "grace".into(),
        host: "another-machine".into(),
        pid: 4711,
        resumed: false,
        taken_over: false,
    };
    journal.durable(started).await.unwrap();
    drop(journal);
    assert_eq!(Runs::summary(dir.clone()).unwrap().state, RunState::Running, "it wrote a moment ago");
    let (_, holder) = held(lab.runner().resume(&lab.registry, &dir, false).await);
    for part in ["grace", "another-machine", "4711", "--take-over"] {
        assert!(holder.contains(part), "{holder} does not name {part}");
    }
    assert_eq!(lab.world.calls(), 0);
    let report = lab.runner().resume(&lab.registry, &dir, true).await.unwrap();
    assert_eq!(report.outcome, Outcome::Done);
    let text = std::fs::read_to_string(dir.journal()).unwrap();
    assert!(text.contains("\"taken_over\":true"), "the journal says so");
    assert!(report.ended_at <= Timestamp::now());
}
