//! The cases.

use std::collections::BTreeMap;
use std::fmt::Debug;

use jiff::Timestamp;
use ops_client::conformance::{Fault, Outcome, cases, check, parsed, same, told};

use super::{Change, Play, Scene, Stage};
use crate::{
    Dataset, DatasetDetail, DatasetFilter, DatasetFormat, DatasetName, Effect, ErrorKind, S3Path, SonarReadExt, State,
    TransactionId,
};

cases! { pub CASES on dyn Stage:
    "a probe is answered" => probe;
    "committed and other datasets together are all" => states_add_up;
    "the committed are as many as are counted" => count_agrees;
    "names restrict, and unknown ones are missing" => names_restrict;
    "an empty list of names means none" => no_names;
    "details of nothing are refused" => no_details;
    "an unknown transaction is not found" => unknown_transaction;
    "details repeat the short facts" => details_agree;
    #[needs(Prepare)] "every fact of a transaction arrives" => transaction_facts;
    #[needs(Prepare)] "every transaction is listed" => transactions_listed;
    #[needs(Prepare)] "the transactions of a day are found" => transactions_of_a_day;
    #[needs(Prepare)] "every fact of every dataset arrives" => dataset_facts;
    #[needs(Prepare)] "each state selects its datasets" => states_select;
    #[needs(Prepare)] "state and names restrict together" => state_and_names;
    #[needs(Prepare)] "every detail arrives, duplicate attributes in order" => detail_facts;
    #[needs(Prepare)] "a transaction without datasets has none" => empty_transaction;
    #[needs(Prepare)] "a transaction's datasets are its own" => transactions_are_apart;
    #[needs(Prepare, Change)] "a retract is seen" => retract_seen;
    #[needs(Prepare, Change)] "a commit is seen" => commit_seen;
    #[needs(Fault)] "a system that is away is Unavailable" => unavailable;
    #[needs(Fault)] "an expired token is Unauthenticated" => expired;
    #[needs(Fault)] "a page of HTML is no answer" => html;
}

async fn probe(scene: Scene<'_>) -> Outcome {
    scene.stage.sonar().probe().await.map(drop).map_err(told)
}

async fn states_add_up(scene: Scene<'_>) -> Outcome {
    let mut parts = datasets(scene, &DatasetFilter::committed()).await?;
    check(!parts.is_empty(), "there is a committed dataset")?;
    check(parts.iter().all(|dataset| dataset.committed), "only committed ones are among the committed")?;
    let others = datasets(scene, &DatasetFilter::uncommitted()).await?;
    check(others.iter().all(|dataset| !dataset.committed), "no committed one is among the uncommitted")?;
    parts.extend(others);
    // Whether the aborted ones are among the uncommitted is not known of the real system: both are accepted.
    let mut aborted = DatasetFilter::all();
    aborted.state = Some(State::Aborted);
    parts.extend(datasets(scene, &aborted).await?);
    let parts: BTreeMap<_, _> = parts.into_iter().map(|dataset| (dataset.id, dataset)).collect();
    let all: BTreeMap<_, _> =
        datasets(scene, &DatasetFilter::all()).await?.into_iter().map(|dataset| (dataset.id, dataset)).collect();
    same("all datasets", &parts, &all)
}

async fn count_agrees(scene: Scene<'_>) -> Outcome {
    let counted = scene.stage.sonar().committed_count(*scene.start).await.map_err(told)?;
    let listed = datasets(scene, &DatasetFilter::committed()).await?.len() as u64;
    same("committed datasets", &listed, &counted)?;
    let progress = scene.stage.sonar().progress(*scene.start).await.map_err(told)?;
    same("progress", &counted, &progress.committed)
}

async fn names_restrict(scene: Scene<'_>) -> Outcome {
    let all = datasets(scene, &DatasetFilter::all()).await?;
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return Err("there is no dataset".to_owned()) };
    let mut names = vec![first.name.clone(), last.name.clone(), name("dataset/nobody-has-this-name")?];
    let found = datasets(scene, &DatasetFilter::all().named(names.clone())).await?;
    same("named datasets", &sorted(vec![first.clone(), last.clone()]), &sorted(found))?;
    names.drain(..2);
    let found = datasets(scene, &DatasetFilter::all().named(names)).await?;
    same("datasets with an unknown name", &Vec::new(), &found)
}

async fn no_names(scene: Scene<'_>) -> Outcome {
    let found = datasets(scene, &DatasetFilter::all().named(Vec::new())).await?;
    same("datasets", &Vec::new(), &found)
}

async fn no_details(scene: Scene<'_>) -> Outcome {
    refused(ErrorKind::Invalid, scene.stage.sonar().details(*scene.start, &[]).await)
}

