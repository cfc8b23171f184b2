//! One small night, told exactly, and the shortest way through plan, approval and run.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use metapod_client::{Attribute, AttributeId, DatasetFormat, DatasetId, LogicalType, Schema, TransactionId};
use ops_client::{Effect, Error, ErrorKind, Result};
use ops_plan::{
    Approval, Ask, Card, Expect, Finding, Host, Job, Observed, Plan, Recipe, Registry, Target, TargetKind, Verdict,
};
use ops_recipes::datasets::{Jobs, MetapodWrites};
use ops_sandbox::World;
use sonar_client::{Dataset, DatasetDetail, Transaction};

pub(crate) const NOW: &str = "2026-11-22T09:00:00Z";
pub(crate) const TONIGHT: &str = "f7832a01-001b-56f7-a4fe-b3a417f8f654";

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(crate) fn tonight() -> TransactionId {
    TONIGHT.parse().unwrap()
}

pub(crate) fn dataset_id(number: u32) -> DatasetId {
    // The first half is the second of the transaction's creation, as in life.
    format!("6a191f80-{:04x}-4a30-ab34-bac476b9{:04x}", 0xe400 + number, 0x5700 + number).parse().unwrap()
}

pub(crate) fn attribute_id(number: u32) -> AttributeId {
    format!("6a193f80-0000-4a30-ab34-0000000000{number:02x}").parse().unwrap()
}

/// A schema with these names and types, in this order; ids count from 1.
pub(crate) fn schema(columns: &[(&str, LogicalType)]) -> Schema {
    let attribute = |(number, (name, kind)): (u32, &(&str, LogicalType))| {
        Attribute::new(*name).with_id(attribute_id(number)).with_type(kind.clone())
    };
    Schema::new((1..).zip(columns).map(attribute).collect())
}

/// What is in tonight's transaction: committed ones with an hour, others without.
pub(crate) const NIGHT: [(&str, Option<i8>); 10] = [
    ("contract-billing/bills", Some(1)),
    ("contract-billing/charges", Some(1)),
    ("dataset/bill-cycles", Some(3)),
    ("dataset/bill-cycles-avro", Some(3)),
    ("dataset/fx-model", None),
    ("dataset/fx-model-csv-gz", None),
    ("model/fx-model", None),
    ("model/fx-model-avro", None),
    ("model/churn-risk", None),
    ("policy/limits", Some(5)),
];

/// The number of a dataset of the night, by its name.
pub(crate) fn id_of(name: &str) -> DatasetId {
    let at = NIGHT.iter().position(|(other, _)| *other == name).unwrap();
    dataset_id(u32::try_from(at).unwrap())
}

pub(crate) fn committed(number: u32, name: &str, at: &str) -> DatasetDetail {
    let path = format!("s3://example-metapod/10b090f0-{number:04x}").parse().unwrap();
    let dataset = Dataset::new(dataset_id(number), name.parse().unwrap()).committed_at(
        at.parse().unwrap(),
        path,
        DatasetFormat::Parquet,
    );
    let mut detail = DatasetDetail::new(dataset);
    detail.schema = Some(schema(&[("id", LogicalType::Uuid), ("limit", LogicalType::Decimal)]));
    detail
}

pub(crate) fn transaction(id: TransactionId, day: &str, started: &str) -> Transaction {
    let mut transaction = Transaction::new(id);
    transaction.transaction_type = Some("DAILY".to_owned().into());
    transaction.target_date = Some(day.parse().unwrap());
    transaction.started_at = Some(started.parse().unwrap());
    transaction
}

/// A world with that one night.
pub(crate) fn night() -> World {
    let world = World::seeded(7).at(now());
    let datasets: Vec<DatasetDetail> = (0..)
        .zip(NIGHT)
        .map(|(number, (name, hour))| match hour {
            Some(hour) => committed(number, name, &format!("2026-11-22T0{hour}:04:05.678Z")),
            None => DatasetDetail::new(Dataset::new(dataset_id(number), name.parse().unwrap())),
        })
        .collect();
    world.put(&transaction(tonight(), "2026-11-22", "2026-11-22T00:01:04Z"), &datasets).unwrap();
    world
}

pub(crate) fn writes(world: &World) -> MetapodWrites {
    MetapodWrites::new(Arc::new(world.metapod()))
}

