//! Who holds what, and who waits for it.

use ops_client::conformance::{Outcome, check, same, told};

use super::support::{LOADER, Patience, READER, hang, table};
use crate::conformance::warehouse::{Scene, Who};
use crate::{Lock, LockGraph, LockMode};

/// What is compared of a lock.
type Seen = (String, Option<String>, LockMode, bool);

fn seen(lock: &Lock) -> Seen {
    (lock.user.clone(), lock.relation.name.clone(), lock.mode.clone(), lock.granted)
}

pub(super) async fn contended(scene: Scene<'_>) -> Outcome {
    let (reader, loader) = hang(scene).await?;
    let table = table(scene)?;
    let locks = scene.stage.reads(Who::Superuser).contended_locks().await.map_err(told)?;
    let of = |pid| locks.iter().filter(|lock| lock.pid == pid).map(seen).collect::<Vec<_>>();
    let held = (READER.to_owned(), Some(table.to_owned()), LockMode::AccessShare, true);
    same("the reader's lock", &vec![held], &of(reader.pid))?;
    let wanted = (LOADER.to_owned(), Some(table.to_owned()), LockMode::AccessExclusive, false);
    same("the loader's lock", &vec![wanted], &of(loader.pid))?;
    check(locks.iter().all(|lock| lock.database == scene.scenario.database), "each lock is in the database")?;
    check(locks.iter().all(|lock| lock.since >= reader.started), "no transaction is older than the oldest session")?;
    let graph = LockGraph::of(&locks);
    same("who blocks the loader", &vec![reader.pid], &graph.roots_of(loader.pid))?;
    same("whom the reader blocks", &vec![loader.pid], &graph.blocked_by(reader.pid))
}

pub(super) async fn uncontended(scene: Scene<'_>) -> Outcome {
    scene.stage.hold(READER, table(scene)?).await.map_err(told)?;
    let locks = scene.stage.reads(Who::Superuser).contended_locks().await.map_err(told)?;
    same("the contended locks", &Vec::<Seen>::new(), &locks.iter().map(seen).collect())
}

pub(super) async fn locks_of(scene: Scene<'_>) -> Outcome {
    let (reader, loader) = hang(scene).await?;
    let reads = scene.stage.reads(Who::Superuser);
    let held: Vec<Seen> = reads.locks_of(reader.pid).await.map_err(told)?.iter().map(seen).collect();
    let wanted = (READER.to_owned(), Some(table(scene)?.to_owned()), LockMode::AccessShare, true);
    check(held.contains(&wanted), "the reader holds its table")?;
    check(held.iter().all(|(.., granted)| *granted), "the reader waits for nothing")?;
    let waits = reads.locks_of(loader.pid).await.map_err(told)?;
    check(waits.iter().any(|lock| !lock.granted), "the loader waits")?;
    check(waits.iter().all(|lock| lock.pid == loader.pid), "only the loader's locks are told")?;
    scene.stage.close(&reader).await.map_err(told)?;
    let mut patience = Patience::new(scene);
    while !reads.locks_of(reader.pid).await.map_err(told)?.is_empty() {
        patience.wait("the reader has no lock").await?;
    }
    Ok(())
}
