//! `triage-failure`: what failed, what follows, what is merely not reached, and what to do next.

use std::sync::Arc;

use metapod_client::DatasetName;
use ops_recipes::datasets::{
    Failed, Job, JobState, Knowledge, Owner, Standing, Successors, Triage, TriageFailure, TriageReads, Writer,
};

use crate::stage::{Told, Unseen, night, now, tonight};

fn name(text: &str) -> DatasetName {
    text.parse().unwrap()
}

fn knowledge() -> Knowledge {
    Knowledge::new()
        .with_owner(Owner::new("dataset/fx-*", "fx-team@example.com"))
        .with_owner(Owner::new("model/churn-risk", "risk@example.com").critical())
        .with_writer(Writer::new("dataset/fx-*", "spark-fx-model"))
        .with_writer(Writer::new("model/fx-*", "fx-model"))
        .with_writer(Writer::new("model/churn-risk", "churn-risk"))
        .with_successors(vec![Successors::new(
            name("model/churn-risk"),
            vec![name("dataset/retention"), name("policy/limits")],
        )])
}

async fn triage(jobs: Option<Vec<Job>>, knowledge: Knowledge) -> Triage {
    let mut reads = TriageReads::new(Arc::new(night().sonar()));
    if let Some(jobs) = jobs {
        reads = reads.with_jobs(Arc::new(Told(jobs)));
    }
    TriageFailure::new(tonight()).with_knowledge(knowledge).look(&reads, "prod", now()).await.unwrap()
}

fn told(triage: &Triage) -> Vec<(String, Failed, Standing)> {
    triage.subjects.iter().map(|s| (s.subject.to_string(), s.failed, s.standing)).collect()
}

#[tokio::test]
async fn the_runbooks_example_is_one_subject() {
    let triage = triage(None, Knowledge::new()).await;
    assert_eq!(
        told(&triage),
        [
            ("fx-model".to_owned(), Failed::DatasetAndModel, Standing::CannotTell),
            ("churn-risk".to_owned(), Failed::Dataset, Standing::CannotTell),
        ]
        .map(|mut row| {
            if row.0 == "churn-risk" {
                row.1 = Failed::Model;
            }
            row
        })
    );
    assert!(triage.found_something());
    assert_eq!(triage.blind.as_deref(), Some("no system of jobs is configured"));
    assert!(triage.to_string().contains("Cannot tell"));
}

#[tokio::test]
async fn jobs_tell_what_failed_from_what_is_not_reached() {
    let jobs = vec![
        Job::new("spark-fx-model", JobState::Failed),
        Job::new("fx-model", JobState::UpstreamFailed),
        Job::new("churn-risk", JobState::Running),
    ];
    let triage = triage(Some(jobs), knowledge()).await;
    assert_eq!(
        told(&triage),
        [
            ("fx-model".to_owned(), Failed::DatasetAndModel, Standing::Failed),
            ("churn-risk".to_owned(), Failed::Model, Standing::NotReached),
        ]
    );
    assert_eq!(triage.not_reached, 1);
    let text = triage.to_string();
    insta::assert_snapshot!(text);
    assert!(text.lines().all(|line| line.chars().count() <= 50), "{text}");
}

#[tokio::test]
async fn what_others_need_is_unblocked_what_nobody_needs_is_committed_empty() {
    let jobs = vec![Job::new("churn-risk", JobState::Failed), Job::new("spark-fx-model", JobState::Succeeded)];
    let triage = triage(Some(jobs), knowledge()).await;
    let first = &triage.subjects[0];
    assert_eq!((first.subject.to_string().as_str(), first.critical), ("churn-risk", true), "the critical one first");
    assert_eq!(first.downstream.as_ref().unwrap().len(), 2);
    let text = triage.to_string();
    insta::assert_snapshot!(text);
    assert!(text.lines().all(|line| line.chars().count() <= 50), "{text}");
}

#[tokio::test]
async fn all_that_waits_is_nothing_found() {
    let jobs = ["spark-fx-model", "fx-model", "churn-risk"].map(|job| Job::new(job, JobState::NotReached)).to_vec();
    let triage = triage(Some(jobs), knowledge()).await;
    assert!(!triage.found_something());
    assert_eq!(triage.not_reached, 5);
    assert!(triage.to_string().contains("Nothing failed.\n\n5 datasets not reached yet"), "{triage}");
}

#[tokio::test]
async fn jobs_that_cannot_be_seen_are_no_error() {
    let reads = TriageReads::new(Arc::new(night().sonar())).with_jobs(Arc::new(Unseen));
    let triage = TriageFailure::new(tonight()).look(&reads, "prod", now()).await.unwrap();
    assert!(triage.blind.as_deref().unwrap().contains("Timeout"));
}

#[tokio::test]
async fn what_was_given_up_is_not_missing() {
    let world = night();
    world.abort(crate::stage::id_of("model/churn-risk")).unwrap();
    let reads = TriageReads::new(Arc::new(world.sonar()));
    let triage = TriageFailure::new(tonight()).look(&reads, "prod", now()).await.unwrap();
    assert_eq!(triage.subjects.len(), 1);
}

#[tokio::test]
async fn an_unknown_transaction_is_an_error() {
    let unknown = "00000000-001b-56f7-a4fe-b3a417f8f654".parse().unwrap();
    let reads = TriageReads::new(Arc::new(night().sonar()));
    assert!(TriageFailure::new(unknown).look(&reads, "prod", now()).await.unwrap_err().is_not_found());
}
