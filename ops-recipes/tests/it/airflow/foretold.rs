//! What is foretold of a mark is what happens: over DAGs and failures by chance.

use std::collections::{BTreeMap, BTreeSet};

use airflow_client::{AirflowRead, NewTaskState, TaskFilter, TaskId, TaskState, TriggerRule};
use jiff::Timestamp;
use ops_recipes::airflow::{DagKnowledge, RunView};
use ops_sandbox::World;
use ops_sandbox::airflow::{DagSpec, RunSpec, TaskSpec};
use proptest::prelude::*;

use super::{mark, pass, task};

fn id(number: usize) -> TaskId {
    task(&format!("t{number}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_foretold_happens(
        arrows in prop::collection::vec((0_usize..12, 0_usize..12), 0..30),
        all_done in prop::collection::btree_set(0_usize..12, 0..4),
        fail in prop::collection::btree_set(0_usize..12, 1..5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(foretell(&arrows, &all_done, &fail))?;
    }
}

async fn foretell(
    arrows: &[(usize, usize)],
    all_done: &BTreeSet<usize>,
    fail: &BTreeSet<usize>,
) -> Result<(), TestCaseError> {
    let world = World::seeded(1).at(Timestamp::now());
    // Arrows go from a smaller to a larger number: no circles.
    let below = |from: usize| arrows.iter().filter(move |arrow| arrow.0.min(arrow.1) == from && arrow.0 != arrow.1);
    let spec = |number: usize| {
        let spec = TaskSpec::new(id(number)).followed_by(below(number).map(|arrow| id(arrow.0.max(arrow.1))));
        if all_done.contains(&number) { spec.trigger_rule(TriggerRule::AllDone) } else { spec }
    };
    let dag: airflow_client::DagId = "chance".parse().unwrap();
    world.deploy(DagSpec::new(dag.clone(), (0..12).map(spec)));
    let run = world.add_run(&dag, RunSpec::new("r".parse().unwrap())).unwrap();
    let names: Vec<String> = fail.iter().map(|number| id(*number).to_string()).collect();
    world.order(&run, names.iter().map(String::as_str), []);
    pass(&world, 120);
    world.forget_orders(&run);

    let before = world.task_instances(&run);
    let graph = world.airflow().graph(&dag).await.unwrap();
    let Some(marked) = before.iter().find(|task| task.state == TaskState::Failed) else { return Ok(()) };
    let marked = marked.key.task.clone();
    let forecast = RunView::new(&graph, &before).after_success(&marked, &DagKnowledge::new());
    let starts = |of: &TaskId| world.tally(&run, &airflow_client::TaskKey::new(of.clone())).unwrap();
    let tally: BTreeMap<TaskId, _> =
        before.iter().map(|task| (task.key.task.clone(), starts(&task.key.task))).collect();
    mark(&world, &run, marked.as_str(), NewTaskState::Success).await;
    pass(&world, 120);

    let after = world.airflow().task_instances(&run, &TaskFilter::all()).await.unwrap();
    for now in after {
        let task = &now.key.task;
        if *task == marked {
            continue;
        }
        let cleared = starts(task).clears > tally[task].clears;
        prop_assert_eq!(cleared, forecast.cleared.contains(task), "{} cleared: {:?}", task, &forecast);
        let ran = starts(task).starts > tally[task].starts;
        let runs = forecast.runs().any(|id| id == task);
        prop_assert_eq!(ran, runs, "{} ran: {:?}", task, &forecast);
        if forecast.falls_back.contains_key(task) {
            prop_assert_eq!(&now.state, &TaskState::UpstreamFailed, "{}", task);
        }
    }
    Ok(())
}
