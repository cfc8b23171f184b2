//! A file that is made: empty, with the columns of the dataset.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dataset_files::{Description, EmptyContent, EmptyFiles, FilesRead, FilesWrite, Look};
use metapod_model::{DatasetName, S3Path, TransactionId};
use ops_client::{Effect, Error, ErrorKind, Result};
use ops_plan::{Finding, Observed};
use serde::{Deserialize, Serialize};
use sonar_client::{SonarRead, Transaction};

use crate::words::{fit, utc};

/// Of so many runs before it is looked whether they have the dataset.
const RUNS_BEFORE: usize = 7;
const GUARD: &str = "empty-file";

/// Where empty files are made, and after what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Made {
    /// The folder below which they are made, one for each run and dataset.
    pub below: S3Path,
    /// A file with the right columns; the dataset's file of an earlier run unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<S3Path>,
}

impl Made {
    /// Made below this folder.
    pub fn below(folder: S3Path) -> Self {
        Self { below: folder, like: None }
    }

    /// With the columns of this file.
    #[must_use]
    pub fn like(mut self, file: S3Path) -> Self {
        self.like = Some(file);
        self
    }

    /// Where the file of a dataset is made.
    pub(super) fn path(&self, transaction: TransactionId, dataset: &DatasetName) -> Result<S3Path> {
        let below = self.below.as_str().trim_end_matches('/');
        let path = format!("{below}/{transaction}/{}.parquet", dataset.as_str().replace('/', "-"));
        path.parse().map_err(|error| Error::invalid("datasets.make-empty", format!("{error}")))
    }
}

/// An empty file is written where nothing lies. It is part of the plan as it is: what was approved is what is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MakeFile {
    /// Where.
    pub path: S3Path,
    /// The whole file, in Base64: it has no rows.
    pub content: String,
    /// Its schema, as Parquet writes it.
    pub schema: String,
    /// How many columns it has.
    pub columns: usize,
}

impl fmt::Display for MakeFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "make an empty file of {} columns, {}", self.columns, fit(self.path.as_str(), 56))
    }
}

impl MakeFile {
    pub(super) async fn perform(&self, files: Option<&dyn FilesWrite>) -> Result<()> {
        const OP: &str = "datasets.make-empty";
        let files = files.ok_or_else(|| Error::invalid(OP, "no way to write files is configured"))?;
        let content = STANDARD.decode(&self.content).map_err(|error| {
            Error::new(OP, ErrorKind::Invalid, Effect::None)
                .with_message("the plan's file is damaged")
                .with_source(error)
        })?;
        files.put_new(&self.path, content).await
    }

    pub(super) async fn observe(&self, files: Option<&dyn FilesRead>) -> Result<Observed> {
        let files = files.ok_or_else(|| Error::invalid("datasets.make-empty", "no way to the files is configured"))?;
        Ok(match there(files, &self.path).await? {
            None => Observed::Pending,
            Some(file) if self.is(&file) => Observed::Done,
            Some(_) => Observed::Drifted("another file lies there".into()),
        })
    }

    /// Whether this is that file.
    fn is(&self, file: &Description) -> bool {
        file.is_empty() && file.schema == self.schema
    }
}

async fn there(files: &dyn FilesRead, path: &S3Path) -> Result<Option<Description>> {
    match files.look(path).await? {
        Look::Missing => Ok(None),
        _ => files.describe(path).await.map(Some),
    }
}

/// What is needed to make files.
pub(super) struct Workshop<'a> {
    pub(super) sonar: &'a dyn SonarRead,
    pub(super) files: &'a dyn FilesRead,
    pub(super) makes: &'a dyn EmptyFiles,
}

/// A file for a dataset: where it lies, what makes it unless it lies there already, and what is said of it.
pub(super) struct Planned {
    pub(super) path: S3Path,
    pub(super) make: Option<MakeFile>,
    pub(super) finding: Finding,
}

impl Workshop<'_> {
    /// The file for a dataset of a run.
    ///
    /// # Errors
    /// The finding that stops the plan.
    pub(super) async fn plan(
        &self,
        made: &Made,
        transaction: &Transaction,
        dataset: &DatasetName,
    ) -> std::result::Result<Planned, Finding> {
        let told = |error: Error| Finding::block(GUARD, format!("no file can be made for {dataset}: {error}"));
        let path = made.path(transaction.id, dataset).map_err(told)?;
        let (content, after) = self.content(made, transaction, dataset).await?;
        let make = MakeFile {
            path: path.clone(),
            content: STANDARD.encode(&content.content),
            columns: content.columns,
            schema: content.schema,
        };
        let text = |verb: &str| format!("{verb} {path}: no rows, {} columns, {after}", make.columns);
        match there(self.files, &path).await.map_err(told)? {
            None => Ok(Planned {
                path: path.clone(),
                finding: Finding::pass(GUARD, text("will be made:")),
                make: Some(make),
            }),
            Some(file) if make.is(&file) => {
                Ok(Planned { path: path.clone(), finding: Finding::pass(GUARD, text("there already:")), make: None })
            }
            Some(_) => Err(Finding::block(GUARD, format!("{path} is there, and is another file"))
                .with_advice("choose another folder, or give the file with the right columns")),
        }
    }

    /// The file, and after what it is made: the file that was named, the dataset's file of an earlier run, or else the columns
    /// that Metapod kept of it.
    async fn content(
        &self,
        made: &Made,
        transaction: &Transaction,
        dataset: &DatasetName,
    ) -> std::result::Result<(EmptyContent, String), Finding> {
        let wrong = |what: &str, error: Error| Finding::block(GUARD, format!("{what}: {error}"));
        if let Some(like) = &made.like {
            let file = self.files.describe(like).await.map_err(|error| wrong("the file to be like", error))?;
            let content = self.makes.empty_like(&file).map_err(|error| wrong("the file to be like", error))?;
            return Ok((content, format!("as {like}")));
        }
        let unseen = |error: Error| wrong("earlier runs cannot be seen", error);
        let mut before: Vec<Transaction> = self.sonar.transactions().await.map_err(unseen)?;
        before.retain(|other| {
            other.transaction_type == transaction.transaction_type && other.started_at < transaction.started_at
        });
        before.sort_by_key(|other| std::cmp::Reverse(other.started_at));
        for run in before.into_iter().take(RUNS_BEFORE) {
            let names = std::slice::from_ref(dataset);
            let found = self.sonar.details(run.id, names).await.map_err(unseen)?;
            let Some(detail) = found.into_iter().find(|detail| detail.dataset.committed) else { continue };
            let of = run.started_at.map_or_else(|| run.id.to_string(), |at| format!("the run of {}", utc(at)));
            let old = match &detail.dataset.path {
                Some(path) => self.files.describe(path).await.and_then(|file| self.makes.empty_like(&file)).ok(),
                None => None,
            };
            if let Some(content) = old {
                return Ok((content, format!("as its file of {of}")));
            }
            // The old file may be gone after a week; Metapod keeps the columns.
            if let Some(schema) = &detail.schema {
                let what = format!("the columns that Metapod has of {dataset}, {of}");
                let content = self.makes.empty_of(schema).map_err(|error| wrong(&what, error))?;
                return Ok((content, format!("as Metapod's columns of {of}")));
            }
        }
        let text = format!("the columns of {dataset} are not known: none of the last {RUNS_BEFORE} runs has it");
        Err(Finding::block(GUARD, text).with_advice("name a file that has them"))
    }
}
