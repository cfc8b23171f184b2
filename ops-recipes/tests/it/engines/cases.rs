//! Nights in the sandbox, good ones and bad ones.

use std::sync::Arc;
use std::time::Duration;

use ops_plan::{Outcome, Plan, Registry, Target};
use ops_recipes::airflow::{HoldMachines, ReleaseMachines, UnblockDownstream};
use ops_recipes::datasets::{Facts, Job, JobState, RetractDatasets, RetractReads, Selection};
use ops_sandbox::metapod::CommitSpec;
use ops_sandbox::{Fault, Operation, World};
use sonar_client::DatasetDetail;

use super::{Over, Time, end};
use crate::airflow::{self, failed, task};
use crate::stage::{Told, committed, dataset_id, now, tonight, transaction, writes};

const DATASETS: u32 = 320;

/// One night, told to both engines, each in a world of its own.
struct Case {
    name: &'static str,
    /// What happens between plan and run, and while it runs.
    then: fn(&World),
    outcome: Outcome,
}

const CASES: &[Case] = &[
    Case { name: "all is well", then: |_| (), outcome: Outcome::Done },
    Case {
        name: "somebody else retracted some meanwhile",
        then: |world| (0..40).for_each(|number| world.retract(dataset_id(number)).unwrap()),
        outcome: Outcome::Done,
    },
    Case {
        name: "the canary was committed again, elsewhere: it is not ours to retract",
        then: |world| (0..DATASETS).for_each(|number| recommit(world, number)),
        outcome: Outcome::Stopped,
    },
    Case {
        name: "one of the last was committed again: none of the first is retracted",
        // The order is that of the names.
        then: |world| recommit(world, 99),
        outcome: Outcome::Stopped,
    },
    Case {
        name: "every answer is lost, every effect takes place",
        then: |world| {
            world.faults().sometimes(1.0, Operation::RetractCommittedDataset, Fault::DropAfterEffect);
        },
        outcome: Outcome::Done,
    },
    Case {
        name: "the right was taken away",
        then: |world| {
            world.faults().sometimes(1.0, Operation::RetractCommittedDataset, Fault::Status(403));
        },
        outcome: Outcome::Stopped,
    },
    Case {
        name: "nothing is accepted any more",
        then: |world| {
            world.faults().sometimes(1.0, Operation::RetractCommittedDataset, Fault::Status(400));
        },
        outcome: Outcome::Stopped,
    },
    Case {
        name: "nobody can be looked at",
        then: |world| {
            for &read in Operation::ALL.iter().filter(|operation| !operation.changes()) {
                world.faults().sometimes(1.0, read, Fault::Status(503));
            }
        },
        outcome: Outcome::Stopped,
    },
];

fn recommit(world: &World, number: u32) {
    world.retract(dataset_id(number)).unwrap();
    world.commit(dataset_id(number), CommitSpec::new()).unwrap();
}

fn night() -> World {
    let world = World::seeded(7).at(now());
    let datasets: Vec<DatasetDetail> =
        (0..DATASETS).map(|n| committed(n, &format!("dataset/d-{n}"), "2026-11-22T01:04:05.678Z")).collect();
    world.put(&transaction(tonight(), "2026-11-22", "2026-11-22T00:01:04Z"), &datasets).unwrap();
    world
}

fn registry(world: &World) -> Registry {
    let idle = Arc::new(Told(vec![Job::new("spark-contracts", JobState::Succeeded)]));
    let reads = RetractReads::new(Arc::new(world.sonar()), Arc::new(world.metapod())).with_jobs(idle);
    Registry::new().with::<RetractDatasets>(reads, writes(world))
}

async fn planned(world: &World, facts: Facts) -> Plan {
    let recipe = RetractDatasets::new(tonight(), Selection::AllCommitted).with_facts(facts);
    registry(world).propose(&recipe, Target::new("staging")).await.unwrap()
}

