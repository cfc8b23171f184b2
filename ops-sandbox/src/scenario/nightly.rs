//! A nightly run, some hours in.

use jiff::civil::{Date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use metapod_client::{CommitFormat, DatasetAction, DatasetId, DatasetName, TransactionId};

use super::bulk::between;
use super::schemas;
use crate::World;
use crate::metapod::{CommitSpec, TransactionSpec};
use crate::rng::Rng;

/// What is in the world after [`nightly`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Nightly {
    /// Tonight's run: most datasets are committed, some failed, some are not reached yet.
    pub transaction: TransactionId,
    /// The day of tonight's run.
    pub target_date: Date,
    /// Yesterday's run, whole.
    pub yesterday: TransactionId,
    /// A run of type CUSTOM of the same day, beside the daily one.
    pub custom: TransactionId,
    /// A committed dataset of tonight whose schema bears a name twice.
    pub duplicate: DatasetId,
    /// That name.
    pub duplicate_attribute: String,
    /// What failed tonight, by name: all of the subject failed, or the model alone.
    pub failed: Vec<DatasetName>,
    /// What only waits for something that failed, or was not reached yet.
    pub waiting: Vec<DatasetName>,
}

const SHARDS: &[&str] = &["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"];

/// What is extracted: databases, their shards (none: one database for all), their tables.
const SOURCES: [(&str, &[&str], &[&str]); 10] = [
    ("billing", SHARDS, &["bills", "charges", "payments", "adjustments"]),
    ("accounts", SHARDS, &["accounts", "limits", "holds"]),
    ("customers", SHARDS, &["customers", "addresses", "phones", "documents"]),
    ("cards", SHARDS, &["cards", "tokens", "shipments"]),
    ("ledger", SHARDS, &["entries", "movements", "books"]),
    ("acquisition", &[], &["prospects", "invites", "campaigns"]),
    ("collections", &[], &["agreements", "contacts", "partners"]),
    ("exchange", &[], &["rates", "currencies"]),
    ("disputes", &[], &["cases", "evidence"]),
    ("support", &[], &["tickets", "ratings", "agents"]),
];

const DATASETS: [&str; 36] = [
    "account-balances",
    "active-customers",
    "address-changes",
    "bill-cycles",
    "bill-payments",
    "campaign-costs",
    "card-shipments",
    "charge-categories",
    "charge-history",
    "collection-agreements",
    "contact-attempts",
    "credit-limit-history",
    "credit-utilisation",
    "customer-addresses",
    "customer-contacts",
    "customer-cohorts",
    "dispute-outcomes",
    "document-checks",
    "exchange-rates",
    "first-purchases",
    "fraud-signals",
    "held-amounts",
    "income-estimates",
    "invite-conversions",
    "late-fees",
    "ledger-balances",
    "limit-changes",
    "merchant-names",
    "monthly-revenue",
    "movement-totals",
    "payment-delays",
    "prospect-funnel",
    "rating-summaries",
    "renegotiations",
    "ticket-volumes",
    "token-usage",
];
const FACTS: [&str; 12] = [
    "bills",
    "calls",
    "card-purchases",
    "charges",
    "disputes",
    "invites",
    "limit-raises",
    "payments",
    "ratings",
    "renegotiations",
    "shipments",
    "tickets",
];
const DIMENSIONS: [&str; 8] = ["account", "calendar", "card", "city", "currency", "customer", "merchant", "partner"];
const MODELS: [&str; 12] = [
    "acquisition-score",
    "bill-forecast",
    "call-volume",
    "churn-risk",
    "collection-score",
    "credit-limit-history",
    "customer-lifetime-value",
    "default-risk",
    "fraud-score",
    "income-estimates",
    "late-payment",
    "limit-raise",
];
const POLICIES: [&str; 8] = [
    "acquisition-policy",
    "collections-union",
    "credit-line-policy",
    "fraud-report-policy",
    "income-policy",
    "limit-raise-policy",
    "renegotiation-policy",
    "retention-policy",
];
const ARCHIVED: [&str; 10] = [
    "dataset/account-balances",
    "dataset/credit-limit-history",
    "dataset/exchange-rates",
    "dataset/ledger-balances",
    "dataset/limit-changes",
    "model/churn-risk",
    "model/default-risk",
    "model/fraud-score",
    "policy/collections-union",
    "policy/credit-line-policy",
];

/// A dataset with all that hangs on it failed.
const FAILED: &str = "credit-limit-history";
/// A model failed whose dataset is there.
const FAILED_MODEL: &str = "model/churn-risk";
/// Named twice in one schema.
const DUPLICATE: (&str, &str) = ("dataset/customer-addresses", "postal_code");

