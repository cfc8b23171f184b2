//! What was loaded, and what could not be.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};
use ops_client::conformance::{Outcome, check, parsed, same, told};

use crate::conformance::warehouse::{Scene, Who};
use crate::{Load, LoadError, LoadFilter};

const TABLE: &str = "fraud_report_policy";
const OTHER: &str = "customer";
const TODAY: &str = "556b5e98-60a1-5743-ad2e-da82d4798170";
const YESTERDAY: &str = "f7832a01-001b-56f7-a4fe-b3a417f8f654";

/// So many hours into two days.
fn at(hours: i64) -> Outcome<Timestamp> {
    let begin: Timestamp = parsed("2018-01-17T08:00:00Z")?;
    begin.checked_add(SignedDuration::from_hours(hours)).map_err(|error| error.to_string())
}

/// Two tables on two days, not in order.
async fn fill(scene: Scene<'_>) -> Outcome<[Load; 4]> {
    let load = |table, transaction, hours| Ok::<_, String>(Load::new(table, transaction, Some(at(hours)?)));
    let rows =
        [load(TABLE, YESTERDAY, 1)?, load(OTHER, TODAY, 25)?, load(OTHER, YESTERDAY, 2)?, load(TABLE, TODAY, 26)?];
    for row in &rows {
        scene.stage.insert_load(row).await.map_err(told)?;
    }
    Ok(rows)
}

async fn found(scene: Scene<'_>, filter: LoadFilter) -> Outcome<Vec<Load>> {
    scene.stage.loads().loads(&filter).await.map_err(told)
}

pub(super) async fn no_loads(scene: Scene<'_>) -> Outcome {
    same("all loads", &Vec::new(), &found(scene, LoadFilter::newest()).await?)?;
    same("those of a table", &Vec::new(), &found(scene, LoadFilter::newest().of_table(TABLE)).await?)
}

pub(super) async fn loads(scene: Scene<'_>) -> Outcome {
    let mut all = fill(scene).await?;
    all.sort_by_key(|load| Reverse(load.at));
    let all_of = |filter: &LoadFilter| all.iter().filter(|load| filter.takes(load)).cloned().collect::<Vec<_>>();
    let filters = [
        LoadFilter::newest(),
        LoadFilter::newest().of_table(TABLE),
        LoadFilter::newest().of_table(TABLE).of_table(OTHER),
        LoadFilter::newest().of_transaction(TODAY),
        LoadFilter::newest().of_table(TABLE).of_transaction(YESTERDAY),
        // A name is not a pattern, and case matters.
        LoadFilter::newest().of_table("fraud%"),
        LoadFilter::newest().of_table("fraud_report_polic_"),
        LoadFilter::newest().of_table(TABLE.to_uppercase()),
    ];
    for filter in filters {
        let wanted = all_of(&filter);
        same(&format!("the loads of {filter:?}"), &wanted, &found(scene, filter).await?)?;
    }
    same("the newest two", &all[..2], &found(scene, LoadFilter::newest().at_most(2)).await?)
}

pub(super) async fn quotes(scene: Scene<'_>) -> Outcome {
    let all = fill(scene).await?;
    for name in ["o'brien", "x' or '1'='1", "'; drop table meta.loads; --", "a\\' or 1=1 --", "a\"b", "$1", ":p", "né"]
    {
        let of_table = found(scene, LoadFilter::newest().of_table(name)).await?;
        same(&format!("the loads of {name}"), &Vec::new(), &of_table)?;
        let of_transaction = found(scene, LoadFilter::newest().of_transaction(name)).await?;
        same(&format!("the loads for {name}"), &Vec::new(), &of_transaction)?;
    }
    same("how many there are", &all.len(), &found(scene, LoadFilter::newest()).await?.len())
}

pub(super) async fn load_errors(scene: Scene<'_>) -> Outcome {
    let reads = scene.stage.reads(Who::Superuser);
    same("what could not be loaded", &Vec::new(), &reads.load_errors(10).await.map_err(told)?)?;
    let mut rows = Vec::new();
    for (hours, line) in [(1, 17), (3, 4), (2, 0)] {
        let file = format!("s3://example-data/part-{hours}.avro");
        let mut row = LoadError::new(at(hours)?, file, "customer_id", "Missing data for not-null field");
        (row.table, row.line) = (100_123, line);
        scene.stage.insert_load_error(&row).await.map_err(told)?;
        rows.push(row);
    }
    rows.sort_by_key(|row| Reverse(row.at));
    same("what could not be loaded", &rows, &reads.load_errors(10).await.map_err(told)?)?;
    same("the newest", &rows[..1], &reads.load_errors(1).await.map_err(told)?)?;
    check(reads.load_errors(0).await.map_err(told)?.is_empty(), "none is none")
}