async fn unknown_transaction(scene: Scene<'_>) -> Outcome {
    let unknown: TransactionId = parsed("00000000-0000-4000-8000-000000000000")?;
    let sonar = scene.stage.sonar();
    refused(ErrorKind::NotFound, sonar.transaction(unknown).await)?;
    refused(ErrorKind::NotFound, sonar.datasets(unknown, &DatasetFilter::all()).await)?;
    refused(ErrorKind::NotFound, sonar.details(unknown, &[name("dataset/a")?]).await)?;
    refused(ErrorKind::NotFound, sonar.committed_count(unknown).await)
}

async fn details_agree(scene: Scene<'_>) -> Outcome {
    let short: Vec<Dataset> = datasets(scene, &DatasetFilter::all()).await?.into_iter().take(5).collect();
    let names: Vec<DatasetName> = short.iter().map(|dataset| dataset.name.clone()).collect();
    let long = scene.stage.sonar().details(*scene.start, &names).await.map_err(told)?;
    same("short facts", &sorted(short), &sorted(long.into_iter().map(|detail| detail.dataset).collect()))
}

async fn transaction_facts(scene: Scene<'_>) -> Outcome {
    for play in &scene.scenario.plays {
        let told_us = scene.stage.sonar().transaction(play.transaction.id).await.map_err(told)?;
        same("transaction", &play.transaction, &told_us)?;
    }
    Ok(())
}

async fn transactions_listed(scene: Scene<'_>) -> Outcome {
    let mut listed = scene.stage.sonar().transactions().await.map_err(told)?;
    let mut all: Vec<_> = scene.scenario.plays.iter().map(|play| play.transaction.clone()).collect();
    listed.sort_by_key(|transaction| transaction.id);
    all.sort_by_key(|transaction| transaction.id);
    same("transactions", &all, &listed)
}

async fn transactions_of_a_day(scene: Scene<'_>) -> Outcome {
    let play = first(scene)?;
    let day = play.transaction.target_date.ok_or("the scenario's first transaction has no target date")?;
    let found = scene.stage.sonar().transactions_on(day).await.map_err(told)?;
    let on_that_day = |play: &&Play| play.transaction.target_date == Some(day);
    same("transactions", &scene.scenario.plays.iter().filter(on_that_day).count(), &found.len())?;
    check(found.contains(&play.transaction), "the first transaction is among those of its day")
}

async fn dataset_facts(scene: Scene<'_>) -> Outcome {
    let listed = datasets(scene, &DatasetFilter::all()).await?;
    same("datasets", &chosen(first(scene)?, |_| true), &sorted(listed))
}

async fn states_select(scene: Scene<'_>) -> Outcome {
    let play = first(scene)?;
    let committed = datasets(scene, &DatasetFilter::committed()).await?;
    same("committed datasets", &chosen(play, |dataset| dataset.committed), &sorted(committed))?;
    let mut aborted = DatasetFilter::all();
    aborted.state = Some(State::Aborted);
    let aborted = datasets(scene, &aborted).await?;
    same("aborted datasets", &chosen(play, |dataset| dataset.aborted_at.is_some()), &sorted(aborted))?;
    let mut uncommitted = datasets(scene, &DatasetFilter::uncommitted()).await?;
    uncommitted.retain(|dataset| dataset.aborted_at.is_none());
    let neither = chosen(play, |dataset| !dataset.committed && dataset.aborted_at.is_none());
    same("uncommitted datasets", &neither, &sorted(uncommitted))
}

async fn state_and_names(scene: Scene<'_>) -> Outcome {
    let names = first(scene)?.datasets.iter().map(|detail| detail.dataset.name.clone()).collect();
    let both = datasets(scene, &DatasetFilter::committed().named(names)).await?;
    same("committed datasets", &chosen(first(scene)?, |dataset| dataset.committed), &sorted(both))
}

async fn detail_facts(scene: Scene<'_>) -> Outcome {
    let play = first(scene)?;
    let names: Vec<DatasetName> = play.datasets.iter().map(|detail| detail.dataset.name.clone()).collect();
    let mut found = scene.stage.sonar().details(*scene.start, &names).await.map_err(told)?;
    let mut all = play.datasets.clone();
    found.sort_by_key(|detail| detail.dataset.id);
    all.sort_by_key(|detail| detail.dataset.id);
    same("number of details", &all.len(), &found.len())?;
    for (wanted, found) in all.iter().zip(&found) {
        same(wanted.dataset.name.as_str(), wanted, found)?;
    }
    Ok(())
}

async fn empty_transaction(scene: Scene<'_>) -> Outcome {
    let empty = scene.scenario.plays.iter().find(|play| play.datasets.is_empty());
    let empty = empty.ok_or("the scenario has no transaction without datasets")?.transaction.id;
    let sonar = scene.stage.sonar();
    same("datasets", &Vec::new(), &sonar.datasets(empty, &DatasetFilter::all()).await.map_err(told)?)?;
    same("committed datasets", &0, &sonar.committed_count(empty).await.map_err(told)?)
}

