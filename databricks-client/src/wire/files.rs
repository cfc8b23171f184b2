//! Files: as DBFS tells of them, and as the Files API does. Both from documents.

use ops_client::http::Reply;
use serde::Deserialize;

use super::{Fit, Misfit, instant, parsed};
use crate::{PathStatus, WorkspacePath};

#[derive(Deserialize)]
pub(crate) struct DbfsEntry {
    path: String,
    #[serde(default)]
    is_dir: bool,
    file_size: Option<u64>,
    modification_time: Option<i64>,
}

impl DbfsEntry {
    pub(crate) fn told(self) -> Fit<PathStatus> {
        told("path", &self.path, self.is_dir, self.file_size, self.modification_time)
    }
}

/// Of an empty folder it has nothing in it.
#[derive(Deserialize)]
pub(crate) struct DbfsList {
    #[serde(default)]
    files: Vec<DbfsEntry>,
}

impl DbfsList {
    pub(crate) fn told(self) -> Fit<Vec<PathStatus>> {
        self.files.into_iter().map(DbfsEntry::told).collect()
    }
}

#[derive(Deserialize)]
pub(crate) struct Directory {
    #[serde(default)]
    contents: Vec<Entry>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    #[serde(default)]
    is_directory: bool,
    file_size: Option<u64>,
    last_modified: Option<i64>,
}

impl Directory {
    /// What there is, and where it goes on.
    pub(crate) fn told(self) -> Fit<(Vec<PathStatus>, Option<String>)> {
        let entries = self.contents.into_iter();
        let entries =
            entries.map(|it| told("contents.path", &it.path, it.is_directory, it.file_size, it.last_modified));
        Ok((entries.collect::<Fit<_>>()?, super::said(self.next_page_token)))
    }
}

fn told(place: &str, path: &str, folder: bool, size: Option<u64>, modified: Option<i64>) -> Fit<PathStatus> {
    let path: WorkspacePath = parsed(place, path)?;
    let mut status = if folder { PathStatus::folder(path) } else { PathStatus::file(path, size.unwrap_or_default()) };
    status.modified = instant(modified);
    Ok(status)
}

/// A file of a volume is told by headers alone.
pub(crate) struct FileHeaders;

impl FileHeaders {
    pub(crate) fn told(path: &WorkspacePath, reply: &Reply) -> Fit<PathStatus> {
        let length = reply.header("content-length").and_then(|length| length.parse().ok());
        let size = length.ok_or_else(|| Misfit::at("content-length", "it is no number of bytes"))?;
        let modified = reply.header("last-modified").and_then(|at| httpdate::parse_http_date(at).ok());
        let status = PathStatus::file(path.clone(), size);
        Ok(match modified.and_then(|at| at.try_into().ok()) {
            Some(at) => status.with_modified(at),
            None => status,
        })
    }
}
