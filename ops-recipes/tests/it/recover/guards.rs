//! What a rung asks and refuses, and what counts as a rung although nobody climbed it here.

use ops_plan::{Outcome, Registry, Runner, Verdict};
use ops_recipes::aurora::{CycleMachines, FleetReads, FleetWrites};
use ops_recipes::recover::{Rung, Step};
use ops_sandbox::aurora::JobSpec;
use ops_sandbox::scenario::TroubledNight;
use std::sync::Arc;
use std::time::Duration;

use super::{Person, Plot, Systems, night, target};
use crate::desk::{approved, blocks};
use crate::stage::{verdict, word};

async fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..500 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}: not within 5 s");
}

#[tokio::test]
async fn another_runs_jobs_on_the_machines_are_asked_about_by_run() {
    let (world, night) = night(TroubledNight::Network);
    let folder = tempfile::tempdir().unwrap();
    let person = Person::new(Systems::of(&world), Plot::of(&night), folder.path());
    let seen = person.sees().await;
    let free = person.plan(Rung::Cycle, &seen).await;
    assert_eq!(verdict(&free, "other-runs"), Some(Verdict::Pass));
    let other = JobSpec::new("jobs/prod/regulatory".parse().unwrap()).service();
    world.add_job(other.label("metapod_transaction", night.night.custom.to_string())).unwrap();
    let job = "jobs/prod/regulatory".parse().unwrap();
    until("it runs", || world.aurora_tasks(&job).iter().any(|task| task.host.is_some())).await;
    let busy = person.plan(Rung::Cycle, &seen).await;
    let finding = word(&busy.head().findings, "other-runs").unwrap();
    assert_eq!(finding.verdict, Verdict::Ask);
    let says = format!("transaction {}: regulatory", night.night.custom);
    assert!(finding.text.contains(&says), "{}", finding.text);
}

#[tokio::test]
async fn a_job_beside_a_live_writer_is_refused_or_asked_about() {
    let (world, night) = night(TroubledNight::Network);
    let folder = tempfile::tempdir().unwrap();
    let person = Person::new(Systems::of(&world), Plot::of(&night), folder.path());
    let seen = person.sees().await;
    let writer = JobSpec::new("jobs/prod/itaipu-rest".parse().unwrap()).service();
    world.add_job(writer.label("metapod_transaction", night.transaction.to_string())).unwrap();
    let plan = person.plan(Rung::Create, &seen).await;
    let asks = plan.head().findings.iter().find(|finding| finding.verdict == Verdict::Ask).unwrap();
    assert!(asks.guard == "live-writer" && asks.text.contains("jobs/prod/itaipu-rest"), "{asks}");
    world.add_job(JobSpec::new(night.job.clone()).service()).unwrap();
    let block = blocks(&person.plan(Rung::Create, &seen).await);
    assert!(block[0].contains("jobs/prod/dagao is alive"), "{block:?}");
}

#[tokio::test]
async fn machines_that_were_cycled_since_the_failure_are_not_cycled_again() {
    let (world, night) = night(TroubledNight::Network);
    let folder = tempfile::tempdir().unwrap();
    let person = Person::new(Systems::of(&world), Plot::of(&night), folder.path());
    assert_eq!(person.next().await.0, Step::Rung(Rung::Cycle));
    // Somebody did it with the program for that.
    let fleet = FleetReads::new(Arc::new(world.fleet())).with_aurora(Arc::new(world.aurora()));
    let registry = Registry::new()
        .with::<CycleMachines>(fleet.with_mesos(Arc::new(world.mesos())), FleetWrites::new(Arc::new(world.fleet())));
    let plan = registry.propose(&CycleMachines::new(&night.stack.on_demand).with_batch(3), target()).await.unwrap();
    let report = Runner::new(person.runs.clone(), "bo").start(&registry, approved(plan)).await.unwrap();
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(person.climbs().await.0, [Rung::Create]);
}

#[tokio::test]
async fn a_job_that_somebody_created_by_hand_counts_as_the_rung() {
    let (world, night) = night(TroubledNight::Crowded);
    let folder = tempfile::tempdir().unwrap();
    let person = Person::new(Systems::of(&world), Plot::of(&night), folder.path());
    assert_eq!(person.step().await.0, Step::Rung(Rung::Cycle));
    // Clocks differ a little: a moment later could also be before.
    world.advance(Duration::from_secs(600));
    let job = JobSpec::new(night.job.clone()).label("metapod_transaction", night.transaction.to_string());
    world.add_job(job.label("version", &night.version)).unwrap();
    world.advance(Duration::from_secs(10));
    assert_eq!(person.next().await.0, Step::Rung(Rung::ScaleUp));
}

#[tokio::test]
async fn another_transactions_ladder_is_another_one() {
    let (world, night) = night(TroubledNight::Network);
    let folder = tempfile::tempdir().unwrap();
    let person = Person::new(Systems::of(&world), Plot::of(&night), folder.path());
    person.climbs().await;
    assert_eq!(person.climbed(), [Rung::Cycle, Rung::Create]);
    let mut plot = Plot::of(&night);
    plot.ladder.transaction = night.night.yesterday.to_string();
    plot.ladder.run = None;
    let other = Person::new(Systems::of(&world), plot, folder.path());
    let seen = other.sees().await;
    assert!(seen.attempts.is_empty(), "{:?}", seen.attempts);
}
