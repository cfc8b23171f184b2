//! The cases. What Metapod is known to do is asserted; where only a guess exists, every harmless behaviour passes.

use ops_client::conformance::{Fault, Outcome, cases, check, parsed, refused, same, told};

use super::{INDEXED, Part, Scene, Shown, Stage};
use crate::{
    AttributeId, CommitDataset, CommitFormat, CreateTransaction, CreateType, DatasetFormat, DatasetId, DatasetName,
    Effect, ErrorKind, IndexedAttributeId, S3Path, TransactionId, TransactionType,
};

cases! { pub CASES on dyn Stage:
    "a probe is answered" => probe;
    "health is told" => health;
    "a transaction that exists is found" => transaction_found;
    "an unknown transaction is not found" => transaction_unknown;
    #[needs(Prepare)] "every fact of a transaction arrives" => transaction_facts;
    #[needs(Prepare, Change)] "a retract takes back the whole commit, and no other" => retract;
    #[needs(Prepare, Change)] "a retract can be repeated" => retract_again;
    #[needs(Prepare, Change)] "a retract of an unknown dataset changes nothing" => retract_unknown;
    #[needs(Prepare, Change)] "a retract takes one attribute, and can be repeated" => retract_attribute;
    #[needs(Prepare, Change, INDEXED)] "a retract takes one indexed attribute, and can be repeated" => retract_indexed;
    #[needs(Prepare, Change)] "a commit is seen with all it says" => commit;
    #[needs(Prepare, Change)] "a dataset can be committed again after a retract" => commit_again;
    #[needs(Prepare, Change)] "a dataset is not committed in another transaction" => commit_elsewhere;
    #[needs(Prepare, Change)] "a new transaction has its datasets, uncommitted" => create;
    #[needs(Prepare, Change)] "a transaction of nothing is refused" => create_nothing;
    #[needs(Prepare, Change)] "a copy has the source's paths, but for the named datasets" => copy;
    #[needs(Prepare, Change)] "a transaction of more than 7 days is not copied" => copy_old;
    #[needs(Prepare, Fault)] "a system that is away is Unavailable" => unavailable;
    #[needs(Prepare, Fault)] "an expired token is Unauthenticated, and changes nothing" => expired;
    #[needs(Prepare, Fault)] "a page of HTML is no answer" => html;
    #[needs(Prepare, Change, Fault)] "a change whose answer is lost may have happened" => lost_answer;
}

async fn probe(scene: Scene<'_>) -> Outcome {
    let probe = scene.stage.reads().probe().await.map_err(told)?;
    check(!probe.address.is_empty(), "the probe names an address")
}

async fn health(scene: Scene<'_>) -> Outcome {
    scene.stage.reads().health().await.map(drop).map_err(told)
}

async fn transaction_found(scene: Scene<'_>) -> Outcome {
    let id = transaction(scene, 0)?;
    let found = scene.stage.reads().transaction(id).await.map_err(told)?;
    same("the transaction's id", &id, &found.id)
}

async fn transaction_unknown(scene: Scene<'_>) -> Outcome {
    let unknown: TransactionId = parsed("00000000-0000-4000-8000-000000000000")?;
    let error = refused(scene.stage.reads().transaction(unknown).await)?;
    same("the failure", &(ErrorKind::NotFound, Effect::None), &(error.kind(), error.effect()))
}

async fn transaction_facts(scene: Scene<'_>) -> Outcome {
    for (play, id) in scene.scenario.plays.iter().zip(scene.start) {
        let found = scene.stage.reads().transaction(*id).await.map_err(told)?;
        same("the id", id, &found.id)?;
        same("the name", &play.name, &found.name)?;
        same("the type", &Some(play.transaction_type.clone()), &found.transaction_type)?;
        same("its start", &Some(play.started_at), &found.started_at)?;
        same("its days", &(play.target_date, play.reference_date), &(found.target_date, found.reference_date))?;
    }
    Ok(())
}

async fn retract(scene: Scene<'_>) -> Outcome {
    let (before, victim) = committed(scene).await?;
    scene.stage.writes().retract_committed_dataset(victim.id).await.map_err(told)?;
    let wanted = with(&before, Shown::new(victim.id, victim.name));
    same("the datasets", &wanted, &look(scene, 0).await?)
}

