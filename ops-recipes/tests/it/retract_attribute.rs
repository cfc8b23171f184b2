//! `retract-attribute`: duplicates, ids, and what cannot be seen.

use std::sync::Arc;

use metapod_client::{LogicalType, Schema};
use ops_plan::{Observed, Plan, Registry, Verdict};
use ops_recipes::datasets::{AttributeSelection, RetractAttribute, RetractReads};
use ops_sandbox::World;
use sonar_client::{Attribute, DatasetDetail};

use crate::stage::{
    Told, attribute_id, committed, dataset_id, now, open, plan, run, schema, shown, texts, tonight, transaction,
    verdict, word, writes,
};

const NAME: &str = "archive/policy-proactive-limit-v3";

fn world_with(schema: Option<Schema>) -> World {
    let world = World::seeded(5).at(now());
    let mut detail = committed(1, NAME, "2026-11-22T03:04:05.678Z");
    match schema {
        Some(schema) => detail.schema = Some(schema),
        None => detail = DatasetDetail::new(sonar_client::Dataset::new(dataset_id(1), NAME.parse().unwrap())),
    }
    world.put(&transaction(tonight(), "2026-11-22", "2026-11-22T00:01:04Z"), &[detail]).unwrap();
    world
}

fn duplicates() -> Schema {
    schema(&[
        ("id", LogicalType::Uuid),
        ("limit", LogicalType::Decimal),
        ("limit", LogicalType::Double),
        ("day", LogicalType::Date),
    ])
}

fn registry(world: &World) -> Registry {
    let reads = RetractReads::new(Arc::new(world.sonar()), Arc::new(world.metapod())).with_jobs(Arc::new(Told(vec![])));
    Registry::new().with::<RetractAttribute>(reads, writes(world))
}

fn recipe(selection: AttributeSelection) -> RetractAttribute {
    RetractAttribute::new(tonight(), NAME.parse().unwrap(), selection)
}

async fn planned(world: &World, selection: AttributeSelection) -> Plan {
    plan(&registry(world), &recipe(selection)).await
}

#[tokio::test]
async fn duplicates_are_proposed_and_taken_out() {
    let world = world_with(Some(duplicates()));
    let registry = registry(&world);
    let plan = plan(&registry, &recipe(AttributeSelection::Duplicates)).await;
    insta::assert_snapshot!(shown(&plan));
    let job = open(&registry, plan);
    let (after, findings) = run(&*job).await;
    assert_eq!(after, [Observed::Done]);
    assert!(findings.iter().all(|finding| finding.verdict == Verdict::Pass), "{findings:?}");
    assert_eq!(world.attribute_effects(attribute_id(3)), 1);
    let left = world.dataset(dataset_id(1)).unwrap().schema.unwrap();
    assert_eq!(left.attributes.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["id", "limit", "day"]);
    assert!(planned(&world, AttributeSelection::Duplicates).await.is_empty());
}

#[tokio::test]
async fn irreversible_ones_are_named_one_by_one() {
    let plan = planned(&world_with(Some(duplicates())), AttributeSelection::Duplicates).await;
    let approval = ops_plan::Approval::new(plan.digest(), "ana", now());
    let (_, error) = plan.approve(approval).unwrap_err();
    assert!(error.to_string().contains("irreversible"), "{error}");
}

#[tokio::test]
async fn an_id_chooses_the_other_one() {
    let world = world_with(Some(duplicates()));
    let plan = planned(&world, AttributeSelection::Attributes(vec![attribute_id(2)])).await;
    assert_eq!(texts(&plan), ["retract attribute limit (DECIMAL) …000000000002 of archive/policy…active-limit-v3"]);
    assert!(word(&plan.head().findings, "types").unwrap().text.contains("limit: DECIMAL goes, DOUBLE stays"));
}

