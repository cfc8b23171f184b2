//! Where files lie, as a workspace sees them.

use jiff::Timestamp;

use super::id::text;
use crate::ParseError;

/// Longer than any path that a workspace takes, in bytes.
const LONGEST: usize = 4096;

/// Which of a workspace's file systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// DBFS, and the buckets that are mounted there.
    Dbfs,
    /// A volume of Unity Catalog.
    Volume,
}

text! {
    /// A path to data: `dbfs:/mnt/bucket/key`, or `/Volumes/catalog/schema/volume/key`. Also read are `/mnt/bucket/key`, and
    /// a volume with `dbfs:` before it.
    ///
    /// A slash at its end is kept. No other part is empty, `.` or `..`: both file systems fold such parts away, and another
    /// path than the one that is written would be meant.
    WorkspacePath, checked
}

impl WorkspacePath {
    /// In which file system it lies.
    pub fn place(&self) -> Place {
        if self.0.starts_with('/') { Place::Volume } else { Place::Dbfs }
    }

    /// As the REST API wants it: without `dbfs:`, and without a slash at its end.
    pub fn absolute(&self) -> &str {
        let path = self.0.strip_prefix("dbfs:").unwrap_or(&self.0);
        match path.trim_end_matches('/') {
            "" => "/",
            path => path,
        }
    }

    /// Its last part; nothing of a root.
    pub fn name(&self) -> &str {
        self.absolute().rsplit('/').next().unwrap_or_default()
    }
}

fn checked(text: &str) -> Result<String, ParseError> {
    let refused = |why| Err(ParseError::new("path of a workspace", why, text));
    let path = text.strip_prefix("dbfs:").unwrap_or(text);
    let Some(rest) = path.strip_prefix('/') else {
        return refused("one like dbfs:/mnt/bucket/key or /Volumes/catalog/schema/volume/key belongs here");
    };
    if text.len() > LONGEST {
        return refused("it is longer than 4096 bytes");
    }
    if text.chars().any(char::is_control) {
        return refused("it holds control characters");
    }
    let inner = rest.strip_suffix('/').unwrap_or(rest);
    let parts: Vec<&str> = if inner.is_empty() { Vec::new() } else { inner.split('/').collect() };
    if parts.iter().any(|part| matches!(*part, "" | "." | "..")) || (parts.is_empty() && !rest.is_empty()) {
        return refused("it holds a part that is empty, `.` or `..`, which would be folded away");
    }
    match parts.first() {
        Some(&"Volumes") if parts.len() < 4 => refused("a volume is named by its catalog, its schema and its name"),
        Some(&"Volumes") => Ok(path.to_owned()),
        Some(&"Workspace") => refused("what lies there is the workspace's own tree, not data"),
        Some(&"dbfs") if !text.starts_with("dbfs:") => {
            refused("that is where a machine sees it: write dbfs:/ for /dbfs/")
        }
        _ => Ok(format!("dbfs:{path}")),
    }
}

/// What lies at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathStatus {
    /// Where.
    pub path: WorkspacePath,
    /// Whether it is a folder. Spark writes a dataset as one.
    pub is_folder: bool,
    /// How large a file is, in bytes.
    pub size: Option<u64>,
    /// When it was changed last, where that is known.
    pub modified: Option<Timestamp>,
}

impl PathStatus {
    /// A file of so many bytes.
    pub fn file(path: WorkspacePath, size: u64) -> Self {
        Self { path, is_folder: false, size: Some(size), modified: None }
    }

    /// A folder.
    pub fn folder(path: WorkspacePath) -> Self {
        Self { path, is_folder: true, size: None, modified: None }
    }

    /// Changed then.
    #[must_use]
    pub fn with_modified(mut self, at: Timestamp) -> Self {
        self.modified = Some(at);
        self
    }
}

/// What lies in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// By name.
    pub entries: Vec<PathStatus>,
    /// Whether there is more than that.
    pub truncated: bool,
}

impl Listing {
    /// All that there is, or the first of it.
    pub fn new(entries: Vec<PathStatus>, truncated: bool) -> Self {
        Self { entries, truncated }
    }

    /// How many bytes the listed files have together.
    pub fn bytes(&self) -> u64 {
        self.entries.iter().filter_map(|entry| entry.size).fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> WorkspacePath {
        text.parse().unwrap()
    }

    #[test]
    fn each_path_has_one_spelling() {
        for (written, kept, absolute, place) in [
            ("dbfs:/mnt/b/k/", "dbfs:/mnt/b/k/", "/mnt/b/k", Place::Dbfs),
            ("/mnt/b/k", "dbfs:/mnt/b/k", "/mnt/b/k", Place::Dbfs),
            ("dbfs:/", "dbfs:/", "/", Place::Dbfs),
            ("/Volumes/c/s/v", "/Volumes/c/s/v", "/Volumes/c/s/v", Place::Volume),
            ("dbfs:/Volumes/c/s/v/k/", "/Volumes/c/s/v/k/", "/Volumes/c/s/v/k", Place::Volume),
        ] {
            let path = path(written);
            assert_eq!((path.as_str(), path.absolute(), path.place()), (kept, absolute, place));
            assert_eq!(path.as_str().parse::<WorkspacePath>().unwrap(), path);
        }
        assert_eq!((path("/mnt/b/k/").name(), path("/").name()), ("k", ""));
    }

    #[test]
    fn what_is_no_path_says_why() {
        for (wrong, why) in [
            ("", "belongs here"),
            ("mnt/b", "belongs here"),
            ("s3://b/k", "belongs here"),
            ("dbfs://mnt/b", "folded away"),
            ("/mnt//b", "folded away"),
            ("/mnt/b//", "folded away"),
            ("//", "folded away"),
            ("/mnt/../b", "folded away"),
            ("/mnt/./b", "folded away"),
            ("/mnt/a\nb", "control"),
            ("/Volumes/c/s", "named by"),
            ("/Volumes/c//v/x", "folded away"),
            ("/Workspace/Shared", "own tree"),
            ("/dbfs/mnt/b", "write dbfs:/"),
        ] {
            let error = wrong.parse::<WorkspacePath>().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