async fn retract_again(scene: Scene<'_>) -> Outcome {
    let (_, victim) = committed(scene).await?;
    scene.stage.writes().retract_committed_dataset(victim.id).await.map_err(told)?;
    let after = look(scene, 0).await?;
    scene.stage.writes().retract_committed_dataset(victim.id).await.map_err(told)?;
    same("the datasets", &after, &look(scene, 0).await?)
}

async fn retract_unknown(scene: Scene<'_>) -> Outcome {
    let before = look(scene, 0).await?;
    let unknown: DatasetId = parsed("00000000-0000-4000-8000-000000000000")?;
    // Whether Metapod complains is not known: both are accepted, as long as nothing is said to have happened.
    if let Err(error) = scene.stage.writes().retract_committed_dataset(unknown).await {
        same("the effect", &Effect::None, &error.effect())?;
    }
    same("the datasets", &before, &look(scene, 0).await?)
}

async fn retract_attribute(scene: Scene<'_>) -> Outcome {
    let before = look(scene, 0).await?;
    let duplicate = before.iter().find_map(|shown| Some((shown, shown.schema.as_ref()?.duplicates().first()?.id)));
    let Some((victim, Some(id))) = duplicate else {
        return Err("the stage shows no duplicate attribute with its id".to_owned());
    };
    let mut wanted = victim.clone();
    if let Some(schema) = &mut wanted.schema {
        schema.attributes.retain(|attribute| attribute.id != Some(id));
    }
    let wanted = with(&before, wanted);
    for _ in 0..2 {
        scene.stage.writes().retract_attribute(id).await.map_err(told)?;
        same("the datasets", &wanted, &look(scene, 0).await?)?;
    }
    Ok(())
}

async fn retract_indexed(scene: Scene<'_>) -> Outcome {
    let before = look(scene, 0).await?;
    let victim = before.iter().find(|shown| !shown.indexed.is_empty());
    let Some(victim) = victim else { return Err("the stage shows no indexed attribute".to_owned()) };
    let mut wanted = victim.clone();
    let id = wanted.indexed.remove(0);
    let wanted = with(&before, wanted);
    for _ in 0..2 {
        scene.stage.writes().retract_indexed_attribute(id).await.map_err(told)?;
        same("the datasets", &wanted, &look(scene, 0).await?)?;
    }
    Ok(())
}

async fn commit(scene: Scene<'_>) -> Outcome {
    let (before, dataset) = uncommitted(scene).await?;
    let model = model(scene)?;
    let Some(what) = &model.commit else { return Err("the scenario's first dataset is not committed".to_owned()) };
    let path: S3Path = parsed("s3://metapod-bucket/empty")?;
    let commit = CommitDataset::new(transaction(scene, 0)?, dataset.id, CommitFormat::Parquet, path.clone())
        .with_schema(what.schema.clone())
        .with_actions(what.actions.clone());
    scene.stage.writes().commit_dataset(&commit).await.map_err(told)?;
    let after = look(scene, 0).await?;
    let found = after.iter().find(|shown| shown.id == dataset.id).ok_or("the dataset is gone")?;
    check(found.committed, "the dataset is committed")?;
    same(
        "its path and format",
        &(Some(path), Some(DatasetFormat::Parquet)),
        &(found.path.clone(), found.format.clone()),
    )?;
    same("its actions", &what.actions, &found.actions)?;
    let mut columns = found.schema.clone().unwrap_or_default();
    check(columns.attributes.iter().all(|attribute| attribute.id.is_some()), "each attribute has an id")?;
    columns.attributes.iter_mut().for_each(|attribute| attribute.id = None);
    same("its columns", &what.schema, &columns)?;
    same("the other datasets", &with(&before, found.clone()), &after)
}

async fn commit_again(scene: Scene<'_>) -> Outcome {
    let (_, victim) = committed(scene).await?;
    scene.stage.writes().retract_committed_dataset(victim.id).await.map_err(told)?;
    let path: S3Path = parsed("s3://metapod-bucket/again")?;
    let commit = CommitDataset::new(transaction(scene, 0)?, victim.id, CommitFormat::Avro, path.clone());
    scene.stage.writes().commit_dataset(&commit).await.map_err(told)?;
    let after = look(scene, 0).await?;
    let found = after.iter().find(|shown| shown.id == victim.id).ok_or("the dataset is gone")?;
    same("its path", &(true, Some(path)), &(found.committed, found.path.clone()))
}

