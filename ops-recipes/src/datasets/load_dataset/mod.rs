//! «Load a run dataset in Databricks».

mod text;

use std::fmt;
use std::sync::Arc;

use databricks_client::{Format, Language, Mapping, SparkPath, WorkspaceRead};
use dataset_files::{FilesRead, Look, Preview};
use jiff::Timestamp;
use metapod_model::{DatasetFormat, DatasetName, S3Path, TransactionId};
use ops_client::{Error, Result};
use serde::Serialize;
use sonar_client::{Dataset, DatasetFilter, SonarRead};

use super::subjects::{avro_twin, is_avro};
use crate::words::{names, utc};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &["load a run dataset", "databricks path", "look at the data of a dataset"];

/// How many entries of a folder are counted.
const COUNTED: usize = 1_000;
/// How many rows are shown unless told.
const ROWS: usize = 20;

/// Finds the files of a dataset of a run, and says how they are read in a notebook: the runbook's «Load a run dataset in
/// Databricks». It shows the first rows, too. It reads, and changes nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadDataset {
    /// The transaction.
    pub transaction: TransactionId,
    /// The dataset.
    pub dataset: DatasetName,
    /// In which format; as its name says unless told. In Avro it is its twin, `NAME-avro`.
    pub format: Option<Format>,
    /// How many rows are shown; with none, no file is read.
    pub rows: usize,
}

impl LoadDataset {
    /// A dataset of a transaction.
    pub fn new(transaction: TransactionId, dataset: DatasetName) -> Self {
        Self { transaction, dataset, format: None, rows: ROWS }
    }

    /// In this format.
    #[must_use]
    pub fn in_format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// With so many rows.
    #[must_use]
    pub fn with_rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }
}

/// What [`LoadDataset`] reads from.
#[derive(Clone)]
#[non_exhaustive]
pub struct LoadReads {
    /// Sonar, which knows where files lie.
    pub sonar: Arc<dyn SonarRead>,
    /// How the workspace reads buckets.
    pub mapping: Mapping,
    /// The workspace, which is asked whether the files are there.
    pub workspace: Option<Arc<dyn WorkspaceRead>>,
    /// The files themselves.
    pub files: Option<Arc<dyn FilesRead>>,
}

impl fmt::Debug for LoadReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadReads")
            .field("mapping", &self.mapping)
            .field("workspace", &self.workspace.is_some())
            .field("files", &self.files.is_some())
            .finish_non_exhaustive()
    }
}

impl LoadReads {
    /// Of what Sonar knows, with every bucket mounted by its name.
    pub fn new(sonar: Arc<dyn SonarRead>) -> Self {
        Self { sonar, mapping: Mapping::mounts(), workspace: None, files: None }
    }

    /// With another way from buckets to what Spark reads.
    #[must_use]
    pub fn with_mapping(mut self, mapping: Mapping) -> Self {
        self.mapping = mapping;
        self
    }

    /// With the workspace.
    #[must_use]
    pub fn with_workspace(mut self, workspace: Arc<dyn WorkspaceRead>) -> Self {
        self.workspace = Some(workspace);
        self
    }

    /// With the files.
    #[must_use]
    pub fn with_files(mut self, files: Arc<dyn FilesRead>) -> Self {
        self.files = Some(files);
        self
    }
}

/// Whether something lies at a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Seen {
    /// It does: a file, or a folder of some files.
    There {
        /// How many files, where that was counted.
        files: Option<usize>,
        /// Whether there are more than that.
        more: bool,
        /// How large they are together, in bytes.
        bytes: Option<u64>,
    },
    /// Nothing does.
    Missing,
    /// Nobody could look: why.
    Unknown(String),
}

/// What was found of a dataset that is committed.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Loadable {
    /// Where its files lie.
    pub s3: S3Path,
    /// `parquet` or `avro`.
    pub format: String,
    /// When it was committed.
    pub committed_at: Option<Timestamp>,
    /// Where Spark reads them; nothing where the configuration names no way.
    pub spark: Option<String>,
    /// How they are read, in Scala.
    pub scala: String,
    /// How they are read, in Python.
    pub python: String,
    /// Whether something lies in the bucket.
    pub in_bucket: Seen,
    /// Whether the workspace sees it.
    pub in_workspace: Seen,
    /// Its first rows.
    pub preview: Option<Preview>,
}