/// Plans at the world's time, somewhere ordinary.
pub(crate) async fn plan<R: Recipe>(registry: &Registry, recipe: &R) -> Plan {
    registry.plan(Ask::new(recipe, Target::new("staging"), now()).unwrap()).await.unwrap()
}

/// Approves a plan by answering all that it asks, and opens it.
pub(crate) fn open(registry: &Registry, plan: Plan) -> Arc<dyn Job> {
    let approval = yes_to_all(&plan);
    let approved = plan.approve(approval).map_err(|(_, error)| error).unwrap();
    registry.open(&approved).unwrap()
}

pub(crate) fn yes_to_all(plan: &Plan) -> Approval {
    let head = plan.head();
    let mut approval = Approval::new(plan.digest(), "ana", now()).expecting(Expect::exactly(head.changes() as u64));
    let asks = head.findings.iter().filter(|finding| finding.verdict == Verdict::Ask);
    for guard in asks.map(|finding| finding.guard.clone()).chain(["share".to_owned()]) {
        approval = approval.accepting(guard, "looked at");
    }
    for card in plan.cards() {
        approval = approval.naming(card.key);
    }
    assert_eq!(head.target.kind, TargetKind::Ordinary);
    approval
}

/// Runs a job as an engine does: look, do what is pending, look again; then verify.
pub(crate) async fn run(job: &dyn Job) -> (Vec<Observed>, Vec<Finding>) {
    let all: Vec<usize> = (0..job.plan().len()).collect();
    let before = job.observe(&all).await.unwrap();
    for (i, seen) in all.iter().zip(&before) {
        if *seen == Observed::Pending {
            job.perform(*i).await.unwrap();
        }
    }
    let after = job.observe(&all).await.unwrap();
    let done: Vec<usize> = all.iter().copied().filter(|i| after[*i] == Observed::Done).collect();
    let findings = job.verify(&done).await.unwrap();
    (after, findings)
}

/// The word of a guard, if it spoke.
pub(crate) fn word<'a>(findings: &'a [Finding], guard: &str) -> Option<&'a Finding> {
    findings.iter().find(|finding| finding.guard == guard)
}

pub(crate) fn verdict(plan: &Plan, guard: &str) -> Option<Verdict> {
    word(&plan.head().findings, guard).map(|finding| finding.verdict)
}

pub(crate) fn texts(plan: &Plan) -> Vec<String> {
    plan.cards().map(|card: Card| card.text).collect()
}

/// A plan as text: what a person is shown, in the order in which it was found.
pub(crate) fn shown(plan: &Plan) -> String {
    let head = plan.head();
    let mut text = format!("{}\n", head.title);
    for line in &head.identity {
        writeln!(text, "  {line}").unwrap();
    }
    for note in &head.notes {
        writeln!(text, "  {note}").unwrap();
    }
    for finding in &head.findings {
        writeln!(text, "{finding}").unwrap();
    }
    for phase in &head.phases {
        writeln!(text, "{}: {} at most {} at once", phase.name, phase.len(), phase.width).unwrap();
    }
    for (i, card) in plan.cards().enumerate() {
        assert!(card.text.chars().count() <= 100, "{}", card.text);
        writeln!(text, "- {}\n    {}", card.text, plan.by_hand(i).unwrap().replace('\n', "\n    ")).unwrap();
    }
    for later in &head.later {
        writeln!(text, "later: {later}").unwrap();
    }
    text
}

/// Jobs as a test tells them.
pub(crate) struct Told(pub(crate) Vec<ops_recipes::datasets::Job>);

#[async_trait]
impl Jobs for Told {
    async fn jobs(&self, _: TransactionId) -> Result<Vec<ops_recipes::datasets::Job>> {
        Ok(self.0.clone())
    }
}

/// Jobs that cannot be seen.
pub(crate) struct Unseen;

#[async_trait]
impl Jobs for Unseen {
    async fn jobs(&self, _: TransactionId) -> Result<Vec<ops_recipes::datasets::Job>> {
        Err(Error::new("aurora.jobs", ErrorKind::Timeout, Effect::None))
    }
}

/// How often each dataset was really retracted.
pub(crate) fn effects(world: &World) -> HashMap<DatasetId, u64> {
    world.dataset_ids(tonight()).into_iter().map(|id| (id, world.effects(id))).collect()
}