#[tokio::test]
async fn a_column_that_is_lost_is_told() {
    let world = world_with(Some(duplicates()));
    let both = AttributeSelection::Attributes(vec![attribute_id(2), attribute_id(3)]);
    assert_eq!(verdict(&planned(&world, both).await, "only-one"), Some(Verdict::Warn));
    let single = AttributeSelection::Attributes(vec![attribute_id(1)]);
    assert_eq!(verdict(&planned(&world, single).await, "only-one"), Some(Verdict::Warn));
}

#[tokio::test]
async fn what_stops_it() {
    let world = world_with(Some(duplicates()));
    let foreign = AttributeSelection::Attributes(vec![attribute_id(2), attribute_id(99)]);
    let empty = AttributeSelection::Attributes(Vec::new());
    for (selection, guard) in [(foreign, "provenance"), (empty, "selection")] {
        let plan = planned(&world, selection).await;
        assert_eq!((plan.len(), verdict(&plan, guard)), (0, Some(Verdict::Block)));
    }
    let uncommitted = planned(&world_with(None), AttributeSelection::Duplicates).await;
    assert_eq!((uncommitted.len(), verdict(&uncommitted, "dataset")), (0, Some(Verdict::Block)));
    let other = RetractAttribute::new(tonight(), "dataset/none".parse().unwrap(), AttributeSelection::Duplicates);
    assert_eq!(verdict(&plan(&registry(&world), &other).await, "dataset"), Some(Verdict::Block));
}

#[tokio::test]
async fn ids_that_sonar_does_not_tell_stop_it() {
    let mut sonar = sonar_client::MockSonarRead::new();
    sonar
        .expect_probe()
        .returning(|| Ok(sonar_client::Probe::new("https://sonar.example.com", std::time::Duration::ZERO)));
    sonar.expect_transaction().returning(|id| Ok(sonar_client::Transaction::new(id)));
    sonar.expect_details().returning(|_, _| {
        let mut detail = committed(1, NAME, "2026-11-22T03:04:05.678Z");
        detail.schema = Some(Schema::new(vec![Attribute::new("limit"), Attribute::new("limit")]));
        Ok(vec![detail])
    });
    let world = world_with(Some(duplicates()));
    let registry =
        Registry::new().reading::<RetractAttribute>(RetractReads::new(Arc::new(sonar), Arc::new(world.metapod())));
    let plan = plan(&registry, &recipe(AttributeSelection::Duplicates)).await;
    assert_eq!((plan.len(), verdict(&plan, "ids")), (0, Some(Verdict::Block)));
}

#[tokio::test]
async fn indexed_ones_are_left_to_a_person() {
    let world = world_with(Some(duplicates()));
    let id = "6a193f80-0000-4a30-ab34-0000000000aa".parse().unwrap();
    let plan = planned(&world, AttributeSelection::Indexed(vec![id, id])).await;
    assert_eq!((plan.len(), verdict(&plan, "unseen")), (1, Some(Verdict::Block)));
    let by_hand = plan.by_hand(0).unwrap();
    assert!(
        by_hand.contains("api/migrations/retract/indexed-attribute/6a193f80-0000-4a30-ab34-0000000000aa"),
        "{by_hand}"
    );
}

#[tokio::test]
async fn another_commit_is_another_schema() {
    let world = world_with(Some(duplicates()));
    let registry = registry(&world);
    let job = open(&registry, plan(&registry, &recipe(AttributeSelection::Duplicates)).await);
    world.recommit(dataset_id(1)).unwrap();
    let (after, _) = run(&*job).await;
    assert!(matches!(&after[..], [Observed::Drifted(text)] if text.contains("committed again")), "{after:?}");
    world.retract(dataset_id(1)).unwrap();
    let (after, findings) = run(&*job).await;
    assert!(matches!(&after[..], [Observed::Drifted(text)] if text.contains("no schema any more")), "{after:?}");
    assert_eq!(word(&findings, "dataset").unwrap().verdict, Verdict::Block);
}
