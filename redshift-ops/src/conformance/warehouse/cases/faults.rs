//! Failures, and what they may have done.

use ops_client::conformance::{Fault, Outcome, check, refused, same, told};

use super::support::{Patience, READER, table};
use crate::conformance::warehouse::{Scene, Who};
use crate::{Effect, ErrorKind, LoadFilter};

pub(super) async fn unavailable(scene: Scene<'_>) -> Outcome {
    scene.stage.fault(Fault::Unavailable).await.map_err(told)?;
    let reads = scene.stage.reads(Who::Superuser);
    let failures = [
        ("probe", refused(reads.probe().await)),
        ("me", refused(reads.me().await)),
        ("sessions", refused(reads.sessions().await)),
        ("running", refused(reads.running().await)),
        ("contended locks", refused(reads.contended_locks().await)),
        ("schemas", refused(reads.schemas().await)),
        ("load errors", refused(reads.load_errors(1).await)),
        ("loads", refused(scene.stage.loads().loads(&LoadFilter::newest()).await)),
    ];
    for (name, error) in failures {
        let error = error.map_err(|why| format!("{name}: {why}"))?;
        // Over a socket it is a connection that is not there.
        let away = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Connect | ErrorKind::Timeout);
        check(away, &format!("{name} says that nobody answers: {error}"))?;
        same(name, &Effect::None, &error.effect())?;
    }
    Ok(())
}

pub(super) async fn lost_answer(scene: Scene<'_>) -> Outcome {
    let reader = scene.stage.hold(READER, table(scene)?).await.map_err(told)?;
    scene.stage.fault(Fault::LostAnswer).await.map_err(told)?;
    let error = refused(scene.stage.writes(Who::Superuser).terminate(&reader).await)?;
    same("the effect", &Effect::Possible, &error.effect())?;
    let mut patience = Patience::new(scene);
    while scene.stage.is_there(&reader).await.map_err(told)? {
        patience.wait("the session has ended all the same").await?;
    }
    Ok(())
}
