use std::fmt;
use std::sync::Arc;

use metapod_client::MetapodRead;
use sonar_client::SonarRead;

use super::jobs::Jobs;
use super::objects::ParquetProbe;

/// What the recipes for datasets read from.
#[derive(Clone)]
#[non_exhaustive]
pub struct DatasetReads {
    /// Sonar.
    pub sonar: Arc<dyn SonarRead>,
    /// Metapod, which must know the same transaction.
    pub metapod: Arc<dyn MetapodRead>,
    /// What runs the jobs; without it a person answers for live writers.
    pub jobs: Option<Arc<dyn Jobs>>,
    /// Where the files lie; without it a person answers for them.
    pub objects: Option<Arc<dyn ParquetProbe>>,
}

impl fmt::Debug for DatasetReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatasetReads")
            .field("jobs", &self.jobs.is_some())
            .field("objects", &self.objects.is_some())
            .finish_non_exhaustive()
    }
}

impl DatasetReads {
    /// From these two.
    pub fn new(sonar: Arc<dyn SonarRead>, metapod: Arc<dyn MetapodRead>) -> Self {
        Self { sonar, metapod, jobs: None, objects: None }
    }

    /// With what runs the jobs.
    #[must_use]
    pub fn with_jobs(mut self, jobs: Arc<dyn Jobs>) -> Self {
        self.jobs = Some(jobs);
        self
    }

    /// With where the files lie.
    #[must_use]
    pub fn with_objects(mut self, objects: Arc<dyn ParquetProbe>) -> Self {
        self.objects = Some(objects);
        self
    }
}
