//! `scale-up` and `scale-down`: two recipes, the second of which is owed after the first.

use std::time::Duration;

use ops_plan::{Outcome, Registry};
use ops_recipes::aurora::jobs::Order;
use ops_recipes::aurora::{ScaleDown, ScaleReads, ScaleUp, Scaling};
use ops_sandbox::World;
use ops_sandbox::aurora::JobOrder;
use ops_sandbox::scenario::Stack;

use super::{Desk, aurora_reads, aurora_writes, blocks, fleet_reads, key, propose, stack};
use crate::stage::texts;

const SCALE: &str = r#"
key = "jobs/prod/scale"
resources = { cpus = 0.5, ram-mb = 256, disk-mb = 128 }
labels = { MODE = "{{MODE}}", N_NODES = "{{N_NODES}}", version = "{{version.scale_cluster}}" }

[[processes]]
name = "scale"
cmdline = "scale-cluster:{{version.scale_cluster}} MODE={{MODE}} N_NODES={{N_NODES}} SCALE_TIMEOUT={{SCALE_TIMEOUT}}"
"#;

fn registry(world: &World) -> Registry {
    let reads = || ScaleReads::new(aurora_reads(world), fleet_reads(world));
    Registry::new().with::<ScaleUp>(reads(), aurora_writes(world)).with::<ScaleDown>(reads(), aurora_writes(world))
}

fn scaling(group: &str) -> Scaling {
    Scaling::new(Order::new("scale.toml", SCALE).version("scale_cluster", "4945885"), "on-demand", group)
}

#[tokio::test]
async fn more_machines_are_made_and_going_back_is_owed_until_it_was_done() {
    let (world, Stack { on_demand, .. }) = stack();
    world.order_job(&key("jobs/prod/scale"), JobOrder::takes(Duration::from_secs(3)));
    let (registry, desk) = (registry(&world), Desk::new());
    let plan = propose(&registry, &ScaleUp::new(scaling(&on_demand), 5)).await;
    assert_eq!(texts(&plan).len(), 3, "{:?}", texts(&plan));
    assert!(texts(&plan)[0].contains("from 3 to 5 machines"), "{:?}", texts(&plan));
    let report = desk.apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(world.group(&on_demand).unwrap().in_service().count(), 5);
    assert_eq!(desk.due(&registry).await, [format!("scale {on_demand} back from 5 to 3 machines")]);

    let plan = propose(&registry, &ScaleDown::new(scaling(&on_demand), 3)).await;
    let report = desk.apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(world.group(&on_demand).unwrap().in_service().count(), 3);
    assert!(desk.due(&registry).await.is_empty());
}

#[tokio::test]
async fn up_is_not_down() {
    let (world, Stack { on_demand, .. }) = stack();
    let registry = registry(&world);
    let block = blocks(&propose(&registry, &ScaleUp::new(scaling(&on_demand), 2)).await);
    assert!(block[0].contains("2 are fewer than the 3"), "{block:?}");
    let block = blocks(&propose(&registry, &ScaleDown::new(scaling(&on_demand), 4)).await);
    assert!(block[0].contains("4 are more than the 3"), "{block:?}");
    let block = blocks(&propose(&registry, &ScaleUp::new(scaling(&on_demand), 500)).await);
    assert!(block[0].contains("at most"), "{block:?}");
    assert!(propose(&registry, &ScaleUp::new(scaling(&on_demand), 3)).await.is_empty());
}
