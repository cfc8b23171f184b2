//! The recipes for the warehouse, on one whose loader hangs in a swap of its schemas.

mod first;
mod kills;
mod loaded;
mod reboot;
mod restart;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ops_plan::{Ask, Finding, Host, Plan, Recipe, Registry, Target, Verdict};
use ops_recipes::redshift::{RestartRedshift, WarehouseReads, WarehouseWrites};
use ops_sandbox::World;
use ops_sandbox::redshift::{ClusterSpec, LoaderId, LoaderSpec, Rights};
use ops_sandbox::scenario::{self, HungLoad, LoadTrouble};
use redshift_ops::loader::{HangDetector, LoaderSeen, Scanner};

use crate::desk::{Desk, blocks};

/// A load with this trouble, in a world whose clock stands still until it is moved.
fn load(trouble: LoadTrouble) -> (World, HungLoad) {
    let world = World::seeded(1).at(Timestamp::now());
    let load = scenario::hung_load_with(&world, trouble, None).unwrap();
    (world, load)
}

/// A load of two tables that began so many seconds ago, made as the test wants it. After 20 s it drops what was there.
fn small(ago: u64, load: impl FnOnce(LoaderSpec) -> LoaderSpec) -> (World, LoaderId) {
    let world = World::seeded(1).at(Timestamp::now() - Duration::from_secs(ago));
    world.put_cluster(ClusterSpec::new("cantareira-k-redshift").serves());
    world.put_user("finance", Rights::Plain);
    for table in ["fact.bills", "dimension.customer"] {
        world.put_table(table, 1_000);
    }
    let spec = LoaderSpec::new("556b5e98-60a1-5743-ad2e-da82d4798170", "2018-01-18".parse().unwrap());
    let loader = world.put_loader(load(spec));
    pass(&world, ago);
    (world, loader)
}

fn pass(world: &World, seconds: u64) {
    world.advance(Duration::from_secs(seconds));
}

/// What the loader's log says by now.
fn log(world: &World) -> LoaderSeen {
    let mut detector = HangDetector::new();
    let report = Scanner::new().scan(world.loader_log().as_bytes(), |event| detector.see(&event)).unwrap();
    detector.seen(&report)
}

/// Whoever is `user` in the warehouse, and may do everything with the clusters.
fn registry(world: &World, user: &str) -> Registry {
    let cluster = Arc::new(world.redshift_cluster());
    let warehouse = Arc::new(world.warehouse_as(user));
    let reads = WarehouseReads::new(cluster.clone()).with_warehouse(warehouse.clone()).with_loads(warehouse.clone());
    Registry::new().with::<RestartRedshift>(reads, WarehouseWrites::new(cluster).with_warehouse(warehouse))
}

/// Where no way to the warehouse by SQL is configured.
fn without_sql(world: &World) -> Registry {
    let cluster = Arc::new(world.redshift_cluster());
    Registry::new().with::<RestartRedshift>(WarehouseReads::new(cluster.clone()), WarehouseWrites::new(cluster))
}

/// What an operator asks who has read the log.
fn ask(world: &World) -> RestartRedshift {
    RestartRedshift::new("cantareira-k").with_log(log(world))
}

/// What an operator asks who has no log.
fn blindly() -> RestartRedshift {
    RestartRedshift::new("cantareira-k")
}

/// Plans at the world's time.
async fn propose<R: Recipe>(world: &World, registry: &Registry, recipe: &R) -> Plan {
    registry.plan(Ask::new(recipe, Target::new("staging"), world.now()).unwrap()).await.unwrap()
}

/// The actions of a plan, by what stands before their first slash.
fn steps(plan: &Plan) -> Vec<String> {
    plan.cards().map(|card| card.key.split('/').next().unwrap().to_owned()).collect()
}

/// What a plan asks.
fn asks(plan: &Plan) -> Vec<&str> {
    let asks = plan.head().findings.iter().filter(|finding| finding.verdict == Verdict::Ask);
    asks.map(|finding| finding.guard.as_str()).collect()
}

fn found<'a>(plan: &'a Plan, guard: &str) -> &'a Finding {
    let mut findings = plan.head().findings.iter();
    findings.find(|finding| finding.guard == guard).unwrap_or_else(|| panic!("no {guard}: {:?}", plan.head().findings))
}

fn advice(finding: &Finding) -> &str {
    finding.advice.as_deref().unwrap_or_default()
}

/// A plan as a person reads it.
fn shown(plan: &Plan) -> String {
    let head = plan.head();
    let mut text = vec![head.title.clone()];
    text.extend(head.identity.iter().chain(&head.notes).map(|line| format!("  {line}")));
    text.extend(head.findings.iter().map(ToString::to_string));
    for (i, card) in plan.cards().enumerate() {
        text.push(format!("- {}", card.text));
        text.extend(plan.by_hand(i).unwrap().lines().map(|line| format!("    {line}")));
    }
    text.extend(head.later.iter().map(|later| format!("later: {later}")));
    text.join("\n")
}
