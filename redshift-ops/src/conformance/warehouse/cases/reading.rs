//! Sessions, and what they do.

use ops_client::conformance::{Outcome, check, same, told};

use super::support::{LOADER, READER, found, hang, table, until_gone};
use crate::conformance::warehouse::{Scene, Who};
use crate::{Pid, SessionKey};

pub(super) async fn probe(scene: Scene<'_>) -> Outcome {
    let probe = scene.stage.reads(Who::Superuser).probe().await.map_err(told)?;
    check(!probe.address.is_empty(), "the probe names an address")
}

pub(super) async fn listed(scene: Scene<'_>) -> Outcome {
    let sessions = scene.stage.reads(Who::Superuser).sessions().await.map_err(told)?;
    check(sessions.is_sorted_by(|a, b| a.key < b.key), "they are sorted by key, and none comes twice")?;
    let blank = |text: &String| text.is_empty() || text.trim() != text;
    check(!sessions.iter().any(|one| blank(&one.user) || blank(&one.database)), "names come without their padding")
}

pub(super) async fn schemas(scene: Scene<'_>) -> Outcome {
    let schemas = scene.stage.reads(Who::Superuser).schemas().await.map_err(told)?;
    check(schemas.is_sorted_by(|a, b| a < b), "they are sorted, and none comes twice")?;
    for name in ["fact", "dimension", "temporary_fact", "temporary_dimension", "meta"] {
        check(schemas.iter().any(|schema| schema == name), &format!("there is a schema {name}"))?;
    }
    Ok(())
}

pub(super) async fn own_session(scene: Scene<'_>) -> Outcome {
    let reads = scene.stage.reads(Who::Superuser);
    let me = reads.me().await.map_err(told)?;
    let sessions = reads.sessions().await.map_err(told)?;
    let own = sessions.into_iter().find(|one| one.key.pid == me.pid);
    same("whose it is", &Some(me.user), &own.map(|one| one.user))
}

pub(super) async fn comes_and_goes(scene: Scene<'_>) -> Outcome {
    let key = scene.stage.hold(READER, table(scene)?).await.map_err(told)?;
    let session = found(scene, &key).await?.ok_or("it is not there")?;
    let wanted = (READER, scene.scenario.database.as_str());
    same("the session", &wanted, &(session.user.as_str(), session.database.as_str()))?;
    scene.stage.close(&key).await.map_err(told)?;
    until_gone(scene, &key).await
}

pub(super) async fn last_queries(scene: Scene<'_>) -> Outcome {
    let (reader, loader) = hang(scene).await?;
    let reads = scene.stage.reads(Who::Superuser);
    let last = reads.last_query(&reader).await.map_err(told)?.ok_or("nothing is known of the reader")?;
    let text = last.text.to_lowercase();
    check(text.contains("select") && text.contains(table(scene)?), "it is the reader's query")?;
    check(last.ended.is_some_and(|ended| ended >= last.began), "it has ended")?;
    let last = reads.last_query(&loader).await.map_err(told)?.ok_or("nothing is known of the loader")?;
    check(last.text.to_lowercase().contains("drop schema"), "it is the loader's statement")?;
    same("when it ended", &None, &last.ended)?;
    let nobody = SessionKey::new(Pid::new(i32::MAX).ok_or("no pid")?, reader.started);
    same("what nobody did", &None, &reads.last_query(&nobody).await.map_err(told)?)
}

pub(super) async fn running(scene: Scene<'_>) -> Outcome {
    let (reader, loader) = hang(scene).await?;
    let running = scene.stage.reads(Who::Superuser).running().await.map_err(told)?;
    check(running.is_sorted_by(|a, b| a.began <= b.began), "the oldest comes first")?;
    check(running.iter().all(|one| one.pid != reader.pid), "the reader is idle")?;
    let drop = running.iter().find(|one| one.pid == loader.pid).ok_or("the loader runs nothing")?;
    check(drop.text.to_lowercase().contains("drop schema"), "it is the loader's statement")?;
    same("whose", &LOADER, &drop.user.as_str())?;
    same("where", &scene.scenario.database, &drop.database)
}
