//! What is in flight towards the systems, so that a program ends between two calls and not in one.

use std::sync::Arc;

use tokio::sync::{OwnedRwLockReadGuard, RwLock, RwLockWriteGuard};

/// Calls go through it; once it is closed, no more of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<RwLock<()>>);

impl Gate {
    /// Held while a call is out. Waits where the gate is being closed: what waits is dropped with its connection, and the engine
    /// tries it again elsewhere or later.
    pub(crate) async fn enter(&self) -> OwnedRwLockReadGuard<()> {
        Arc::clone(&self.0).read_owned().await
    }

    /// Lets nobody in any more, and returns when everybody is out. It is closed while the answer is held.
    pub(crate) async fn close(&self) -> RwLockWriteGuard<'_, ()> {
        self.0.write().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn who_is_in_ends_and_nobody_comes_after() {
        let gate = Gate::default();
        let (one, two) = (gate.enter().await, gate.enter().await);
        let closing = gate.clone();
        let mut closing = tokio::spawn(async move { drop(closing.close().await) });
        drop(one);
        assert!(tokio::time::timeout(Duration::from_millis(50), &mut closing).await.is_err(), "one is still out");
        assert!(tokio::time::timeout(Duration::from_millis(50), gate.enter()).await.is_err(), "it is being closed");
        drop(two);
        closing.await.unwrap();
    }
}
