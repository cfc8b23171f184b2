//! What follows from the port's answers, for every implementation of it.

use async_trait::async_trait;
use ops_client::Result;

use crate::{Build, BuildsRead, PipelineName, Sha, ShaPrefix, find};

/// Conveniences over [`BuildsRead`]. None looks at more than [`MOST_BUILDS`](Self::MOST_BUILDS) builds.
#[async_trait]
pub trait BuildsReadExt: BuildsRead {
    /// How many builds of a pipeline are looked at, at most.
    const MOST_BUILDS: usize = find::MOST_BUILDS;
    /// Among how many of the newest builds [`running`](Self::running) looks.
    const RECENT_BUILDS: usize = find::RECENT_BUILDS;

    /// The newest builds of a pipeline, at most so many.
    ///
    /// # Errors
    /// As [`BuildsRead::history`].
    async fn builds(&self, pipeline: &PipelineName, limit: usize) -> Result<Vec<Build>> {
        find::newest(self, pipeline, limit.min(find::MOST_BUILDS)).await
    }

    /// The newest build that runs now, among the last [`RECENT_BUILDS`](Self::RECENT_BUILDS).
    ///
    /// # Errors
    /// As [`BuildsRead::history`].
    async fn running(&self, pipeline: &PipelineName) -> Result<Option<Build>> {
        find::running(self, pipeline).await
    }

    /// The builds that came after the last one of `from`, up to the last one of `to`, the newest first: what is new in
    /// `to`.
    ///
    /// # Errors
    /// `NotFound` where one of them was not built, as far as was looked; `Invalid` where `from` is the newer one;
    /// otherwise as [`Build::sha`] and [`BuildsRead::history`].
    async fn between(
        &self,
        pipeline: &PipelineName,
        from: &Sha,
        to: &Sha,
        material: Option<&str>,
    ) -> Result<Vec<Build>> {
        find::between(self, pipeline, from, to, material).await
    }

    /// The build of the commit that begins so. Of several builds of that commit, the newest that has passed, or else
    /// the newest.
    ///
    /// # Errors
    /// `Invalid` where commits that were built fit several times, listing them; `NotFound` where none does, saying how
    /// far was looked; otherwise as [`Build::sha`] and [`BuildsRead::history`].
    async fn resolve(&self, pipeline: &PipelineName, commit: &ShaPrefix, material: Option<&str>) -> Result<Build> {
        find::resolve(self, pipeline, commit, material).await
    }

    /// The newest build that [has passed](Build::has_passed); where a commit is given, the newest one of another commit
    /// that was built before it (also where that one was built again within [`RECENT_BUILDS`](Self::RECENT_BUILDS)).
    /// None where no build has.
    ///
    /// # Errors
    /// `NotFound` where `before` was not built, or where more builds have failed than are looked at; otherwise as
    /// [`Build::sha`] and [`BuildsRead::history`].
    async fn last_good(
        &self,
        pipeline: &PipelineName,
        before: Option<&Sha>,
        material: Option<&str>,
    ) -> Result<Option<Build>> {
        find::last_good(self, pipeline, before, material).await
    }
}

#[async_trait]
impl<T: BuildsRead + ?Sized> BuildsReadExt for T {}
