//! `cycle-machines`.

use std::collections::BTreeSet;

use fleet_ops::{FleetWrite, InstanceId, RefreshRequest};
use ops_plan::{Outcome, Registry, Verdict};
use ops_recipes::aurora::CycleMachines;
use ops_sandbox::World;
use ops_sandbox::aurora::JobSpec;
use ops_sandbox::scenario::Stack;

use super::{Desk, blocks, fleet_reads, fleet_writes, key, pass, propose, stack};
use crate::stage::{texts, verdict};

fn registry(world: &World) -> Registry {
    Registry::new().with::<CycleMachines>(fleet_reads(world), fleet_writes(world))
}

fn ids(world: &World, group: &str) -> BTreeSet<InstanceId> {
    world.group(group).unwrap().in_service().map(|machine| machine.id.clone()).collect()
}

#[tokio::test]
async fn machines_are_replaced_one_after_the_other() {
    let (world, Stack { on_demand, .. }) = stack();
    let before = ids(&world, &on_demand);
    let registry = registry(&world);
    let plan = propose(&registry, &CycleMachines::new(&on_demand)).await;
    assert_eq!(texts(&plan).len(), 3);
    // Never are there fewer than two at work.
    let watched = {
        let (world, group) = (world.clone(), on_demand.clone());
        tokio::spawn(async move {
            let mut fewest = usize::MAX;
            loop {
                fewest = fewest.min(ids(&world, &group).len());
                assert!(fewest >= 2, "{fewest}");
                tokio::time::sleep(std::time::Duration::from_millis(3)).await;
            }
        })
    };
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert!(!watched.is_finished(), "fewer than two worked");
    watched.abort();
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    let after = ids(&world, &on_demand);
    assert_eq!((after.len(), after.intersection(&before).count()), (3, 0));
}

#[tokio::test]
async fn machines_that_somebody_looks_at_are_left_alone() {
    let (world, Stack { on_demand, .. }) = stack();
    let left = ids(&world, &on_demand).into_iter().next().unwrap();
    let registry = registry(&world);
    let plan = propose(&registry, &CycleMachines::new(&on_demand).without([left.clone()])).await;
    assert_eq!(plan.len(), 2);
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(ids(&world, &on_demand).contains(&left));
}

#[tokio::test]
async fn jobs_on_the_machines_are_asked_about() {
    let (world, Stack { on_demand, .. }) = stack();
    let registry = registry(&world);
    let free = propose(&registry, &CycleMachines::new(&on_demand)).await;
    assert_eq!(verdict(&free, "live-jobs"), Some(Verdict::Pass));
    world.add_job(JobSpec::new(key("jobs/prod/itaipu-contracts")).service()).unwrap();
    pass(&world, 30);
    let busy = propose(&registry, &CycleMachines::new(&on_demand)).await;
    assert_eq!(verdict(&busy, "live-jobs"), Some(Verdict::Ask));
}

#[tokio::test]
async fn a_group_that_is_not_there_or_is_refreshed_or_held_is_refused() {
    let (world, Stack { on_demand, .. }) = stack();
    let registry = registry(&world);
    let block = blocks(&propose(&registry, &CycleMachines::new("nobody")).await);
    assert!(block[0].contains("there is no group nobody"), "{block:?}");
    let block = blocks(&propose(&registry, &CycleMachines::new(&on_demand).with_batch(0)).await);
    assert!(block[0].contains("no batch"), "{block:?}");
    world.suspend(&on_demand, ["Launch"]).unwrap();
    let block = blocks(&propose(&registry, &CycleMachines::new(&on_demand)).await);
    assert!(block[0].contains("suspended"), "{block:?}");
    world.suspend(&on_demand, Vec::<String>::new()).unwrap();
    world.fleet().start_refresh(&on_demand, &RefreshRequest::new(50, 0)).await.unwrap();
    let block = blocks(&propose(&registry, &CycleMachines::new(&on_demand)).await);
    assert!(block[0].contains("refreshed at this moment"), "{block:?}");
}