/// The same name stands in two transactions, with two ids.
async fn transactions_are_apart(scene: Scene<'_>) -> Outcome {
    for play in &scene.scenario.plays {
        let listed = scene.stage.sonar().datasets(play.transaction.id, &DatasetFilter::all()).await.map_err(told)?;
        same("datasets", &chosen(play, |_| true), &sorted(listed))?;
    }
    Ok(())
}

async fn retract_seen(scene: Scene<'_>) -> Outcome {
    let committed = |detail: &&DatasetDetail| detail.dataset.committed;
    let before = first(scene)?.datasets.iter().find(committed).ok_or("the scenario has no committed dataset")?;
    let count = scene.stage.sonar().committed_count(*scene.start).await.map_err(told)?;
    scene.stage.change(Change::Retract(before.dataset.id)).await.map_err(told)?;

    let after = detail(scene, &before.dataset.name).await?;
    // It stays in its transaction, with its id and without all that the commit brought.
    let dataset = Dataset::new(before.dataset.id, before.dataset.name.clone());
    same("the retracted dataset", &DatasetDetail::new(dataset), &after)?;
    let now = scene.stage.sonar().committed_count(*scene.start).await.map_err(told)?;
    same("committed datasets", &(count - 1), &now)
}

async fn commit_seen(scene: Scene<'_>) -> Outcome {
    let open = |detail: &&DatasetDetail| !detail.dataset.committed && detail.dataset.aborted_at.is_none();
    let before = first(scene)?.datasets.iter().find(open).ok_or("the scenario has no uncommitted dataset")?;
    let path: S3Path = parsed("s3://metapod-permanent/committed-meanwhile")?;
    let at: Timestamp = parsed("2018-01-18T12:00:00Z")?;
    let (dataset, format) = (before.dataset.id, DatasetFormat::Avro);
    let change = Change::Commit { dataset, path: path.clone(), format: format.clone(), at };
    scene.stage.change(change).await.map_err(told)?;

    let after = detail(scene, &before.dataset.name).await?.dataset;
    check(after.committed && after.committed_at.is_some(), "it is committed, and says when")?;
    same("its path", &Some(path), &after.path)?;
    same("its format", &Some(format), &after.format)?;
    same("its id", &before.dataset.id, &after.id)
}

async fn unavailable(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Unavailable, ErrorKind::Unavailable).await
}

async fn expired(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::ExpiredToken, ErrorKind::Unauthenticated).await
}

async fn html(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Html, ErrorKind::Decode).await
}

/// Every operation tells of the fault.
async fn failing(scene: Scene<'_>, fault: Fault, kind: ErrorKind) -> Outcome {
    scene.stage.fault(fault).await.map_err(told)?;
    let (sonar, transaction) = (scene.stage.sonar(), *scene.start);
    refused(kind, sonar.probe().await)?;
    refused(kind, sonar.transaction(transaction).await)?;
    refused(kind, sonar.transactions().await)?;
    refused(kind, sonar.datasets(transaction, &DatasetFilter::all()).await)?;
    refused(kind, sonar.details(transaction, &[name("dataset/a")?]).await)?;
    refused(kind, sonar.committed_count(transaction).await)
}

async fn datasets(scene: Scene<'_>, filter: &DatasetFilter) -> Outcome<Vec<Dataset>> {
    scene.stage.sonar().datasets(*scene.start, filter).await.map_err(told)
}

async fn detail(scene: Scene<'_>, name: &DatasetName) -> Outcome<DatasetDetail> {
    let mut found = scene.stage.sonar().details(*scene.start, std::slice::from_ref(name)).await.map_err(told)?;
    match (found.pop(), found.is_empty()) {
        (Some(detail), true) => Ok(detail),
        _ => Err(format!("{name} is not there once")),
    }
}

fn first<'a>(scene: Scene<'a>) -> Outcome<&'a Play> {
    scene.scenario.plays.first().ok_or_else(|| "the scenario has no transaction".to_owned())
}

fn chosen(play: &Play, wanted: impl Fn(&Dataset) -> bool) -> Vec<Dataset> {
    sorted(play.datasets.iter().map(|detail| detail.dataset.clone()).filter(wanted).collect())
}

/// The order of datasets is nobody's promise.
fn sorted(mut datasets: Vec<Dataset>) -> Vec<Dataset> {
    datasets.sort_by_key(|dataset| dataset.id);
    datasets
}

fn name(text: &str) -> Outcome<DatasetName> {
    parsed(text)
}

/// Reading never has an effect, failed or not.
fn refused<T: Debug>(kind: ErrorKind, result: crate::Result<T>) -> Outcome {
    match result {
        Err(error) if error.kind() == kind && error.effect() == Effect::None => Ok(()),
        Err(error) => Err(format!("wanted {kind} without effect, found {:?} with {error}", error.effect())),
        Ok(value) => Err(format!("wanted {kind}, found {value:?}")),
    }
}
