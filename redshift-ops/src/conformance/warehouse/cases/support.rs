//! What cases share: the scenario's tables, the hang, and waiting.

use std::time::Duration;

use ops_client::conformance::{Outcome, told};

use crate::conformance::support::Steps;
use crate::conformance::warehouse::{Scene, Who};
use crate::{Session, SessionKey};

const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Who reads, and who loads. The reader is not one of those who ask.
pub(super) const READER: &str = "metabase";
pub(super) const LOADER: &str = "loader";

/// A table of the schema that the loader drops.
pub(super) fn table(scene: Scene<'_>) -> Outcome<&str> {
    let found = scene.scenario.tables.iter().find(|table| table.starts_with("fact."));
    found.map(String::as_str).ok_or_else(|| "the scenario has no table in the schema fact".to_owned())
}

/// A reader that is idle in its transaction, and the loader that waits for it.
pub(super) async fn hang(scene: Scene<'_>) -> Outcome<(SessionKey, SessionKey)> {
    let reader = scene.stage.hold(READER, table(scene)?).await.map_err(told)?;
    let loader = scene.stage.swap(LOADER).await.map_err(told)?;
    until_waits(scene, &loader, true).await?;
    Ok((reader, loader))
}

/// Until a session waits for a lock, or does not.
pub(super) async fn until_waits(scene: Scene<'_>, session: &SessionKey, waits: bool) -> Outcome {
    let mut patience = Patience::new(scene);
    loop {
        let locks = scene.stage.reads(Who::Superuser).contended_locks().await.map_err(told)?;
        if locks.iter().any(|lock| lock.pid == session.pid && !lock.granted) == waits {
            return Ok(());
        }
        patience.wait(if waits { "the session waits" } else { "the session waits no longer" }).await?;
    }
}

/// Until a session has ended.
pub(super) async fn until_gone(scene: Scene<'_>, session: &SessionKey) -> Outcome {
    let mut patience = Patience::new(scene);
    while found(scene, session).await?.is_some() {
        patience.wait("the session has ended").await?;
    }
    Ok(())
}

/// A session, where it is there.
pub(super) async fn found(scene: Scene<'_>, session: &SessionKey) -> Outcome<Option<Session>> {
    let all = scene.stage.reads(Who::Superuser).sessions().await.map_err(told)?;
    Ok(all.into_iter().find(|one| one.key == *session))
}

/// Waits between looks, not for ever.
pub(super) struct Patience<'a> {
    scene: Scene<'a>,
    steps: Steps,
}

impl<'a> Patience<'a> {
    pub(super) fn new(scene: Scene<'a>) -> Self {
        Self { scene, steps: Steps::within(LONGEST_WAIT) }
    }

    /// Until it is time to look again.
    pub(super) async fn wait(&mut self, what: &str) -> Outcome {
        let step = self.steps.next().ok_or_else(|| format!("it never comes that {what}"))?;
        self.scene.stage.pass(step).await;
        Ok(())
    }
}
