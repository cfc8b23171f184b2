//! What a run leaves behind on purpose is owed until a later run settles it, or the world shows that it is done.

use jiff::Timestamp;
use ops_plan::{Due, Outcome, Runs};

use crate::lab::Lab;
use crate::world::{Paint, Spec};

async fn due(lab: &Lab, at: &str) -> Vec<Due> {
    let debts = lab.runs().due(Some(&lab.registry), at.parse().unwrap()).await.unwrap();
    assert!(debts.unreadable.is_empty(), "{:?}", debts.unreadable);
    debts.due
}

fn ids(due: &[Due]) -> Vec<&str> {
    due.iter().map(|due| due.obligation.id.as_str()).collect()
}

const EARLY: &str = "2026-11-22T12:00:00Z";
const LATE: &str = "2026-11-23T12:00:00Z";

#[tokio::test(start_paused = true)]
async fn what_is_owed_is_due_until_it_is_settled() {
    let lab = Lab::new();
    let (dir, report) = lab.run(&Paint::alike(3, 1, Spec::owing)).await;
    let report = report.unwrap();
    assert!(report.line().starts_with("[done, 3 still owed]"), "{}", report.line());
    assert!(report.text().lines().next().unwrap().contains("3 still owed"));

    let now = due(&lab, EARLY).await;
    assert_eq!(ids(&now), ["wash-0", "wash-1", "wash-2"]);
    assert!(now.iter().all(|due| due.run == report.run && !due.overdue && due.unseen.is_none()));
    assert_eq!(now[0].obligation.owner.as_deref(), Some("the painters"));
    assert!(due(&lab, LATE).await.iter().all(|due| due.overdue));

    // The remedy has come through the journal whole: it is a question that can be asked.
    let remedy = now[0].obligation.remedy.as_ref().unwrap();
    assert_eq!(remedy.recipe, "paint");
    let question: Paint = serde_json::from_str(remedy.question.get()).unwrap();
    assert_eq!(question.phases.len(), 1);

    // One is washed by hand: the world shows it.
    lab.world.state().washed.insert("wash-1".into());
    assert_eq!(ids(&due(&lab, EARLY).await), ["wash-0", "wash-2"]);
    // Where nobody is asked, nothing is taken as done.
    let blind = lab.runs().due(None, EARLY.parse().unwrap()).await.unwrap().due;
    assert_eq!(blind.len(), 3);
    assert!(blind.iter().all(|due| due.unseen.is_some()));
    // And where the world cannot be looked at, the debt stays and says so.
    lab.world.state().blind = 1;
    let now = due(&lab, EARLY).await;
    assert_eq!(ids(&now), ["wash-0", "wash-2"]);
    assert!(now[0].unseen.is_some() && now[1].unseen.is_none());

    // A later run settles one.
    let settling = Paint { settles: vec!["wash-2".into()], ..Paint::phases(vec![(1, vec![Spec::new(7)])]) };
    let (_, report) = lab.run(&settling).await;
    assert!(report.unwrap().line().starts_with("[done] "));
    assert_eq!(ids(&due(&lab, EARLY).await), ["wash-0"]);
    assert_eq!(Runs::summary(dir).unwrap().history.debts().count(), 3, "the run itself still knows what it left");
}

/// The same debt, left again after it was settled, is owed again.
#[tokio::test(start_paused = true)]
async fn a_debt_may_come_again() {
    let lab = Lab::new();
    let owing = Paint::alike(1, 1, Spec::owing);
    lab.run(&owing).await.1.unwrap();
    let settling =
        Paint { settles: vec!["wash-0".into()], ..Paint::phases(vec![(1, vec![Spec { to: 0, ..Spec::new(0) }])]) };
    lab.run(&settling).await.1.unwrap();
    assert!(due(&lab, EARLY).await.is_empty());
    lab.world.set(0, 0);
    let (again, report) = lab.run(&owing).await;
    assert_eq!(report.unwrap().changed, 1);
    let now = due(&lab, EARLY).await;
    assert_eq!(ids(&now), ["wash-0"]);
    assert_eq!(now[0].run, again.info().unwrap().id);
}

/// A settling run that does not get to its end settles nothing.
#[tokio::test(start_paused = true)]
async fn only_a_finished_run_settles() {
    let lab = Lab::new();
    lab.run(&Paint::alike(1, 1, Spec::owing)).await.1.unwrap();
    let settling = Paint { settles: vec!["wash-0".into()], ..Paint::phases(vec![(1, vec![Spec::new(7)])]) };
    lab.world.state().spoilt = true;
    let (dir, report) = lab.run(&settling).await;
    assert_eq!(report.unwrap().outcome, Outcome::VerificationFailed);
    assert_eq!(ids(&due(&lab, EARLY).await), ["wash-0"]);
    lab.world.state().spoilt = false;
    let report = lab.runner().resume(&lab.registry, &dir, false).await.unwrap();
    assert_eq!(report.outcome, Outcome::Done);
    assert!(due(&lab, EARLY).await.is_empty());
}

/// What a run owes is in its journal before its effect is called seen, whenever it dies.
#[tokio::test(start_paused = true)]
async fn no_debt_is_lost_by_a_death() {
    for number in 0..40 {
        let lab = Lab::new();
        let (dir, approved) = lab.prepared(&Paint::alike(4, 2, Spec::owing)).await;
        if !lab.run_until(&dir, Some(approved), number).await {
            continue;
        }
        let history = Runs::summary(dir.clone()).unwrap().history;
        assert!(history.debts().count() >= history.done(), "event {number}");
        let report = lab.runner().resume(&lab.registry, &dir, false).await.unwrap();
        assert_eq!(report.debts.len(), 4, "event {number}");
        assert_eq!(due(&lab, EARLY).await.len(), 4, "event {number}");
        assert!(Timestamp::now() >= report.started_at);
    }
}

/// A run that cannot be read may owe something: it is named, not passed over.
#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_be_read_is_named() {
    let lab = Lab::new();
    let (dir, _) = lab.run(&Paint::alike(1, 1, Spec::owing)).await;
    std::fs::write(dir.path().join("run.json"), "{}").unwrap();
    let debts = lab.runs().due(None, EARLY.parse().unwrap()).await.unwrap();
    assert!(debts.due.is_empty());
    assert!(debts.unreadable[0].to_string().contains("run.json"), "{:?}", debts.unreadable);
}