async fn commit_elsewhere(scene: Scene<'_>) -> Outcome {
    let (before, dataset) = uncommitted(scene).await?;
    let path: S3Path = parsed("s3://metapod-bucket/empty")?;
    let commit = CommitDataset::new(transaction(scene, 1)?, dataset.id, CommitFormat::Parquet, path);
    refused(scene.stage.writes().commit_dataset(&commit).await)?;
    same("the datasets", &before, &look(scene, 0).await?)
}

async fn create(scene: Scene<'_>) -> Outcome {
    let names: Vec<DatasetName> = vec![parsed("dataset/a")?, parsed("model/b")?];
    let create = CreateTransaction::new(CreateType::Custom, names.clone());
    let created = scene.stage.writes().create_transaction(&create).await.map_err(told)?;
    check(!scene.start.contains(&created.id), "its id is new")?;
    let found = scene.stage.reads().transaction(created.id).await.map_err(told)?;
    same("its type", &Some(TransactionType::Custom), &found.transaction_type)?;
    same("its names", &sorted(names), &sorted(created.datasets.iter().map(|dataset| dataset.name.clone()).collect()))?;
    let wanted: Vec<Shown> =
        created.datasets.iter().map(|dataset| Shown::new(dataset.id, dataset.name.clone())).collect();
    same("its datasets", &by_id(wanted), &by_id(scene.stage.look(created.id).await.map_err(told)?))
}

async fn create_nothing(scene: Scene<'_>) -> Outcome {
    let create = CreateTransaction::new(CreateType::Custom, Vec::new());
    let error = refused(scene.stage.writes().create_transaction(&create).await)?;
    same("the failure", &(ErrorKind::Invalid, Effect::None), &(error.kind(), error.effect()))
}

async fn copy(scene: Scene<'_>) -> Outcome {
    let (before, left) = committed(scene).await?;
    let source = transaction(scene, 0)?;
    let copy = scene.stage.writes().copy_transaction(source, std::slice::from_ref(&left.name)).await.map_err(told)?;
    check(!scene.start.contains(&copy), "its id is new")?;
    let found = scene.stage.reads().transaction(copy).await.map_err(told)?;
    same("its type", &Some(TransactionType::Copied), &found.transaction_type)?;
    let copied = scene.stage.look(copy).await.map_err(told)?;
    check(copied.iter().all(|shown| before.iter().all(|old| old.id != shown.id)), "the ids of its datasets are new")?;
    let paths = |datasets: &[Shown], left: &DatasetName| {
        let path = |shown: &Shown| shown.path.clone().filter(|_| shown.committed && shown.name != *left);
        sorted(datasets.iter().map(|shown| (shown.name.clone(), path(shown))).collect())
    };
    same("its paths", &paths(&before, &left.name), &paths(&copied, &left.name))?;
    let named = copied.iter().find(|shown| shown.name == left.name).ok_or("the named dataset is not in the copy")?;
    check(!named.committed, "the named dataset starts uncommitted")?;
    same("the source's datasets", &before, &look(scene, 0).await?)
}

async fn copy_old(scene: Scene<'_>) -> Outcome {
    refused(scene.stage.writes().copy_transaction(transaction(scene, 2)?, &[]).await).map(drop)
}

async fn unavailable(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Unavailable, ErrorKind::Unavailable, Effect::Possible).await
}

async fn expired(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::ExpiredToken, ErrorKind::Unauthenticated, Effect::None).await
}

async fn html(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Html, ErrorKind::Decode, Effect::Possible).await
}

