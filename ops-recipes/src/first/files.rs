//! Where the files of datasets lie.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use dataset_files::{FilesRead, Look};
use jiff::Timestamp;
use metapod_model::S3Path;
use ops_client::Result;

use super::{Access, Checkup, Severity, Sign, System};

/// The buckets of datasets among the systems that are looked at first: by the empty file of the configuration, which has moved
/// before.
#[derive(Clone)]
pub struct FilesSystem {
    files: Arc<dyn FilesRead>,
    empty: S3Path,
    address: String,
}

impl fmt::Debug for FilesSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilesSystem")
            .field("empty", &self.empty)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl FilesSystem {
    /// The buckets, where the empty file is to be.
    pub fn new(files: Arc<dyn FilesRead>, empty: S3Path, address: impl Into<String>) -> Self {
        Self { files, empty, address: address.into() }
    }
}

#[async_trait]
impl System for FilesSystem {
    fn name(&self) -> &str {
        "files"
    }

    fn address(&self) -> &str {
        &self.address
    }

    async fn check_up(&self) -> Result<Checkup> {
        let write = Access::Unknown("only a file that is made tells".into());
        match self.files.look(&self.empty).await {
            Ok(_) => Ok(Checkup::new(Access::Yes, write)),
            Err(error) if error.is_not_found() => {
                Ok(Checkup::new(Access::No(format!("no such bucket: {}", self.empty.bucket())), write))
            }
            Err(error) if error.is_auth() => Ok(Checkup::new(Access::No(error.to_string()), write)),
            Err(error) => Err(error),
        }
    }

    async fn signs(&self, _: Timestamp) -> Result<Vec<Sign>> {
        let missing = match self.files.look(&self.empty).await {
            Ok(look) => look == Look::Missing,
            Err(error) if error.is_not_found() => true,
            Err(error) => return Err(error),
        };
        if !missing {
            return Ok(Vec::new());
        }
        let what = format!("the empty file of the configuration is not there: {}", self.empty);
        Ok(vec![Sign::new(Severity::Odd, what).next("commit-empty-dataset --make   # where one is needed tonight")])
    }
}
