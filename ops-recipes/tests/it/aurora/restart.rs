//! `restart-aurora`: every row of the table, and what an old scheduler left.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aurora_client::{AuroraRead, MesosRead};
use fleet_ops::InstanceId;
use ops_client::Result;
use ops_plan::{Outcome, Plan, Registry, Verdict};
use ops_recipes::aurora::RestartAurora;
use ops_recipes::aurora::restart_aurora::{Evidence, RestartReads};
use ops_sandbox::World;
use ops_sandbox::aurora::{JobSpec, Trouble};
use ops_sandbox::scenario::Stack;

use super::{Desk, blocks, fleet_writes, key, pass, propose, running, stack};
use crate::stage::{texts, verdict};

/// Keeps the journals of machines.
#[derive(Default)]
struct Kept(Mutex<Vec<InstanceId>>);

#[async_trait]
impl Evidence for Kept {
    async fn keep(&self, machine: &InstanceId) -> Result<String> {
        self.0.lock().unwrap().push(machine.clone());
        Ok(format!("journals/{machine}.log"))
    }
}

fn registry(world: &World, kept: Option<Arc<Kept>>) -> Registry {
    let mut reads = RestartReads::new(Arc::new(world.aurora()), Arc::new(world.mesos()), Arc::new(world.fleet()));
    if let Some(kept) = kept {
        reads = reads.with_evidence(kept);
    }
    Registry::new().with::<RestartAurora>(reads, fleet_writes(world))
}

fn asks(plan: &Plan) -> Vec<&str> {
    let asks = plan.head().findings.iter().filter(|finding| finding.verdict == Verdict::Ask);
    asks.map(|finding| finding.guard.as_str()).collect()
}

#[tokio::test]
async fn only_a_dead_scheduler_is_a_plan_by_itself() {
    for trouble in Trouble::ALL {
        let (world, Stack { mesos_master, .. }) = stack();
        world.aurora_trouble(trouble);
        let registry = registry(&world, Some(Arc::default()));
        let plan = propose(&registry, &RestartAurora::new(mesos_master)).await;
        let seen = (plan.len(), asks(&plan), blocks(&plan).len());
        let wants = match trouble {
            Trouble::Healthy => (0, vec![], 0),
            Trouble::SchedulerDown => (2, vec![], 0),
            Trouble::NotRegistered => (2, vec!["not-registered"], 0),
            Trouble::UnreachableFromHere => (2, vec!["unreachable"], 0),
            _ => (0, vec![], 1),
        };
        assert_eq!(seen, wants, "{trouble:?}: {:?}", plan.head().findings);
    }
}

#[tokio::test]
async fn the_machine_of_a_dead_scheduler_is_replaced_and_one_leads_again() {
    let (world, Stack { mesos_master, .. }) = stack();
    world.add_job(JobSpec::new(key("jobs/prod/serve")).service()).unwrap();
    pass(&world, 30);
    world.aurora_trouble(Trouble::SchedulerDown);
    assert!(world.aurora().jobs(None).await.is_err());
    let kept = Arc::new(Kept::default());
    let registry = registry(&world, Some(kept.clone()));
    let old = world.group(&mesos_master).unwrap().machines[0].id.clone();
    let plan = propose(&registry, &RestartAurora::new(&*mesos_master)).await;
    assert_eq!(*kept.0.lock().unwrap(), std::slice::from_ref(&old), "of the very machine");
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_ne!(world.group(&mesos_master).unwrap().machines[0].id, old);
    assert!(world.aurora().jobs(None).await.is_ok());
    assert_eq!(running(&world, "jobs/prod/serve"), 1, "what ran goes on");
}

#[tokio::test]
async fn a_journal_that_is_not_kept_is_asked_about() {
    let (world, Stack { mesos_master, .. }) = stack();
    world.aurora_trouble(Trouble::SchedulerDown);
    let plan = propose(&registry(&world, None), &RestartAurora::new(mesos_master)).await;
    assert_eq!(asks(&plan), ["no-evidence"]);
}

#[tokio::test]
async fn what_an_old_scheduler_left_is_listed_and_torn_down_only_by_name() {
    let (world, Stack { mesos_master, .. }) = stack();
    world.leave_orphan(true);
    world.aurora_trouble(Trouble::SchedulerDown);
    let registry = registry(&world, Some(Arc::default()));
    let plan = propose(&registry, &RestartAurora::new(&*mesos_master)).await;
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert!(report.text().contains("left of an old scheduler"), "{}", report.text());
    let frameworks = world.mesos().look().await.unwrap().frameworks;
    let orphan = frameworks.iter().find(|framework| !framework.active).unwrap().id.clone();
    let healthy = frameworks.iter().find(|framework| framework.active).unwrap().id.clone();

    let alone = propose(&registry, &RestartAurora::new(&*mesos_master)).await;
    assert!(alone.is_empty());
    assert_eq!(verdict(&alone, "orphans"), Some(Verdict::Warn));
    let wrong = propose(&registry, &RestartAurora::new(&*mesos_master).tearing_down([healthy])).await;
    assert!(blocks(&wrong)[0].contains("is not what an old scheduler"), "{:?}", blocks(&wrong));
    let named = propose(&registry, &RestartAurora::new(&*mesos_master).tearing_down([orphan.clone()])).await;
    assert_eq!(texts(&named).len(), 1);
    let report = Desk::new().apply_while_time_passes(&world, &registry, named).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    let left = world.mesos().look().await.unwrap().frameworks;
    assert!(left.iter().all(|framework| framework.id != orphan) && left.len() == 1);
}
