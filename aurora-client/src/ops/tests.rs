//! Waits, settled creations, careful kills and restarts, on a paused clock.

use std::time::Duration;

use ops_client::{Effect, ErrorKind};
use tokio::time::{Instant, advance};

use super::fake::{Fake, ends, key, runs};
use crate::{
    AuroraReadExt, AuroraWriteExt, InstanceSet, Instances, NewJob, Patience, Resources, RestartTrouble, RollingRestart,
    TaskFilter, TaskId, TaskStatus, Verdict,
};

fn patience(seconds: u64) -> Patience {
    Patience::of(Duration::from_secs(seconds)).with_grace(Duration::from_secs(60))
}

async fn waited(fake: &Fake, captured: &[TaskId], seconds: u64) -> (Verdict, u64, usize) {
    let begun = Instant::now();
    let mut looks = 0;
    let outcome = fake.wait_ended(&key(), captured, &patience(seconds), |_| looks += 1).await.unwrap();
    (outcome.verdict(), begun.elapsed().as_secs(), looks)
}

#[tokio::test(start_paused = true)]
async fn a_wait_looks_at_once_and_ends_with_the_last() {
    let fake = Fake::with(&[ends(TaskStatus::Finished)]);
    advance(Duration::from_secs(11)).await;
    assert_eq!(waited(&fake, &fake.ids(), 100).await, (Verdict::Finished, 0, 1));

    let fake = Fake::with(&[ends(TaskStatus::Finished), ends(TaskStatus::Failed)]);
    let (verdict, seconds, looks) = waited(&fake, &fake.ids(), 100).await;
    assert_eq!(verdict, Verdict::Failed);
    assert!((10..27).contains(&seconds) && (3..12).contains(&looks), "{seconds} s, {looks} looks");
}

