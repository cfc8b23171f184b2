//! Nights in the sandbox, good ones and bad ones.

use std::sync::Arc;

use ops_plan::{Outcome, Plan, Registry, Target};
use ops_recipes::airflow::UnblockDownstream;
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
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        drop(time);
        let text = format!("{}\n{owed:?}", end(&report));
        ends.push(text.lines().map(str::to_owned).collect::<Vec<_>>());
    }
    assert_eq!(ends[0], ends[1]);
}

pub(super) async fn over(distributed: bool, environment: &str, registry: Registry) -> Option<Over> {
    if distributed { Over::restate(Target::new(environment), registry).await } else { Some(Over::machine(registry)) }
}
