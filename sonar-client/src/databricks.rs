//! Where Databricks finds the files of a dataset. No system tells this path: it is derived from the one on S3.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::S3Path;

/// How each bucket is reached from Databricks.
///
/// Without further words `s3://B/K` and `s3a://B/K` are `dbfs:/mnt/B/K`, slash for slash (attested in the runbook). A
/// bucket may be mounted somewhere else, or nowhere: buckets under a newer access scheme are read by their full S3 path.
///
/// ```
/// use sonar_client::Mounts;
///
/// let mounts = Mounts::new().mounted("old-bucket", "/mnt/archive").unmounted("new-bucket");
/// let path = |text: &str| mounts.path(&text.parse().unwrap()).to_string();
/// assert_eq!(path("s3a://metapod-bucket/10b0/part-0"), "dbfs:/mnt/metapod-bucket/10b0/part-0");
/// assert_eq!(path("s3://old-bucket/10b0"), "dbfs:/mnt/archive/10b0");
/// assert_eq!(path("s3://new-bucket/10b0"), "s3://new-bucket/10b0");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mounts(BTreeMap<String, Mount>);

/// How one bucket is reached: in a file, `{ mounted = "/mnt/archive" }` or `"unmounted"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mount {
    /// In this folder of the Databricks file system.
    Mounted(String),
    /// By its full S3 path.
    Unmounted,
}

impl Mounts {
    /// Every bucket lies in a folder of its own name below `/mnt`.
    pub fn new() -> Self {
        Self::default()
    }

    /// `bucket` lies in `folder`, like `/mnt/archive`.
    #[must_use]
    pub fn mounted(mut self, bucket: impl Into<String>, folder: impl Into<String>) -> Self {
        self.0.insert(bucket.into(), Mount::Mounted(folder.into()));
        self
    }

    /// `bucket` is not mounted: it is read by its full S3 path.
    #[must_use]
    pub fn unmounted(mut self, bucket: impl Into<String>) -> Self {
        self.0.insert(bucket.into(), Mount::Unmounted);
        self
    }

    /// Where Databricks finds the files at `path`.
    pub fn path(&self, path: &S3Path) -> DatabricksPath {
        let (bucket, key) = (path.bucket(), path.key());
        DatabricksPath(match self.0.get(bucket) {
            None => format!("dbfs:/mnt/{bucket}/{key}"),
            Some(Mount::Mounted(folder)) => format!("dbfs:/{}/{key}", folder.trim_matches('/')),
            Some(Mount::Unmounted) => path.to_string(),
        })
    }
}

/// A path as a Spark reader on Databricks takes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct DatabricksPath(String);

impl DatabricksPath {
    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabricksPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(mounts: &Mounts, text: &str) -> String {
        mounts.path(&text.parse().unwrap()).to_string()
    }

    #[test]
    fn slashes_stay_as_they_are() {
        let mounts = Mounts::new();
        assert_eq!(path(&mounts, "s3://b/k"), "dbfs:/mnt/b/k");
        assert_eq!(path(&mounts, "s3a://b/k//l/"), "dbfs:/mnt/b/k//l/");
        assert_eq!(path(&mounts, "s3://b//k"), "dbfs:/mnt/b//k");
        assert_eq!(path(&mounts, "s3://b/s3://c/k"), "dbfs:/mnt/b/s3://c/k");
    }

    #[test]
    fn only_the_named_bucket_is_elsewhere() {
        let mounts = Mounts::new().mounted("b", "mnt/x/").unmounted("n");
        assert_eq!(path(&mounts, "s3://b/k"), "dbfs:/mnt/x/k");
        assert_eq!(path(&mounts, "s3://bb/k"), "dbfs:/mnt/bb/k");
        assert_eq!(path(&mounts, "s3a://n/k"), "s3a://n/k");
    }

    #[test]
    fn reads_from_a_file() {
        let mounts: Mounts = serde_json::from_str(r#"{"b": {"mounted": "/mnt/x"}, "n": "unmounted"}"#).unwrap();
        assert_eq!(mounts, Mounts::new().mounted("b", "/mnt/x").unmounted("n"));
    }
}
