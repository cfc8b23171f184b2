use std::fmt;
use std::sync::Arc;

use dataset_files::{EmptyFiles, FilesRead};
use metapod_client::MetapodRead;
use sonar_client::SonarRead;

use super::jobs::Jobs;

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
    pub files: Option<Arc<dyn FilesRead>>,
    /// What makes the content of empty files; without it none is made.
    pub makes: Option<Arc<dyn EmptyFiles>>,
}

impl fmt::Debug for DatasetReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatasetReads")
            .field("jobs", &self.jobs.is_some())
            .field("files", &self.files.is_some())
            .field("makes", &self.makes.is_some())
            .finish_non_exhaustive()
    }
}

impl DatasetReads {
    /// From these two.
    pub fn new(sonar: Arc<dyn SonarRead>, metapod: Arc<dyn MetapodRead>) -> Self {
        Self { sonar, metapod, jobs: None, files: None, makes: None }
    }

    /// With what runs the jobs.
    #[must_use]
    pub fn with_jobs(mut self, jobs: Arc<dyn Jobs>) -> Self {
        self.jobs = Some(jobs);
        self
    }

    /// With where the files lie.
    #[must_use]
    pub fn with_files(mut self, files: Arc<dyn FilesRead>) -> Self {
        self.files = Some(files);
        self
    }

    /// With what makes the content of empty files.
    #[must_use]
    pub fn making(mut self, makes: Arc<dyn EmptyFiles>) -> Self {
        self.makes = Some(makes);
        self
    }
}
