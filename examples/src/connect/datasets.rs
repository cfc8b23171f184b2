//! Sonar and Metapod: the systems of datasets and transactions.

use std::sync::Arc;

use async_trait::async_trait;
use dataset_files::{DatasetFiles, EmptyParquet, FilesRead, FilesWrite};
use jiff::Timestamp;
use metapod_client::{MetapodClient, MetapodRead, MetapodWrite, TransactionId};
use ops_client::http::Credential;
use ops_plan::Registry;
#[cfg(feature = "airflow")]
use ops_recipes::datasets::DatasetReads;
use ops_recipes::datasets::{
    CommitEmptyDataset, CommitEmptyReads, Job, Jobs, MetapodWrites, RetractAttribute, RetractDatasets, RetractReads,
    TriageReads,
};
use ops_recipes::first::{FilesSystem, MetapodSystem, SonarSystem, System};
use ops_sandbox::World;
use sonar_client::{SonarClient, SonarRead};

use super::Rights;
use super::way::Way;
use crate::config::Environment;
use crate::exit::Failure;

const SONAR: (&str, &str) = ("Sonar", "sonar_url");
const METAPOD: (&str, &str) = ("Metapod", "metapod_url");

/// Sonar and Metapod of one environment.
#[derive(Clone)]
pub struct Datasets {
    /// Sonar.
    pub sonar: Arc<dyn SonarRead>,
    /// Metapod.
    pub metapod: Arc<dyn MetapodRead>,
    /// What Sonar's credential says of itself.
    pub credential: Credential,
    addresses: [String; 2],
    writes: Option<Arc<dyn MetapodWrite>>,
    jobs: Option<Arc<dyn Jobs>>,
    files: Option<Arc<DatasetFiles>>,
}

impl std::fmt::Debug for Datasets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Datasets").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// In the embedded sandbox no job runs, so nobody writes a dataset there.
struct NoJobs;

#[async_trait]
impl Jobs for NoJobs {
    async fn jobs(&self, _: TransactionId) -> ops_client::Result<Vec<Job>> {
        Ok(Vec::new())
    }
}

impl Datasets {
    /// The systems at these addresses.
    pub(super) async fn reach(way: &Way<'_>, sonar: &str, metapod: &str, rights: Rights) -> Result<Self, Failure> {
        let settings = way.settings;
        let credential = way.credential().await?;
        let reads: Arc<MetapodClient> = Arc::new(way.client(METAPOD, metapod, credential.clone())?);
        let writes: Option<Arc<dyn MetapodWrite>> = match (rights, &settings.write_token) {
            (Rights::Read, _) => None,
            (Rights::Write, None) => Some(Arc::clone(&reads) as Arc<dyn MetapodWrite>),
            (Rights::Write, Some(token)) => {
                Some(Arc::new(way.client::<MetapodClient>(METAPOD, metapod, token.bearer().await?)?))
            }
        };
        let sonar: SonarClient = way.client(SONAR, sonar, credential.clone())?;
        let files = super::files::reach(way);
        Ok(Self {
            addresses: [sonar.endpoint().address().to_owned(), reads.endpoint().address().to_owned()],
            sonar: Arc::new(sonar),
            metapod: reads,
            credential,
            writes,
            jobs: None,
            files,
        })
    }

    /// Those of a world, in memory.
    pub(super) fn in_memory(world: &World) -> Self {
        let metapod = Arc::new(world.metapod());
        Self {
            sonar: Arc::new(world.sonar()),
            metapod: Arc::clone(&metapod) as Arc<dyn MetapodRead>,
            credential: Credential::none(),
            addresses: ["memory", "memory"].map(str::to_owned),
            writes: Some(metapod as Arc<dyn MetapodWrite>),
            jobs: None,
            files: None,
        }
        .without_jobs()
    }

    /// As in the embedded sandbox, where it is known that no job runs.
    pub(super) fn without_jobs(mut self) -> Self {
        self.jobs = Some(Arc::new(NoJobs));
        self
    }

