//! Five nights (and a quiet one), each climbed as far as its evidence asks.

use std::time::Duration;

use aurora_client::TaskStatus;
use ops_plan::Verdict;
use ops_recipes::recover::{Class, Patterns, Rung, Step};
use ops_sandbox::World;
use ops_sandbox::airflow::RunSpec;
use ops_sandbox::aurora::{Ailment, FailsWhile};
use ops_sandbox::scenario::{Recovery, TroubledNight};

use super::{Person, Plot, Systems, night};
use crate::stage::{texts, verdict};

fn person(world: &World, night: &Recovery, folder: &tempfile::TempDir) -> Person {
    Person::new(Systems::of(world), Plot::of(night), folder.path())
}

/// How the job ended, each time that it was created for tonight's transaction, and with which version.
fn created(world: &World, night: &Recovery) -> Vec<(TaskStatus, String)> {
    let transaction = night.transaction.to_string();
    let tasks = world.aurora_tasks(&night.job);
    let ours = tasks.iter().filter(|task| task.config.label("metapod_transaction") == Some(&transaction));
    ours.map(|task| (task.status, task.config.label("version").unwrap().to_owned())).collect()
}

#[tokio::test]
async fn each_is_climbed_exactly_as_far_as_the_evidence_asks() {
    use Rung::{Create, CreateOnMore, Cycle, RollBack, ScaleUp};
    let (bad, good) = ("e4b90d2", "4945885");
    let (failed, well) = (TaskStatus::Failed, TaskStatus::Finished);
    for (kind, rungs, jobs) in [
        (TroubledNight::Network, vec![Cycle, Create], vec![(well, bad)]),
        (TroubledNight::Crowded, vec![Cycle, Create, ScaleUp, CreateOnMore], vec![(failed, bad), (well, bad)]),
        (
            TroubledNight::BadVersion,
            vec![Cycle, Create, ScaleUp, CreateOnMore, RollBack],
            vec![(failed, bad), (failed, bad), (well, good)],
        ),
        (TroubledNight::Code, vec![], vec![]),
        (TroubledNight::Quiet, vec![], vec![]),
    ] {
        let (world, night) = night(kind);
        let folder = tempfile::tempdir().unwrap();
        let (climbed, step) = person(&world, &night, &folder).climbs().await;
        assert_eq!(climbed, rungs, "{kind}: {step:?}");
        let expected: Vec<_> = jobs.into_iter().map(|(status, version)| (status, version.to_owned())).collect();
        assert_eq!(created(&world, &night), expected, "{kind}");
        match kind {
            TroubledNight::Code => {
                let Step::Look(advice) = step else { panic!("{step:?}") };
                assert!(advice.contains("2 of 3 failures: code") && advice.contains("triage-failure"), "{advice}");
            }
            _ => assert!(matches!(step, Step::Done(_)), "{kind}: {step:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_alive_is_waited_for() {
    let (world, night) = night(TroubledNight::Live);
    let folder = tempfile::tempdir().unwrap();
    let person = person(&world, &night, &folder);
    let seen = person.sees().await;
    let step = ops_recipes::recover::next(&person.plot.rules, &seen);
    assert!(matches!(&step, Step::Wait(why) if why.contains("dagao (RUNNING)")), "{step:?}");
    let id = world.aurora_tasks(&night.job).last().unwrap().id.clone();
    world.end_aurora_task(&id, true).unwrap();
    assert!(matches!(person.next().await.0, Step::Done(_)));
}

#[tokio::test]
async fn what_is_seen_is_told_apart() {
    let (world, night) = night(TroubledNight::Network);
    let folder = tempfile::tempdir().unwrap();
    let seen = person(&world, &night, &folder).sees().await;
    let what: Vec<_> = seen.failures.iter().map(|failure| failure.what.as_str()).collect();
    assert_eq!(seen.number(Class::Generic), 3, "{what:?}");
    assert_eq!((seen.failed_version.as_deref(), seen.worked_version.as_deref()), (Some("e4b90d2"), Some("4945885")));
    assert_eq!((seen.scale_version.as_deref(), seen.nodes), (Some("7c1d0aa"), Some(3)));
    assert_eq!(seen.run.as_ref().unwrap().tasks["failed"], 3);
    assert_eq!(seen.deploys.as_deref(), Some(&[][..]), "nine hours ago is not lately");
    assert!(seen.unknown.is_empty(), "{:?}", seen.unknown);
    // Words are for the person who looks, and for nobody else.
    assert!(seen.failures.iter().any(|failure| failure.words.contains("Connection reset")));
    let stored = serde_json::to_string(&seen).unwrap() + &format!("{seen:?}");
    assert!(!stored.contains("Connection reset"), "{stored}");
}

#[tokio::test]
async fn where_aurora_says_nothing_the_log_in_airflow_is_read() {
    let (world, night) = night(TroubledNight::Quiet);
    let folder = tempfile::tempdir().unwrap();
    let dagao = night.run.dag.clone();
    world.ail_job(&"jobs/prod/itaipu-core".parse().unwrap(), Ailment::new(FailsWhile::Always, "exit 1"));
    let spec = RunSpec::new("manual__again".parse().unwrap()).transaction(night.transaction);
    let run = world.add_run(&dagao, spec).unwrap();
    world.advance(Duration::from_secs(600));
    let mut person = person(&world, &night, &folder);
    person.plot.ladder.run = Some(run);
    let seen = person.sees().await;
    assert_eq!((seen.failures.len(), seen.number(Class::Unknown)), (1, 1), "{:?}", seen.failures);
    // What the sandbox's log says of a job that failed, taken for the network.
    let patterns = Patterns::new().with("ended with status failed", Class::Generic);
    person.plot.rules = person.plot.rules.with_patterns(patterns);
    let seen = person.sees().await;
    assert_eq!(seen.number(Class::Generic), 1, "{:?}", seen.failures);
    assert!(seen.failures[0].words.contains("ended with status FAILED"), "{}", seen.failures[0].words);
}

#[tokio::test]
async fn a_deploy_shortly_before_is_looked_at_first() {
    let (world, night) = night(TroubledNight::Network);
    let folder = tempfile::tempdir().unwrap();
    let mut person = person(&world, &night, &folder);
    person.plot.rules = person.plot.rules.with_deploys_within(12 * 3600);
    let (step, _) = person.next().await;
    assert!(matches!(&step, Step::Look(advice) if advice.contains("dagao 512:e4b90d2")), "{step:?}");
    person.plot.rules = person.plot.rules.with_deploys_looked_at(true);
    assert_eq!(person.next().await.0, Step::Rung(Rung::Cycle));
}

#[tokio::test]
async fn every_rung_shows_what_it_does_and_scaling_is_owed_back() {
    let (world, night) = night(TroubledNight::Crowded);
    let folder = tempfile::tempdir().unwrap();
    let person = person(&world, &night, &folder);
    let seen = person.sees().await;
    let plan = person.plan(Rung::Create, &seen).await;
    assert_eq!(texts(&plan), ["create jobs/prod/dagao, 1 instance", "wait until jobs/prod/dagao has begun"]);
    assert_eq!(verdict(&plan, "live-writer"), Some(Verdict::Pass));
    assert!(plan.head().title.contains("rung 2: create the job again"), "{}", plan.head().title);
    assert!(plan.head().subjects.iter().any(|subject| subject.kind == "transaction"));
    let plan = person.plan(Rung::ScaleUp, &seen).await;
    let notes = plan.head().notes.join("\n");
    for said in ["MODE=on-demand", "N_NODES=5", "SCALE_TIMEOUT=0", "scale_cluster=7c1d0aa"] {
        assert!(notes.contains(said), "{said}: {notes}");
    }
    person.climbs().await;
    let registry = person.systems.registry();
    let due = person.runs.due(Some(&registry), jiff::Timestamp::now()).await.unwrap().due;
    assert_eq!(due.len(), 1);
    assert!(due[0].obligation.what.contains("back from 5 to 3 machines"), "{}", due[0].obligation.what);
}