/// How often each dataset was retracted, and how many are committed now.
fn world_after(world: &World) -> (Vec<u64>, usize) {
    ((0..DATASETS).map(|number| world.effects(dataset_id(number))).collect(), world.committed(tonight()))
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_end_every_night_alike() {
    for case in CASES {
        let mut ends = Vec::new();
        for distributed in [false, true] {
            let world = night();
            let plan = planned(&world, Facts::WithoutSchema).await;
            assert_eq!(plan.len(), DATASETS as usize);
            let Some(over) = over(distributed, "staging", registry(&world)).await else { return };
            (case.then)(&world);
            let report = over.run(plan).await;
            assert_eq!(report.outcome, case.outcome, "{}: {}", case.name, report.text());
            world.faults().clear();
            ends.push((end(&report), world_after(&world)));
        }
        assert_eq!(ends[0], ends[1], "{}", case.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_know_the_way_back() {
    let mut ends = Vec::new();
    for distributed in [false, true] {
        let world = night();
        let before = world.dataset(dataset_id(7)).unwrap();
        let plan = planned(&world, Facts::WithSchema).await;
        let Some(over) = over(distributed, "staging", registry(&world)).await else { return };
        // Some are not ours to take back.
        (0..20).for_each(|number| world.retract(dataset_id(number + 100)).unwrap());
        let report = over.run(plan).await;
        assert_eq!((report.outcome, report.changed, report.already), (Outcome::Done, 300, 20), "{}", report.text());
        let undo = over.take_back(&report.run).await;
        assert_eq!((undo.outcome, undo.changed), (Outcome::Done, 300), "{}", undo.text());
        let after = world.dataset(dataset_id(7)).unwrap();
        assert_eq!(after.dataset.path, before.dataset.path);
        let names = |detail: &DatasetDetail| {
            let columns = detail.schema.as_ref().unwrap().attributes.iter();
            columns.map(|column| column.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&after), names(&before), "the facts travel with the plan");
        ends.push((end(&report), world.committed(tonight())));
    }
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0].1, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_unblock_a_dag_and_leave_the_same_duty() {
    let mut ends = Vec::new();
    for distributed in [false, true] {
        let (world, run) = failed(&["fx-model"]);
        let recipe = UnblockDownstream::new(run.clone(), task("fx-model")).accepted_by("the fx team");
        let registry = airflow::registry(&world);
        let plan = registry.propose(&recipe, Target::new("staging")).await.unwrap();
        let Some(over) = over(distributed, "staging", registry).await else { return };
        let report = over.run(plan).await;
        assert_eq!((report.outcome, report.changed, report.already), (Outcome::Done, 1, 1), "{}", report.text());
        let owed = over.owed().await;
        assert_eq!(owed.len(), 1, "{owed:?}");
        let time = Time::passes(&world);
        while !world.task_instances(&run).iter().all(|one| one.state == airflow_client::TaskState::Success) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(time);
        let text = format!("{}\n{owed:?}", end(&report));
        ends.push(text.lines().map(str::to_owned).collect::<Vec<_>>());
    }
    assert_eq!(ends[0], ends[1]);
}

/// What goes wrong when some are done already, how that ends, and why.
type Midway = (&'static str, fn(&World), Outcome, &'static str);

const MIDWAY: &[Midway] = &[
    (
        "one is refused for good",
        |world| world.faults().next(1, Operation::RetractCommittedDataset, Fault::Status(400)),
        Outcome::Stopped,
        "Failures",
    ),
    (
        "the right is taken away",
        |world| world.faults().sometimes(1.0, Operation::RetractCommittedDataset, Fault::Status(403)),
        Outcome::Stopped,
        "Credential",
    ),
    // What was called and never seen cannot be told.
    ("nobody can be looked at any more", blind, Outcome::Unknown, "Blind"),
];

fn blind(world: &World) {
    for &read in Operation::ALL.iter().filter(|operation| !operation.changes()) {
        world.faults().sometimes(1.0, read, Fault::Status(503));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_stop_midway_alike() {
    for (name, trouble, outcome, why) in MIDWAY {
        for distributed in [false, true] {
            let world = night();
            let plan = planned(&world, Facts::WithoutSchema).await;
            let Some(over) = over(distributed, "staging", registry(&world)).await else { return };
            world.faults().sometimes(1.0, Operation::RetractCommittedDataset, Fault::Delay(Duration::from_millis(20)));
            let begins = async {
                while world_after(&world).1 > DATASETS as usize - 30 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                trouble(&world);
            };
            let (report, ()) = tokio::join!(over.run(plan), begins);
            assert_eq!(report.outcome, *outcome, "{name}: {}", report.text());
            assert!(format!("{:?}", report.stop).contains(why), "{name}: {:?}", report.stop);
            // What is out ends, nothing new begins, nothing is done twice, and nothing is hidden.
            let effects = world_after(&world).0;
            assert!(effects.iter().all(|times| *times <= 1), "{name}: {effects:?}");
            let changed = effects.iter().filter(|times| **times == 1).count();
            assert!(changed >= 30, "{name}: {changed} were changed");
            // Who cannot look goes on until five looks have failed.
            if *outcome == Outcome::Stopped {
                assert!(changed < 310, "{name}: {changed} were changed");
                assert_eq!((report.changed, report.left), (changed, DATASETS as usize - changed), "{name}");
            }
            // Whoever plans again finds the rest, and nothing else.
            world.faults().clear();
            assert_eq!(planned(&world, Facts::WithoutSchema).await.len(), DATASETS as usize - changed, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_settle_what_was_owed() {
    let mut ends = Vec::new();
    for distributed in [false, true] {
        let (world, run) = failed(&["fx-model"]);
        let planned = async |recipe: Result<HoldMachines, ReleaseMachines>| {
            let (registry, target) = (airflow::registry(&world), Target::new("staging"));
            match recipe {
                Ok(hold) => registry.propose(&hold, target).await.unwrap(),
                Err(release) => registry.propose(&release, target).await.unwrap(),
            }
        };
        let Some(over) = over(distributed, "staging", airflow::registry(&world)).await else { return };
        let hold = over.run(planned(Ok(HoldMachines::new(run.clone(), task("fx-model")))).await).await;
        assert_eq!(hold.outcome, Outcome::Done, "{}", hold.text());
        let owed = over.owed().await;
        assert_eq!((owed.len(), hold.debts.len()), (1, 1), "{owed:?}");
        world.advance(Duration::from_secs(60));
        let release = planned(Err(ReleaseMachines::new(run.clone(), vec![task("downscale-fx-model")]))).await;
        assert_eq!(release.head().settles, owed);
        let release = over.run(release).await;
        assert_eq!(release.outcome, Outcome::Done, "{}", release.text());
        assert!(over.owed().await.is_empty());
        ends.push((end(&hold), end(&release), owed));
    }
    assert_eq!(ends[0], ends[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_retract_three_by_their_names() {
    let mut ends = Vec::new();
    for distributed in [false, true] {
        let world = night();
        let names = ["dataset/d-1", "dataset/d-20", "dataset/d-300"].map(|name| name.parse().unwrap()).to_vec();
        let recipe = RetractDatasets::new(tonight(), Selection::Names(names));
        let plan = registry(&world).propose(&recipe, Target::new("staging")).await.unwrap();
        let Some(over) = over(distributed, "staging", registry(&world)).await else { return };
        let report = over.run(plan).await;
        assert_eq!((report.outcome, report.changed), (Outcome::Done, 3), "{}", report.text());
        ends.push((end(&report), world_after(&world)));
    }
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0].1.1, DATASETS as usize - 3);
}

pub(super) async fn over(distributed: bool, environment: &str, registry: Registry) -> Option<Over> {
    if distributed { Over::restate(Target::new(environment), registry).await } else { Some(Over::machine(registry)) }
}