    /// As in the embedded sandbox, where the files are in memory.
    pub(super) fn with_files(mut self, files: DatasetFiles) -> Self {
        self.files = Some(Arc::new(files));
        self
    }

    /// Where the files lie.
    #[cfg(feature = "databricks")]
    pub(super) fn files(&self) -> Option<Arc<dyn FilesRead>> {
        self.files.as_ref().map(|files| Arc::clone(files) as Arc<dyn FilesRead>)
    }

    pub(super) fn register(&self, registry: Registry) -> Registry {
        let mut retract = RetractReads::new(Arc::clone(&self.sonar), Arc::clone(&self.metapod));
        let mut empty = CommitEmptyReads::new(Arc::clone(&self.sonar), Arc::clone(&self.metapod));
        if let Some(jobs) = &self.jobs {
            retract = retract.with_jobs(Arc::clone(jobs));
            empty = empty.with_jobs(Arc::clone(jobs));
        }
        if let Some(files) = &self.files {
            retract = retract.with_files(Arc::clone(files) as Arc<dyn FilesRead>);
            empty = empty.with_files(Arc::clone(files) as Arc<dyn FilesRead>).making(Arc::new(EmptyParquet));
        }
        let Some(writes) = &self.writes else {
            return registry
                .reading::<RetractDatasets>(retract.clone())
                .reading::<RetractAttribute>(retract)
                .reading::<CommitEmptyDataset>(empty);
        };
        let writes = || {
            let writes = MetapodWrites::new(Arc::clone(writes));
            match &self.files {
                Some(files) => writes.with_files(Arc::clone(files) as Arc<dyn FilesWrite>),
                None => writes,
            }
        };
        registry
            .with::<RetractDatasets>(retract.clone(), writes())
            .with::<RetractAttribute>(retract, writes())
            .with::<CommitEmptyDataset>(empty, writes())
    }

    /// What a redeployment looks at, and changes.
    #[cfg(feature = "airflow")]
    pub(super) fn beside(&self) -> (DatasetReads, Option<MetapodWrites>) {
        let reads = DatasetReads::new(Arc::clone(&self.sonar), Arc::clone(&self.metapod));
        (reads, self.writes.as_ref().map(|writes| MetapodWrites::new(Arc::clone(writes))))
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = String> {
        let [sonar, metapod] = &self.addresses;
        [format!("Sonar at {sonar}"), format!("Metapod at {metapod}")].into_iter()
    }

    pub(super) fn systems(&self, name: &str) -> Vec<Arc<dyn System>> {
        let info = self.credential.describe();
        let expires = info.expires_at.and_then(|at| Timestamp::try_from(at).ok());
        let [sonar, metapod] = &self.addresses;
        vec![
            Arc::new(SonarSystem::new(Arc::clone(&self.sonar), name, sonar).with_holder(info.subject.clone(), expires)),
            Arc::new(MetapodSystem::new(Arc::clone(&self.metapod), name, metapod).with_holder(info.subject, expires)),
        ]
    }

    /// Where the files lie, where it is known which one is empty.
    pub(super) fn files_system(&self, settings: &Environment) -> Option<Arc<dyn System>> {
        let empty = settings.empty_file.as_ref()?.path.clone();
        let address = match (&settings.buckets, &settings.files) {
            (Some(folder), _) => folder.display().to_string(),
            (None, Some(files)) => files.endpoint.clone().unwrap_or_else(|| format!("S3 in {}", files.region)),
            (None, None) => "this process".to_owned(),
        };
        let files = Arc::clone(self.files.as_ref()?) as Arc<dyn FilesRead>;
        Some(Arc::new(FilesSystem::new(files, empty, address)))
    }

    /// What triage reads from.
    pub fn triage(&self) -> TriageReads {
        let reads = TriageReads::new(Arc::clone(&self.sonar));
        match &self.jobs {
            Some(jobs) => reads.with_jobs(Arc::clone(jobs)),
            None => reads,
        }
    }
}
