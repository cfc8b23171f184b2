//! Tables, as they are.

use jiff::{SignedDuration, Timestamp};
use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{failed, unknown_table};
use crate::conformance::Scene;
use crate::{Effect, ErrorKind, Place, TableName, TablesReadExt};

/// What was so many seconds ago is known no better: time goes on.
const CLOSE: SignedDuration = SignedDuration::from_secs(60);

pub(super) async fn probe(scene: Scene<'_>) -> Outcome {
    scene.stage.reads().probe().await.map(drop).map_err(told)
}

pub(super) async fn unknown(scene: Scene<'_>) -> Outcome {
    let error = refused(scene.stage.reads().table(&unknown_table()?).await)?;
    failed("the failure", ErrorKind::NotFound, Effect::None, &error)?;
    same("tables of that name", &Vec::<TableName>::new(), &scene.stage.reads().tables("no-such-").await.map_err(told)?)
}

pub(super) async fn limits(scene: Scene<'_>) -> Outcome {
    let limits = scene.stage.reads().limits().await.map_err(told)?;
    check(limits.table.read > 0 && limits.table.write > 0, "a table may have units")?;
    let within = limits.table.read <= limits.account.read && limits.table.write <= limits.account.write;
    check(within, &format!("the limits are in order: {limits:?}"))
}

pub(super) async fn facts(scene: Scene<'_>) -> Outcome {
    for play in &scene.scenario.plays {
        let found = scene.stage.reads().table(&play.name).await.map_err(told)?;
        let mut wanted = play.table(scene.stage.now());
        check(found.arn.ends_with(&format!("table/{}", play.name)), &format!("it has its ARN: {}", found.arn))?;
        for (wanted, found) in wanted.places.iter_mut().zip(&found.places) {
            let what = format!("when {} of {} was lowered last", found.place, play.name);
            check(is_close(wanted.last_decrease, found.last_decrease), &what)?;
            (wanted.last_decrease, wanted.last_increase) = (found.last_decrease, found.last_increase);
        }
        wanted.arn.clone_from(&found.arn);
        (wanted.items, wanted.bytes, wanted.created) = (found.items, found.bytes, found.created);
        same("the table", &wanted, &found)?;
    }
    Ok(())
}

fn is_close(wanted: Option<Timestamp>, found: Option<Timestamp>) -> bool {
    match (wanted, found) {
        (Some(wanted), Some(found)) => wanted.duration_since(found).abs() <= CLOSE,
        (wanted, found) => wanted == found,
    }
}

pub(super) async fn listed(scene: Scene<'_>) -> Outcome {
    let all: Vec<TableName> = scene.scenario.plays.iter().map(|play| play.name.clone()).collect();
    let reads = scene.stage.reads();
    same("all tables", &all, &reads.tables("").await.map_err(told)?)?;
    for prefix in ["prod-", "prod-s3-", "prod-s3-analytics-datomic"] {
        let wanted: Vec<_> = all.iter().filter(|name| name.as_str().starts_with(prefix)).cloned().collect();
        check(!wanted.is_empty(), "the scenario has such tables")?;
        same(prefix, &wanted, &reads.tables(prefix).await.map_err(told)?)?;
    }
    Ok(())
}

pub(super) async fn found(scene: Scene<'_>) -> Outcome {
    let reads = scene.stage.reads();
    for (prototype, service, wanted) in [
        (Some("s3"), "analytics", "prod-s3-analytics-datomic"),
        (Some("global"), "metapod", "prod-metapod-datomic"),
        (Some("s0"), "correnteza", "prod-correnteza-datomic"),
        (None, "metapod", "prod-metapod-datomic"),
    ] {
        let table = reads.find_table("prod", prototype, service).await.map_err(told)?;
        same("its name", wanted, table.name.as_str())?;
        check(table.place(&Place::Table).is_some(), "it has units of its own")?;
    }
    let error = refused(reads.find_table("prod", Some("s9"), "analytics").await)?;
    failed("the failure", ErrorKind::NotFound, Effect::None, &error)?;
    let alike = error.remedy().is_some_and(|remedy| remedy.contains("prod-s3-analytics-datomic"));
    check(alike, "it is told what there is")
}
