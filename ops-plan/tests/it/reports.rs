//! What people read, word for word.

use jiff::Timestamp;
use ops_client::ErrorKind;
use ops_plan::{Danger, Finding, Outcome, Report, Target};

use crate::lab::{Lab, approve};
use crate::world::{Paint, Reply};

/// With what differs from run to run made the same.
fn fixed(mut report: Report) -> Report {
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    report.run = "20261122T120000Z-paint-0123ab".into();
    report.host = "workbench".into();
    report.plan = "0123abcd4567".into();
    report.started_at = time("2026-11-22T12:00:00Z");
    report.ended_at = time("2026-11-22T12:03:20Z");
    report
}

async fn good(lab: &Lab) -> Report {
    lab.world.set(2, 1);
    let paint = Paint {
        later: vec!["clean the brushes".into()],
        ..Paint::alike(4, 2, |spec| if spec.thing == 0 { spec.owing() } else { spec })
    };
    let plan = lab.plan_in(&paint, Target::sandbox()).await;
    fixed(lab.runner().start(&lab.registry, approve(plan)).await.unwrap())
}

async fn bad(lab: &Lab) -> Report {
    lab.world.reply(1, [Reply::refused(ErrorKind::Rejected)]);
    let paint = Paint::alike(3, 1, |spec| spec.danger(Danger::Disruptive));
    fixed(lab.run(&paint).await.1.unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_good_run_in_text() {
    insta::assert_snapshot!(good(&Lab::new()).await.text(), @"
    [done, 1 still owed] sandbox: paint 4 things — 4 of 4 done
    3 by this run, 1 already so · 2026-11-22T12:00:00Z–2026-11-22T12:03:20Z (3 min)
    verified: 4 of 4 things have their colour
    owed: wash thing 0 (the painters), until 2026-11-23T06:00:00Z
    later: clean the brushes
    run 20261122T120000Z-paint-0123ab by ada on workbench, plan 0123abcd4567
    ");
}

#[tokio::test(start_paused = true)]
async fn a_stopped_run_in_text() {
    insta::assert_snapshot!(bad(&Lab::new()).await.text(), @"
    [stopped] test: paint 3 things — 1 of 3 done
    1 by this run, 2 left · 2026-11-22T12:00:00Z–2026-11-22T12:03:20Z (3 min)
    stopped: failed: wall.paint: Rejected
    trouble: thing 1: 0 → 1: wall.paint: Rejected
    run 20261122T120000Z-paint-0123ab by ada on workbench, plan 0123abcd4567
    ");
}

#[tokio::test(start_paused = true)]
async fn a_good_run_in_markdown() {
    insta::assert_snapshot!(good(&Lab::new()).await.markdown(), @"
    **[done, 1 still owed] sandbox: paint 4 things — 4 of 4 done**

    - 3 by this run, 1 already so · 2026-11-22T12:00:00Z–2026-11-22T12:03:20Z (3 min)
    - verified: 4 of 4 things have their colour
    - owed: wash thing 0 (the painters), until 2026-11-23T06:00:00Z
    - later: clean the brushes
    - run 20261122T120000Z-paint-0123ab by ada on workbench, plan 0123abcd4567
    ");
}

#[tokio::test(start_paused = true)]
async fn a_stopped_run_in_markdown() {
    insta::assert_snapshot!(bad(&Lab::new()).await.markdown(), @"
    **[stopped] test: paint 3 things — 1 of 3 done**

    - 1 by this run, 2 left · 2026-11-22T12:00:00Z–2026-11-22T12:03:20Z (3 min)
    - stopped: failed: wall.paint: Rejected
    - trouble: thing 1: 0 → 1: wall.paint: Rejected
    - run 20261122T120000Z-paint-0123ab by ada on workbench, plan 0123abcd4567

    Left to do, by hand (2 in all):

    ```
    paint 1 1
    paint 2 1
    ```
    ");
}

#[tokio::test(start_paused = true)]
async fn the_reports_lie_in_the_folder() {
    let lab = Lab::new();
    lab.world.reply(0, [Reply::refused(ErrorKind::Rejected)]);
    let (dir, report) = lab.run(&Paint::alike(3, 1, |spec| spec.danger(Danger::Disruptive))).await;
    let report = report.unwrap();
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(read("report.txt"), report.text());
    assert_eq!(read("report.md"), report.markdown());
    let json: serde_json::Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!((json["outcome"].as_str(), json["left"].as_u64()), (Some("stopped"), Some(3)));
    assert_eq!(read("by-hand.md").matches("- [ ]").count(), 3, "from planning on");
    assert_eq!(read("by-hand-left.md").matches("      paint ").count(), 3);
}

/// However much there is to tell, and whatever line ends it holds.
#[tokio::test(start_paused = true)]
async fn a_text_has_at_most_fifteen_lines() {
    let mut report = bad(&Lab::new()).await;
    let long = "one\ntwo\r\nthree\u{7}".repeat(500);
    report.title.clone_from(&long);
    report.stop = Some(ops_plan::Stop::Failures(long.clone()));
    report.troubles = vec![(long.clone(), long.clone()); 30];
    report.findings = vec![Finding::block("wet", long.clone()); 30];
    report.debts = vec![ops_plan::Obligation::new("wash", long.clone()).with_owner(long.clone()); 30];
    report.later = vec![long; 30];
    let text = report.text();
    assert!(text.lines().count() <= 15, "{} lines", text.lines().count());
    assert!(text.lines().all(|line| line.chars().count() <= 601 && !line.contains('\r')));
    assert!(report.line().lines().count() == 1 && report.line().contains("30 still owed"));
}

/// Verification that never gets an answer proves nothing.
#[tokio::test(start_paused = true)]
async fn what_is_not_as_wanted_is_no_success() {
    let lab = Lab::new();
    lab.world.state().spoilt = true;
    let (dir, report) = lab.run(&Paint::alike(2, 1, |spec| spec)).await;
    let report = report.unwrap();
    assert_eq!(report.outcome, Outcome::VerificationFailed);
    assert!(report.line().starts_with("[verification failed]"), "{}", report.line());
    lab.world.state().spoilt = false;
    let report = lab.runner().resume(&lab.registry, &dir, false).await.unwrap();
    assert_eq!(report.outcome, Outcome::Done, "looked at again, and nothing called again");
    assert_eq!(lab.world.calls(), 2);
}