#[tokio::test(start_paused = true)]
async fn a_wait_goes_on_with_who_takes_the_place() {
    let fake = Fake::with(&[ends(TaskStatus::Lost)]);
    let captured = fake.ids();
    fake.state().lives.push_back((0, ends(TaskStatus::Finished)));
    let (verdict, seconds, _) = waited(&fake, &captured, 200).await;
    assert_eq!(verdict, Verdict::Finished);
    assert!(seconds >= 20, "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_come_is_awaited_for_a_while() {
    let fake = Fake::with(&[ends(TaskStatus::Lost)]);
    let (verdict, seconds, _) = waited(&fake, &fake.ids(), 1000).await;
    assert_eq!(verdict, Verdict::Unclear);
    assert!((70..120).contains(&seconds), "{seconds}");
    // Nothing seen is never done.
    let (verdict, seconds, _) = waited(&Fake::new(), &[TaskId::new("t-9")], 1000).await;
    assert_eq!(verdict, Verdict::NoneSeen);
    assert!((60..90).contains(&seconds), "{seconds}");
    assert_eq!(waited(&fake, &[], 1000).await, (Verdict::NoneSeen, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_wait_has_an_end_and_bears_failures() {
    let fake = Fake::with(&[runs()]);
    let begun = Instant::now();
    let late = fake.wait_ended(&key(), &fake.ids(), &patience(30), |_| {}).await.unwrap_err();
    assert_eq!((late.kind(), begun.elapsed().as_secs()), (ErrorKind::Timeout, 30));
    assert!(late.to_string().contains("not ended (0 of 1 ended) after 30 s"), "{late}");

    fake.state().failed_looks = 4;
    assert!(fake.wait_begun(&key(), &fake.ids(), &patience(600)).await.is_ok());
    fake.state().failed_looks = 5;
    let failed = fake.wait_begun(&key(), &fake.ids(), &patience(600)).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn status_says_why_a_task_waits() {
    let status = Fake::with(&[runs()]).status(&key()).await.unwrap();
    assert_eq!(status.instances[0].newest().unwrap().pending.as_deref(), Some("Insufficient: CPU"));
}

fn new_job() -> NewJob {
    let mut job = NewJob::new(key(), Resources::new(1.0, 1, 1), Vec::new());
    job.instances = 2;
    job
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_settled_by_the_nonce_and_nothing_is_sent_twice() {
    use ErrorKind::{Rejected, Timeout};
    for (failure, wanted) in [
        (None, Ok((2, false))),
        (Some((Timeout, Effect::Possible, true)), Ok((2, true))),
        (Some((Timeout, Effect::Possible, false)), Err((Timeout, Effect::Possible))),
        (Some((Rejected, Effect::None, false)), Err((Rejected, Effect::None))),
    ] {
        let fake = Fake::new();
        // Somebody else's task of the same job.
        fake.make(0, None, Some(ends(TaskStatus::Finished)), Some("another"));
        fake.state().failures.extend(failure);
        let created = fake.create_and_settle(&fake, &new_job(), &patience(20)).await;
        let found = created.map(|created| (created.tasks.len(), created.by_looking));
        assert_eq!(found.map_err(|error| (error.kind(), error.effect())), wanted);
        assert_eq!(fake.state().calls, ["create jobs/prod/x"]);
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_was_captured_is_killed() {
    let fake = Fake::with(&[runs(), runs(), ends(TaskStatus::Finished), runs()]);
    let captured = fake.ids();
    advance(Duration::from_secs(11)).await;
    // Instance 1 was created anew, instance 3 has another beside it.
    fake.state().tasks.remove(1);
    fake.make(1, None, None, None);
    fake.make(3, None, None, None);
    let killed = fake.kill_captured(&fake, &key(), &captured, "why").await.unwrap();
    assert_eq!((&killed.told, &killed.left), (&captured[..1].to_vec(), &captured[1..].to_vec()));
    assert_eq!(fake.state().calls, ["kill instance 0"]);
    // Nothing is left, or nothing was captured: nothing is sent.
    for captured in [&captured[1..3], &[]] {
        let killed = fake.kill_captured(&fake, &key(), captured, "").await.unwrap();
        assert!(killed.told.is_empty());
    }
    assert_eq!(fake.state().calls.len(), 1);
    fake.forget();
}

fn restart() -> RollingRestart {
    RollingRestart::new(key(), Instances::All).with_batch(2).with_start_within(Duration::from_secs(120))
}

async fn running(instances: usize) -> Fake {
    let fake = Fake::with(&vec![runs(); instances]);
    advance(Duration::from_secs(5)).await;
    let _ = crate::AuroraRead::tasks(&fake, &TaskFilter::of_job(&key())).await.unwrap();
    fake
}

#[tokio::test(start_paused = true)]
async fn batch_by_batch_each_watched() {
    let fake = running(3).await;
    let begun = Instant::now();
    let mut said = Vec::new();
    let done = restart().run(&fake, &fake, |step| said.push(step.to_string())).await.unwrap();
    assert_eq!((done.up, done.failed, done.left), (vec![0, 1, 2], vec![], vec![]));
    assert_eq!(fake.state().calls, ["restart 0-1", "restart 2"]);
    assert_eq!(said[..3], ["restarting instances 0-1", "instance 0 is up", "instance 1 is up"]);
    assert!((60..130).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn one_that_never_starts_or_does_not_stay_has_failed() {
    let waits = vec![(0, TaskStatus::Pending)];
    let never = RestartTrouble::NeverStarted(Some(TaskStatus::Pending));
    let fell = RestartTrouble::DidNotStay(TaskStatus::Failed);
    for (life, trouble) in [(waits, never), (ends(TaskStatus::Failed), fell)] {
        let fake = running(3).await;
        fake.state().lives.push_back((1, life.clone()));
        let done = restart().run(&fake, &fake, |_| {}).await.unwrap();
        assert_eq!((done.up, done.failed, done.left), (vec![0], vec![(1, trouble)], vec![2]));
        assert_eq!(fake.state().calls, ["restart 0-1"]);
        // Where one may fail, the others follow.
        let fake = running(3).await;
        fake.state().lives.push_back((1, life));
        let done = restart().with_may_fail(1).run(&fake, &fake, |_| {}).await.unwrap();
        assert_eq!((done.up, done.failed, done.left), (vec![0, 2], vec![(1, trouble)], vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_whose_answer_is_lost_is_watched_not_sent_again() {
    for (does, up) in [(true, vec![0]), (false, vec![])] {
        let fake = running(1).await;
        fake.state().failures.push_back((ErrorKind::Timeout, Effect::Possible, does));
        let done = restart().run(&fake, &fake, |_| {}).await.unwrap();
        assert_eq!(done.up, up);
        assert_eq!(fake.state().calls.len(), 1);
        let never = [(0, RestartTrouble::NeverStarted(None))];
        assert_eq!(done.failed, if does { &[][..] } else { &never });
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_stops() {
    let fake = running(2).await;
    fake.state().failures.push_back((ErrorKind::Rejected, Effect::None, false));
    let error = restart().run(&fake, &fake, |_| {}).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Rejected, Effect::None));
    // One that is not active: nothing is sent.
    let idle = RollingRestart::new(key(), Instances::Only(InstanceSet::new([1, 7]).unwrap()));
    let fake = running(2).await;
    assert_eq!(idle.run(&fake, &fake, |_| {}).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert!(fake.state().calls.is_empty());
    // Nothing active: nothing to do.
    let done = restart().run(&Fake::new(), &fake, |_| {}).await.unwrap();
    assert_eq!(done, super::Restarted::default());
}