/// A nightly run some hours in, with some hundreds of datasets of all families, yesterday's whole run, and a CUSTOM one of
/// the same day. It started at the last 00:01:04 UTC that is ten minutes old at least.
///
/// What is committed by now, in order: raws, contracts, datasets, facts and dimensions, models, policies; the archives of
/// what is there. The policies that need the failed model, and the archives of what failed, wait.
pub fn nightly(world: &World) -> Nightly {
    let mut rng = Rng::new(world.draw());
    let now = world.now();
    let (target_date, started) = start(now);
    let day = SignedDuration::from_hours(24);

    let yesterday_date = target_date.yesterday().unwrap_or(target_date);
    let yesterday =
        run(world, TransactionSpec::daily(yesterday_date).named(":prod/itaipu-7c31f0e"), started - day, names());
    let end = started - day + SignedDuration::from_hours(13);
    for (at, (dataset, name)) in yesterday.1.iter().enumerate() {
        commit(world, &mut rng, *dataset, name, between(started - day, end, at, yesterday.1.len()));
    }

    let tonight = run(world, TransactionSpec::daily(target_date).named(":prod/itaipu-e4b90d2"), started, names());
    let end = now.min(started + SignedDuration::from_hours(10));
    let (mut failed, mut waiting) = (Vec::new(), Vec::new());
    for (at, (dataset, name)) in tonight.1.iter().enumerate() {
        match fate(name.as_str()) {
            Fate::Committed => commit(world, &mut rng, *dataset, name, between(started, end, at, tonight.1.len())),
            Fate::Failed => failed.push(name.clone()),
            Fate::Waiting => waiting.push(name.clone()),
        }
    }

    let report = ["dataset/regulatory-positions", "dataset/regulatory-positions-csv-gz", "policy/regulatory-report"];
    let custom_start = (started + SignedDuration::from_hours(2)).min(now);
    let spec = TransactionSpec::custom().for_day(target_date).scheduled();
    let custom = run(world, spec, custom_start, report.iter().filter_map(|name| name.parse().ok()).collect());
    for (dataset, name) in custom.1.iter().take(2) {
        commit(world, &mut rng, *dataset, name, now);
    }

    let duplicate = tonight.1.iter().find(|(_, name)| name.as_str() == DUPLICATE.0).map(|(dataset, _)| *dataset);
    Nightly {
        transaction: tonight.0,
        target_date,
        yesterday: yesterday.0,
        custom: custom.0,
        duplicate: duplicate.unwrap_or(DatasetId::from_uuid(uuid::Uuid::nil())),
        duplicate_attribute: DUPLICATE.1.to_owned(),
        failed,
        waiting,
    }
}

enum Fate {
    Committed,
    Failed,
    Waiting,
}

fn fate(name: &str) -> Fate {
    let (family, rest) = name.split_once('/').unwrap_or(("", name));
    let subject = rest.trim_end_matches("-avro").trim_end_matches("-csv-gz");
    if matches!(family, "dataset" | "model") && subject == FAILED || name.trim_end_matches("-avro") == FAILED_MODEL {
        return Fate::Failed;
    }
    let behind_failed = family == "archive" && (rest.ends_with(FAILED) || rest == "model-churn-risk");
    let not_reached =
        subject == "retention-policy" || subject == "credit-line-policy" || rest == "policy-credit-line-policy";
    if behind_failed || not_reached { Fate::Waiting } else { Fate::Committed }
}

/// The day and the start of the run that is on at this time.
fn start(now: Timestamp) -> (Date, Timestamp) {
    let settled = now - SignedDuration::from_mins(10);
    let date = settled.to_zoned(TimeZone::UTC).date();
    let at = |date: Date| date.to_datetime(time(0, 1, 4, 0)).to_zoned(TimeZone::UTC).map(|start| start.timestamp());
    let today = at(date).unwrap_or(settled);
    if today <= settled {
        return (date, today);
    }
    let before = date.yesterday().unwrap_or(date);
    (before, at(before).unwrap_or(settled))
}

fn run(
    world: &World,
    spec: TransactionSpec,
    started: Timestamp,
    names: Vec<DatasetName>,
) -> (TransactionId, Vec<(DatasetId, DatasetName)>) {
    // Both refusals (a name twice, an id twice) are impossible here; a test below counts the datasets.
    let id = world
        .add_transaction(spec.started_at(started), names.iter().cloned())
        .unwrap_or(TransactionId::from_uuid(uuid::Uuid::nil()));
    (id, world.dataset_ids(id).into_iter().zip(names).collect())
}

fn commit(world: &World, rng: &mut Rng, dataset: DatasetId, name: &DatasetName, at: Timestamp) {
    let avro = name.as_str().ends_with("-avro");
    let mut spec = CommitSpec::new()
        .at(at)
        .format(if avro { CommitFormat::Avro } else { CommitFormat::Parquet })
        .partitions(1 + rng.below(4))
        .schema(if name.as_str() == DUPLICATE.0 { schemas::with_duplicate(DUPLICATE.1) } else { schemas::schema(rng) });
    if ARCHIVED.contains(&name.as_str()) {
        spec = spec.actions(vec![DatasetAction::CreateArchive]);
    }
    // The dataset is fresh, so this cannot be refused.
    let _ = world.commit(dataset, spec);
}

/// The names of a nightly run, in the order in which they are computed.
fn names() -> Vec<DatasetName> {
    let mut names = Vec::new();
    for (database, shards, tables) in SOURCES {
        for table in tables {
            if shards.is_empty() {
                names.push(format!("raw-{database}/{table}"));
            }
            names.extend(shards.iter().map(|shard| format!("raw-{database}-{shard}/{table}")));
        }
    }
    for (database, _, tables) in SOURCES {
        names.extend(tables.iter().map(|table| format!("contract-{database}/{table}")));
    }
    for (at, name) in DATASETS.iter().enumerate() {
        names.push(format!("dataset/{name}"));
        if at % 2 == 1 {
            names.push(format!("dataset/{name}-avro"));
        }
        if at % 9 == 2 {
            names.push(format!("dataset/{name}-csv-gz"));
        }
    }
    let twins = |family: &str, subjects: &[&str]| -> Vec<String> {
        subjects.iter().flat_map(|name| [format!("{family}/{name}"), format!("{family}/{name}-avro")]).collect()
    };
    names.extend(twins("dataset-fact", &FACTS));
    names.extend(twins("dataset-dimension", &DIMENSIONS));
    names.extend(twins("model", &MODELS));
    names.extend(twins("policy", &POLICIES));
    names.extend(ARCHIVED.iter().map(|name| format!("archive/{}", name.replace('/', "-"))));
    names.into_iter().filter_map(|name| name.parse().ok()).collect()
}
