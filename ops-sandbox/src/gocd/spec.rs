//! How a pipeline is put there.

use gocd_client::{Build, PipelineName};

/// A pipeline, and what was built of it.
#[derive(Clone, Debug)]
#[must_use = "it is not there before it is put there"]
pub struct PipelineSpec {
    pub(super) name: PipelineName,
    pub(super) builds: Vec<Build>,
    pub(super) paused: Option<(String, String)>,
    pub(super) locked: bool,
}

impl PipelineSpec {
    /// A pipeline that was never built.
    pub fn new(name: PipelineName) -> Self {
        Self { name, builds: Vec::new(), paused: None, locked: false }
    }

    /// With these builds, the newest first. Their names for it do not matter.
    pub fn builds(mut self, builds: impl IntoIterator<Item = Build>) -> Self {
        self.builds = builds.into_iter().collect();
        self
    }

    /// Paused, by whom and why.
    pub fn paused(mut self, by: impl Into<String>, cause: impl Into<String>) -> Self {
        self.paused = Some((by.into(), cause.into()));
        self
    }

    /// Held by a build, so that no other one can begin.
    pub fn locked(mut self) -> Self {
        self.locked = true;
        self
    }
}