/// Every method fails with this kind, and every change with this effect.
async fn failing(scene: Scene<'_>, fault: Fault, kind: ErrorKind, effect: Effect) -> Outcome {
    let id = transaction(scene, 0)?;
    scene.stage.fault(fault).await.map_err(told)?;
    let (reads, writes) = (scene.stage.reads(), scene.stage.writes());
    let dataset: DatasetId = parsed("00000000-0000-4000-8000-000000000000")?;
    let attribute = AttributeId::from_uuid(dataset.uuid());
    let indexed = IndexedAttributeId::from_uuid(dataset.uuid());
    let commit = CommitDataset::new(id, dataset, CommitFormat::Parquet, parsed("s3://metapod-bucket/empty")?);
    let create = CreateTransaction::new(CreateType::Custom, vec![parsed("dataset/a")?]);
    let failures = [
        ("probe", refused(reads.probe().await), Effect::None),
        ("health", refused(reads.health().await), Effect::None),
        ("transaction", refused(reads.transaction(id).await), Effect::None),
        ("retract a dataset", refused(writes.retract_committed_dataset(dataset).await), effect),
        ("retract an attribute", refused(writes.retract_attribute(attribute).await), effect),
        ("retract an indexed attribute", refused(writes.retract_indexed_attribute(indexed).await), effect),
        ("commit", refused(writes.commit_dataset(&commit).await), effect),
        ("copy", refused(writes.copy_transaction(id, &[]).await), effect),
        ("create", refused(writes.create_transaction(&create).await), effect),
    ];
    for (name, error, effect) in failures {
        let error = error.map_err(|why| format!("{name}: {why}"))?;
        same(name, &(kind, effect), &(error.kind(), error.effect()))?;
    }
    Ok(())
}

async fn lost_answer(scene: Scene<'_>) -> Outcome {
    let (_, victim) = committed(scene).await?;
    let (_, other) = uncommitted(scene).await?;
    scene.stage.fault(Fault::LostAnswer).await.map_err(told)?;
    let writes = scene.stage.writes();
    let path: S3Path = parsed("s3://metapod-bucket/empty")?;
    let commit = CommitDataset::new(transaction(scene, 0)?, other.id, CommitFormat::Parquet, path);
    let lost =
        [refused(writes.retract_committed_dataset(victim.id).await)?, refused(writes.commit_dataset(&commit).await)?];
    for error in lost {
        same("the effect", &Effect::Possible, &error.effect())?;
    }
    let after = look(scene, 0).await?;
    let now = |id| after.iter().find(|shown| shown.id == id).map(|shown| shown.committed);
    same("what happened all the same", &(Some(false), Some(true)), &(now(victim.id), now(other.id)))
}

fn transaction(scene: Scene<'_>, index: usize) -> Outcome<TransactionId> {
    scene.start.get(index).copied().ok_or_else(|| format!("the stage has no transaction number {index}"))
}

/// The scenario's first dataset: one with a rich schema.
fn model(scene: Scene<'_>) -> Outcome<&Part> {
    scene
        .scenario
        .plays
        .first()
        .and_then(|play| play.datasets.first())
        .ok_or_else(|| "the scenario is empty".to_owned())
}

async fn look(scene: Scene<'_>, index: usize) -> Outcome<Vec<Shown>> {
    scene.stage.look(transaction(scene, index)?).await.map(by_id).map_err(told)
}

/// What is there, and a committed dataset of it, with path and columns.
async fn committed(scene: Scene<'_>) -> Outcome<(Vec<Shown>, Shown)> {
    let all = look(scene, 0).await?;
    let one = all.iter().find(|shown| shown.committed && shown.path.is_some() && shown.schema.is_some()).cloned();
    one.map(|one| (all, one)).ok_or_else(|| "the stage shows no committed dataset with path and columns".to_owned())
}

async fn uncommitted(scene: Scene<'_>) -> Outcome<(Vec<Shown>, Shown)> {
    let all = look(scene, 0).await?;
    let one = all.iter().find(|shown| !shown.committed).cloned();
    one.map(|one| (all, one)).ok_or_else(|| "the stage shows no uncommitted dataset".to_owned())
}

/// These datasets, but for one that is now `changed`.
fn with(before: &[Shown], changed: Shown) -> Vec<Shown> {
    before.iter().map(|shown| if shown.id == changed.id { changed.clone() } else { shown.clone() }).collect()
}

fn by_id(mut datasets: Vec<Shown>) -> Vec<Shown> {
    datasets.sort_by_key(|shown| shown.id);
    datasets
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}
