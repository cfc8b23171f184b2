//! The warehouse and Metabase among what is looked at first.

use std::sync::Arc;
use std::time::Duration;

use ops_recipes::first::{MetabaseSystem, RedshiftSystem, Severity, Sign, System, doctor, recipes_for, triage};
use ops_sandbox::scenario::{HungLoad, LoadTrouble};
use ops_sandbox::{Fault, Operation, World};
use redshift_ops::{ClusterStatus, LockMode};

use super::{load, pass};

const SOON: Duration = Duration::from_secs(5);

fn system(world: &World, user: &str) -> RedshiftSystem {
    let cluster = Arc::new(world.redshift_cluster());
    let warehouse = Arc::new(world.warehouse_as(user));
    RedshiftSystem::new(cluster, "cantareira-k", "prod", "https://redshift.example.com").with_warehouse(warehouse)
}

async fn signs(world: &World, user: &str) -> Vec<Sign> {
    system(world, user).signs(world.now()).await.unwrap()
}

async fn told_by_doctor(world: &World, system: impl System + 'static) -> (bool, String) {
    let all: Vec<Arc<dyn System>> = vec![Arc::new(system)];
    let told = doctor(&all, world.now(), SOON, tokio::time::sleep).await;
    (told.is_well(), told.to_string())
}

#[tokio::test]
async fn a_loader_that_hangs_is_told_with_the_next_command() {
    let (world, HungLoad { reader, .. }) = load(LoadTrouble::Reader);
    let all: Vec<Arc<dyn System>> =
        vec![Arc::new(system(&world, "monitor")), Arc::new(MetabaseSystem::new(Arc::new(world.metabase()), "there"))];
    let overview = triage(&all, world.now(), SOON, tokio::time::sleep).await;
    assert_eq!(overview.signs.len(), 1, "{overview}");
    let sign = &overview.signs[0].1;
    assert_eq!(sign.severity, Severity::Broken);
    let root = format!("the loader hangs: session {} of sandrews has what it waits for", reader.unwrap().pid);
    assert!(sign.what.contains(&root), "{}", sign.what);
    assert_eq!(sign.next.as_deref(), Some("restart-redshift --env prod"));
    assert_eq!(world.now().duration_since(sign.since.unwrap()).as_mins(), 15);
}

#[tokio::test]
async fn who_waits_for_other_reasons_and_who_works_are_not_taken_for_it() {
    let (world, _) = load(LoadTrouble::Healthy);
    assert!(signs(&world, "monitor").await.is_empty());
    let (world, _) = load(LoadTrouble::NobodyBlocks);
    assert!(signs(&world, "monitor").await.is_empty(), "the locks do not show it");
    world.put_table("meta.flags", 1);
    let (root, waits) = (world.hold_table("sandrews", "meta.flags").unwrap(), world.open_session("metabase"));
    world.lock_table(&waits, "meta.flags", LockMode::AccessExclusive, "truncate meta.flags").unwrap();
    pass(&world, 299);
    assert!(signs(&world, "monitor").await.is_empty(), "for a few minutes that is nothing");
    pass(&world, 2);
    let found = signs(&world, "monitor").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].what, format!("1 session waits because of session {} of sandrews", root.pid));
    assert_eq!((found[0].severity, found[0].next.as_deref()), (Severity::Stuck, None));
}

#[tokio::test]
async fn a_cluster_that_is_paused_or_not_there_is_told() {
    let (world, load) = load(LoadTrouble::Reader);
    world.set_cluster(&load.cluster, ClusterStatus::Paused).unwrap();
    let found = signs(&world, "monitor").await;
    assert_eq!(found[0].what, format!("{} is paused (Paused)", load.cluster));
    assert!(found[1].what.starts_with("does not answer SQL"), "{found:?}");
    world.clear();
    let found = signs(&world, "monitor").await;
    assert!(found[0].what.starts_with("no cluster is called \"cantareira-k\", or begins so; check"), "{found:?}");
}

#[tokio::test]
async fn the_doctor_says_who_may_see_and_who_may_end() {
    let (world, _) = load(LoadTrouble::Reader);
    for user in ["sao_pedro", "operator"] {
        let (is_well, text) = told_by_doctor(&world, system(&world, user)).await;
        assert!(is_well && text.contains(user) && text.contains("Redshift 1.0.63030"), "{text}");
    }
    let (is_well, text) = told_by_doctor(&world, system(&world, "monitor")).await;
    assert!(!is_well && text.contains("monitor may end its own sessions only"), "{text}");
    assert!(!text.contains("sees only its own"), "{text}");
    let (is_well, text) = told_by_doctor(&world, system(&world, "sandrews")).await;
    assert!(!is_well && text.contains("sees only its own sessions and locks"), "{text}");
    let (_, text) = told_by_doctor(&world, system(&world, "nobody")).await;
    assert!(text.contains("password authentication failed"), "{text}");
    let alone = RedshiftSystem::new(Arc::new(world.redshift_cluster()), "cantareira-k", "prod", "there");
    let (_, text) = told_by_doctor(&world, alone).await;
    assert!(text.contains("no way to its sessions by SQL is configured"), "{text}");
}

#[tokio::test]
async fn the_doctor_asks_metabase_who_it_takes_us_for() {
    let (world, _) = load(LoadTrouble::Reader);
    let metabase = || MetabaseSystem::new(Arc::new(world.metabase()), "https://metabase.example.com");
    let (is_well, text) = told_by_doctor(&world, metabase()).await;
    assert!(is_well && text.contains("v0.49.3") && text.contains("admin@"), "{text}");
    world.faults().next(1, Operation::MetabaseMe, Fault::Status(401));
    let (is_well, text) = told_by_doctor(&world, metabase()).await;
    assert!(!is_well && text.contains("get a new credential"), "{text}");
}

#[test]
fn an_alert_and_the_lines_of_the_log_name_their_recipe() {
    let (world, _) = load(LoadTrouble::Reader);
    let log = world.loader_log();
    let of_hang = |line: &&str| line.contains("DROP SCHEMA") || line.contains(":wip-count 0");
    let lines: Vec<&str> = log.lines().filter(of_hang).collect();
    assert!(lines.len() > 30);
    for line in lines {
        assert_eq!(recipes_for(line)[0].known.recipe, "restart-redshift", "{line}");
    }
    let known = |text: &str| recipes_for(text)[0].known.recipe;
    assert_eq!(known("capivara hangs since 09:03"), "restart-redshift");
    assert_eq!(known("[P2] fraud-report-policy not loaded today"), "dataset-loaded");
}
