//! Which generation of the API answers: asked of the server once, or told.

use std::sync::Arc;

use ops_client::Result;
use ops_client::http::{Endpoint, Reply};
use tokio::sync::OnceCell;

use crate::wire;

/// How a server's history goes on from page to page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Generation {
    /// By cursors: since release 20.1.
    Cursors,
    /// By counting from the newest build on, ten builds a page: before that.
    Offsets,
}

/// What is known of it. A failure to find out is not kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Detect(Arc<OnceCell<Generation>>);

impl Detect {
    pub(crate) fn told(generation: Generation) -> Self {
        Self(Arc::new(OnceCell::new_with(Some(generation))))
    }

    pub(crate) async fn generation(&self, endpoint: &Endpoint, op: &'static str) -> Result<Generation> {
        let ask = || async {
            match version(endpoint, op).await {
                Ok((generation, ..)) => Ok(generation),
                // Before release 16.7 the version was not told.
                Err(error) if matches!(error.status(), Some(404 | 406)) => Ok(Generation::Offsets),
                Err(error) => Err(error),
            }
        };
        self.0.get_or_try_init(ask).await.copied()
    }

    /// Keeps what was learned by the way, unless something is known already.
    pub(crate) fn learn(&self, generation: Generation) {
        let _ = self.0.set(generation);
    }
}

pub(crate) async fn version(endpoint: &Endpoint, op: &'static str) -> Result<(Generation, String, Reply)> {
    let call = endpoint.get(op).segments(super::client::root(endpoint)).segments(&["api", "version"]);
    let call = call.template("/go/api/version").header("accept", super::client::V1);
    let reply = call.send().await?;
    let version: wire::Version = reply.json()?;
    let generation = if version.has_cursors() { Generation::Cursors } else { Generation::Offsets };
    Ok((generation, version.version, reply))
}