/// The answer.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// Where, as the caller names it.
    pub environment: String,
    /// The transaction.
    pub transaction: TransactionId,
    /// The dataset: the twin, where another format was asked for.
    pub dataset: DatasetName,
    /// When it was looked.
    pub at: Timestamp,
    /// What is needed to load it; nothing where it cannot be loaded.
    pub loadable: Option<Loadable>,
    /// Why not, and what to doubt.
    pub doubts: Vec<String>,
}

impl Found {
    /// Whether it can be loaded, as far as was seen.
    pub fn is_there(&self) -> bool {
        let there = |found: &Loadable| found.in_bucket != Seen::Missing && found.in_workspace != Seen::Missing;
        self.loadable.as_ref().is_some_and(there)
    }

    /// A command for a cluster: reads the files, says their columns, and shows their first rows.
    pub fn command(&self, language: Language, rows: usize) -> Option<String> {
        let found = self.loadable.as_ref()?;
        Some(match language {
            Language::Scala => {
                format!("val x = {}\nx.printSchema()\nx.show({rows}, 40)", found.scala)
            }
            _ => format!("x = {}\nx.printSchema()\nx.show({rows}, 40)", found.python),
        })
    }
}

impl LoadDataset {
    /// Looks where the dataset's files lie, whether they are there, and what their first rows are.
    ///
    /// # Errors
    /// As [`SonarRead::datasets`]. What the workspace or the files do not tell is said in the answer.
    pub async fn look(&self, reads: &LoadReads, environment: &str, now: Timestamp) -> Result<Found> {
        let dataset = self.named()?;
        let twins = [Some(dataset.clone()), avro_twin(&dataset)].into_iter().flatten().collect();
        let all = reads.sonar.datasets(self.transaction, &DatasetFilter::all().named(twins)).await?;
        let mut found = Found {
            environment: environment.to_owned(),
            transaction: self.transaction,
            dataset: dataset.clone(),
            at: now,
            loadable: None,
            doubts: Vec::new(),
        };
        let Some(there) = all.iter().find(|one| one.name == dataset) else {
            let others = names(all.iter().map(|one| &one.name));
            let others = if others.is_empty() { others } else { format!("; there is {others}") };
            found.doubts.push(format!("{dataset} is not in this transaction{others}"));
            return Ok(found);
        };
        let Some(path) = there.path.clone().filter(|_| there.committed) else {
            found.doubts.push(not_committed(there));
            return Ok(found);
        };
        let format = format_of(there, &mut found.doubts);
        let spark = match reads.mapping.map(&path) {
            Ok(Some(spark)) => Some(spark),
            Ok(None) => {
                found.doubts.push(format!("{}: it is read from its bucket", reads.mapping.no_rule(&path)));
                None
            }
            Err(error) => {
                let why = error.message().unwrap_or("the path cannot be mapped").to_owned();
                found.doubts.push(format!("{why}: it is read from its bucket"));
                None
            }
        };
        let reader = spark.clone().unwrap_or_else(|| SparkPath::External(path.clone())).reader(format);
        let (in_bucket, in_workspace, preview) = futures_util::future::join3(
            in_bucket(reads.files.as_deref(), &path),
            in_workspace(reads.workspace.as_deref(), spark.as_ref()),
            self.preview(reads.files.as_deref(), &path),
        )
        .await;
        let preview = preview.unwrap_or_else(|error| {
            found.doubts.push(format!("its rows cannot be shown: {}", told(&error)));
            None
        });
        found.loadable = Some(Loadable {
            s3: path,
            format: format.as_str().to_owned(),
            committed_at: there.committed_at,
            spark: spark.map(|path| path.to_string()),
            scala: reader.scala(),
            python: reader.python(),
            in_bucket,
            in_workspace,
            preview,
        });
        Ok(found)
    }

