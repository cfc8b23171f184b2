//! The port to whatever builds and deploys: which version a job would run now, and what lies between two of them.

use async_trait::async_trait;
use ops_client::Result;
use serde::{Deserialize, Serialize};

/// A build, as the build server tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Build {
    /// Its version.
    pub version: String,
    /// What was changed, in a line.
    pub subject: String,
    /// By whom.
    pub author: String,
}

impl Build {
    /// A build.
    pub fn new(version: impl Into<String>, subject: impl Into<String>, author: impl Into<String>) -> Self {
        Self { version: version.into(), subject: subject.into(), author: author.into() }
    }
}

/// Looking at what is built and deployed. Nothing here changes anything.
#[async_trait]
pub trait Deploys: Send + Sync {
    /// The version that a job would run if it began now; `None` where nobody can tell.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn deployed(&self, job: &str) -> Result<Option<String>>;

    /// The builds after `from` up to and with `to`, the newest first.
    ///
    /// # Errors
    /// As [`Deploys::deployed`].
    async fn between(&self, from: &str, to: &str) -> Result<Vec<Build>>;
}

/// Whether two versions are one: the shorter may be the beginning of the longer, from seven signs on.
pub(super) fn same(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    short == long || (short.len() >= 7 && long.starts_with(short))
}
