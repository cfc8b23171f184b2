//! The port to whatever deploys: what was deployed lately.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use gocd_client::{BuildsRead, BuildsReadExt, PipelineName};
use jiff::Timestamp;
use ops_client::Result;
use serde::{Deserialize, Serialize};

use crate::words::fit;

/// So many of the newest builds of a pipeline are looked at.
const BUILDS: usize = 20;
/// A change's subject is not longer.
const SUBJECT: usize = 80;

/// A deploy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Deploy {
    /// What was deployed: a pipeline and its version.
    pub version: String,
    /// When.
    pub at: Timestamp,
    /// What was changed, in a line.
    pub subject: String,
}

impl Deploy {
    /// A deploy.
    pub fn new(version: impl Into<String>, at: Timestamp, subject: impl Into<String>) -> Self {
        Self { version: version.into(), at, subject: subject.into() }
    }
}

/// Looking at what was deployed. Nothing here changes anything.
#[async_trait]
pub trait RecentDeploys: Send + Sync {
    /// What was deployed at this time or later, the newest first.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn since(&self, at: Timestamp) -> Result<Vec<Deploy>>;
}

/// Deploys as builds of pipelines on a GoCD server.
#[derive(Clone)]
pub struct GocdDeploys {
    builds: Arc<dyn BuildsRead>,
    pipelines: Vec<PipelineName>,
}

impl fmt::Debug for GocdDeploys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GocdDeploys").field("pipelines", &self.pipelines).finish_non_exhaustive()
    }
}

impl GocdDeploys {
    /// What these pipelines deploy.
    pub fn new(builds: Arc<dyn BuildsRead>, pipelines: impl IntoIterator<Item = PipelineName>) -> Self {
        Self { builds, pipelines: pipelines.into_iter().collect() }
    }
}

#[async_trait]
impl RecentDeploys for GocdDeploys {
    async fn since(&self, at: Timestamp) -> Result<Vec<Deploy>> {
        let mut deploys = Vec::new();
        for pipeline in &self.pipelines {
            for build in self.builds.builds(pipeline, BUILDS).await? {
                let Some(when) = build.scheduled.filter(|when| *when >= at) else { continue };
                // What runs still may have deployed already; what did not pass has not.
                if !build.has_passed() && !build.is_running() {
                    continue;
                }
                let subject = build.last_change().and_then(|change| change.subject()).unwrap_or_default();
                deploys.push(Deploy::new(format!("{pipeline} {}", build.label), when, fit(&subject, SUBJECT)));
            }
        }
        deploys.sort_by_key(|deploy| std::cmp::Reverse(deploy.at));
        Ok(deploys)
    }
}
