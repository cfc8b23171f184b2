//! Stacks, builds and tables among the systems that are looked at first.

use std::sync::Arc;

use cloudformation_ops::StackStatus;
use dynamodb_ops::{Place, Unit};
use jiff::Timestamp;
use ops_client::ErrorKind;
use ops_recipes::first::{Access, BuildsSystem, Severity, Sign, StacksSystem, System, TablesSystem, recipes_for};
use ops_sandbox::stacks::StackSpec;
use ops_sandbox::tables::{Demand, TableSpec};
use ops_sandbox::{Fault, Operation, World};

fn world() -> World {
    World::seeded(1).at(Timestamp::now())
}

fn stack(name: &str) -> StackSpec {
    StackSpec::new(name.parse().unwrap())
}

async fn of_stacks(world: &World) -> Vec<Sign> {
    StacksSystem::new(Arc::new(world.stacks()), "prod", "memory").signs(world.now()).await.unwrap()
}

#[tokio::test]
async fn stacks_show_what_is_half_done_failed_down_and_new() {
    let world = world();
    world.put_stack(stack("prod-global-k-sonar").blue(2, "b4dc0de").green(0, "6c957ed"));
    assert!(of_stacks(&world).await.is_empty(), "made, and never updated");
    world.put_stack(stack("prod-s0-k-correnteza").blue(2, "b4dc0de").green(1, "6c957ed"));
    world.put_stack(stack("prod-s1-k-correnteza").blue(0, "b4dc0de").green(0, "6c957ed"));
    world.put_stack(stack("prod-s2-k-correnteza").blue(1, "b4dc0de").status(StackStatus::UpdateInProgress));
    world.put_stack(stack("prod-s3-k-correnteza").blue(1, "b4dc0de").status(StackStatus::UpdateRollbackFailed));
    world.put_stack(stack("staging-s3-k-correnteza").blue(0, "b4dc0de").green(0, "6c957ed"));
    world.colleague_updates(&"prod-global-k-sonar".parse().unwrap(), "Alarm", "off").unwrap();
    let signs = of_stacks(&world).await;
    let told: Vec<(Severity, &str)> = signs.iter().map(|sign| (sign.severity, sign.what.as_str())).collect();
    let says = |severity: Severity, words: &str| told.iter().any(|(is, what)| *is == severity && what.contains(words));
    assert_eq!(told.len(), 5, "{told:?}");
    assert!(says(Severity::Odd, "prod-global-k-sonar was updated; live is blue 2 × b4dc0de"), "{told:?}");
    assert!(says(Severity::Odd, "prod-s0-k-correnteza: both live"), "{told:?}");
    assert!(says(Severity::Broken, "prod-s1-k-correnteza has no instances"), "{told:?}");
    assert!(says(Severity::Odd, "prod-s2-k-correnteza is UPDATE_IN_PROGRESS"), "{told:?}");
    assert!(
        says(Severity::Broken, "prod-s3-k-correnteza is UPDATE_ROLLBACK_FAILED: continue the rollback"),
        "{told:?}"
    );
    let next: Vec<&str> = signs.iter().filter_map(|sign| sign.next.as_deref()).collect();
    assert!(next.contains(&"rollback-service --env prod --service sonar --shard global --last-good"), "{next:?}");
}

#[tokio::test]
async fn a_deploy_that_runs_or_was_lately_is_shown() {
    let world = world();
    let builds = ops_sandbox::gocd::builds(&world).unwrap();
    let [deploy, other] = builds.to_prod;
    let system = BuildsSystem::new(Arc::new(world.gocd()), "memory", [deploy.clone(), other]);
    let signs = system.signs(world.now()).await.unwrap();
    assert!(signs.len() == 2 && signs[0].what.contains("metapod-to-prod deployed: 311"), "{signs:?}");
    world.begin_build(&deploy).unwrap();
    let signs = system.signs(world.now()).await.unwrap();
    assert!(signs[0].what.contains("metapod-to-prod runs"), "{signs:?}");
    world.faults().sometimes(1.0, Operation::GocdStatus, Fault::Status(403));
    assert!(matches!(system.check_up().await.unwrap().read, Access::No(_)));
}

#[tokio::test]
async fn tables_that_refuse_are_shown_with_the_next_command() {
    let world = world();
    let writes = |name: &str, demand: Demand| {
        let spec = TableSpec::new(name.parse().unwrap()).units(50, 20);
        world.put_table_of_dynamodb(spec.asked(Place::Table, Unit::Write, demand));
    };
    writes("prod-s3-analytics-datomic", Demand::wanted(24.0));
    writes("prod-well-datomic", Demand::wanted(2.0));
    writes("prod-other", Demand::wanted(240.0));
    let system = TablesSystem::new(Arc::new(world.tables()), "prod", "memory");
    let signs = system.signs(world.now()).await.unwrap();
    assert_eq!(signs.len(), 1, "{signs:?}");
    assert!(signs[0].what.starts_with("prod-s3-analytics-datomic: ") && signs[0].severity == Severity::Stuck);
    let next = "relieve-throttling --env prod --table prod-s3-analytics-datomic";
    assert_eq!(signs[0].next.as_deref(), Some(next));
    let named = system.clone().only(["prod-other".parse().unwrap(), "prod-none".parse().unwrap()]);
    let signs = named.signs(world.now()).await.unwrap();
    assert!(signs.len() == 2 && signs[1].what == "there is no table prod-none", "{signs:?}");
    world.faults().sometimes(1.0, Operation::TableUsage, Fault::Status(503));
    assert_eq!(system.signs(world.now()).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[test]
fn alerts_name_their_recipe() {
    let recipe = |text: &str| recipes_for(text)[0].known.recipe;
    assert_eq!(recipe("[P2] Datomic self-destructs in analytics"), "relieve-throttling");
    assert_eq!(recipe("com.amazonaws ProvisionedThroughputExceededException: rate exceeded"), "relieve-throttling");
    assert_eq!(recipe("Hot-deploying rollbacks: metapod"), "rollback-service");
}