    /// The dataset, or its twin where another format is asked for.
    fn named(&self) -> Result<DatasetName> {
        let avro = is_avro(&self.dataset);
        let twin = match self.format {
            Some(Format::Avro) if !avro => avro_twin(&self.dataset),
            Some(Format::Parquet) if avro => {
                self.dataset.as_str().strip_suffix("-avro").and_then(|name| name.parse().ok())
            }
            _ => return Ok(self.dataset.clone()),
        };
        twin.ok_or_else(|| Error::invalid("datasets.load", format!("{} has no such twin", self.dataset)))
    }

    async fn preview(&self, files: Option<&dyn FilesRead>, path: &S3Path) -> Result<Option<Preview>> {
        match files {
            Some(files) if self.rows > 0 => files.first_rows(path, self.rows).await.map(Some),
            _ => Ok(None),
        }
    }
}

fn not_committed(dataset: &Dataset) -> String {
    let name = &dataset.name;
    match (dataset.committed, dataset.aborted_at) {
        (true, _) => format!("{name} is committed, and Sonar tells no path"),
        (false, Some(at)) => format!("{name} was aborted {}: this run has no data of it", utc(at)),
        (false, None) => format!("{name} is not committed yet: there is nothing to load (triage-failure says why)"),
    }
}

/// What the catalogue says, or else the name.
fn format_of(dataset: &Dataset, doubts: &mut Vec<String>) -> Format {
    let by_name = if is_avro(&dataset.name) { Format::Avro } else { Format::Parquet };
    let told = match &dataset.format {
        Some(DatasetFormat::Parquet) => Format::Parquet,
        Some(DatasetFormat::Avro) => Format::Avro,
        Some(other) => {
            doubts.push(format!("it is committed as {other}, which this does not know: read as {by_name}"));
            return by_name;
        }
        None => return by_name,
    };
    if told != by_name {
        doubts.push(format!("{} is committed as {told}, though its name says {by_name}", dataset.name));
    }
    told
}

async fn in_bucket(files: Option<&dyn FilesRead>, path: &S3Path) -> Seen {
    let Some(files) = files else { return Seen::Unknown("no way to its bucket is configured".into()) };
    match files.look(path).await {
        Ok(Look::Missing) => Seen::Missing,
        Ok(Look::File { size, .. }) => Seen::There { files: Some(1), more: false, bytes: Some(size) },
        Ok(Look::Folder { files, .. }) if files.is_empty() => Seen::Missing,
        Ok(Look::Folder { files, more }) => {
            let bytes = files.iter().map(|file| file.size).fold(0, u64::saturating_add);
            Seen::There { files: Some(files.len()), more, bytes: Some(bytes) }
        }
        Ok(_) => Seen::Unknown("something that this does not know".into()),
        Err(error) if error.is_not_found() => Seen::Missing,
        Err(error) => Seen::Unknown(told(&error)),
    }
}

async fn in_workspace(workspace: Option<&dyn WorkspaceRead>, path: Option<&SparkPath>) -> Seen {
    let Some(workspace) = workspace else { return Seen::Unknown("no workspace is configured".into()) };
    let path = match path {
        Some(SparkPath::Workspace(path)) => path,
        _ => return Seen::Unknown("clusters read this bucket by themselves".into()),
    };
    let status = match workspace.path_status(path).await {
        Ok(Some(status)) => status,
        Ok(None) => return Seen::Missing,
        Err(error) => return Seen::Unknown(told(&error)),
    };
    if !status.is_folder {
        return Seen::There { files: Some(1), more: false, bytes: status.size };
    }
    match workspace.list(path, COUNTED).await {
        Ok(listing) => {
            // Spark's own notes are no data.
            let data = |name: &str| !name.starts_with(['_', '.']);
            let files = listing.entries.iter().filter(|entry| !entry.is_folder && data(entry.path.name())).count();
            Seen::There { files: Some(files), more: listing.truncated, bytes: Some(listing.bytes()) }
        }
        Err(_) => Seen::There { files: None, more: false, bytes: None },
    }
}

fn told(error: &Error) -> String {
    let remedy = error.remedy().map(|remedy| format!(" ({remedy})")).unwrap_or_default();
    format!("{error}{remedy}")
}
