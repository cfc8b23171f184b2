//! Ending sessions, and what they do.

use std::time::Duration;

use jiff::SignedDuration;
use ops_client::conformance::{Outcome, check, refused, told};

use super::support::{LOADER, READER, found, hang, table, until_gone, until_waits};
use crate::conformance::support::failed;
use crate::conformance::warehouse::{Scene, Who};
use crate::{Effect, ErrorKind, SessionKey};

pub(super) async fn terminate_reader(scene: Scene<'_>) -> Outcome {
    let (reader, loader) = hang(scene).await?;
    scene.stage.writes(Who::Superuser).terminate(&reader).await.map_err(told)?;
    until_waits(scene, &loader, false).await?;
    until_gone(scene, &reader).await
}

pub(super) async fn cancel_idle(scene: Scene<'_>) -> Outcome {
    let (reader, loader) = hang(scene).await?;
    scene.stage.writes(Who::Superuser).cancel(&reader).await.map_err(told)?;
    for _ in 0..5 {
        scene.stage.pass(Duration::from_millis(100)).await;
        check(found(scene, &reader).await?.is_some(), "the reader is still there")?;
        let locks = scene.stage.reads(Who::Superuser).locks_of(loader.pid).await.map_err(told)?;
        check(locks.iter().any(|lock| !lock.granted), "the loader still waits")?;
    }
    Ok(())
}

pub(super) async fn cancel_running(scene: Scene<'_>) -> Outcome {
    let (reader, loader) = hang(scene).await?;
    scene.stage.writes(Who::Superuser).cancel(&loader).await.map_err(told)?;
    until_waits(scene, &loader, false).await?;
    check(found(scene, &reader).await?.is_some(), "the reader is still there")
}

pub(super) async fn operator_ends(scene: Scene<'_>) -> Outcome {
    let (reader, loader) = hang(scene).await?;
    scene.stage.writes(Who::Operator).terminate(&reader).await.map_err(told)?;
    until_waits(scene, &loader, false).await?;
    until_gone(scene, &reader).await
}

pub(super) async fn own_ends(scene: Scene<'_>) -> Outcome {
    let own = scene.stage.hold(Who::Reader.user(), table(scene)?).await.map_err(told)?;
    scene.stage.writes(Who::Reader).terminate(&own).await.map_err(told)?;
    until_gone(scene, &own).await
}

pub(super) async fn ended(scene: Scene<'_>) -> Outcome {
    let key = scene.stage.hold(READER, table(scene)?).await.map_err(told)?;
    scene.stage.close(&key).await.map_err(told)?;
    until_gone(scene, &key).await?;
    refuses(scene, Who::Superuser, &key, &[ErrorKind::NotFound]).await
}

pub(super) async fn another_of_pid(scene: Scene<'_>) -> Outcome {
    let key = scene.stage.hold(READER, table(scene)?).await.map_err(told)?;
    let before = key.started.saturating_sub(SignedDuration::from_secs(60)).unwrap_or(key.started);
    refuses(scene, Who::Superuser, &SessionKey::new(key.pid, before), &[ErrorKind::Conflict]).await?;
    check(found(scene, &key).await?.is_some(), "the session is still there")
}

pub(super) async fn own_protected(scene: Scene<'_>) -> Outcome {
    let reads = scene.stage.reads(Who::Superuser);
    let me = reads.me().await.map_err(told)?;
    let sessions = reads.sessions().await.map_err(told)?;
    let own = sessions.iter().find(|one| one.key.pid == me.pid).ok_or("who asks has no session")?.key;
    refuses(scene, Who::Superuser, &own, &[ErrorKind::Conflict]).await?;
    check(found(scene, &own).await?.is_some(), "the session is still there")
}

pub(super) async fn rdsdb(scene: Scene<'_>) -> Outcome {
    let key = scene.stage.hold("rdsdb", table(scene)?).await.map_err(told)?;
    refuses(scene, Who::Superuser, &key, &[ErrorKind::Conflict]).await?;
    check(found(scene, &key).await?.is_some(), "the session is still there")
}

pub(super) async fn no_right(scene: Scene<'_>) -> Outcome {
    let key = scene.stage.hold(READER, table(scene)?).await.map_err(told)?;
    refuses(scene, Who::Monitor, &key, &[ErrorKind::Forbidden]).await?;
    // Who does not see a session cannot tell whether it has ended.
    refuses(scene, Who::Reader, &key, &[ErrorKind::Forbidden, ErrorKind::NotFound]).await?;
    check(found(scene, &key).await?.is_some(), "the session is still there")?;
    let loader = scene.stage.swap(LOADER).await.map_err(told)?;
    until_waits(scene, &loader, true).await?;
    refuses(scene, Who::Monitor, &loader, &[ErrorKind::Forbidden]).await?;
    until_waits(scene, &loader, true).await
}

/// That this session is neither ended nor cancelled.
async fn refuses(scene: Scene<'_>, who: Who, key: &SessionKey, kinds: &[ErrorKind]) -> Outcome {
    let writes = scene.stage.writes(who);
    let failures =
        [("its end", refused(writes.terminate(key).await)?), ("a cancel", refused(writes.cancel(key).await)?)];
    for (what, error) in failures {
        let kind = kinds.iter().copied().find(|kind| *kind == error.kind());
        let wanted = kind.or(kinds.first().copied()).unwrap_or(ErrorKind::Other);
        failed(&format!("{what}, asked for by {}", who.user()), wanted, Effect::None, &error)?;
    }
    Ok(())
}
