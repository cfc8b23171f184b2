//! Notebooks, and what they and commands are written in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::id::text;
use super::words::words;
use crate::ParseError;

/// What a command or a notebook is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Language {
    /// Scala.
    Scala,
    /// Python.
    Python,
    /// SQL.
    Sql,
    /// R.
    R,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Scala, Self::Python, Self::Sql, Self::R];

    /// The word of the API for commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scala => "scala",
            Self::Python => "python",
            Self::Sql => "sql",
            Self::R => "r",
        }
    }

    /// The word of the API for notebooks.
    pub fn of_notebook(self) -> &'static str {
        match self {
            Self::Scala => "SCALA",
            Self::Python => "PYTHON",
            Self::Sql => "SQL",
            Self::R => "R",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Language {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let found = Self::ALL.into_iter().find(|language| language.as_str().eq_ignore_ascii_case(text));
        found.ok_or_else(|| ParseError::new("language", "scala, python, sql or r belongs here", text))
    }
}

words! {
    /// What stands at a place of the workspace's tree.
    ObjectType {
        /// A notebook.
        Notebook = "NOTEBOOK",
        /// A folder.
        Directory = "DIRECTORY",
        /// A file that is no notebook.
        File = "FILE",
        /// A library.
        Library = "LIBRARY",
        /// A repository.
        Repo = "REPO",
    }
}

text! {
    /// Where a notebook stands in the workspace's tree, such as `/Users/ana@example.com/look` or `/Shared/look`. No part of
    /// it is empty, `.` or `..`.
    NotebookPath, checked
}

/// Longer ones are refused by the workspace, in bytes.
const LONGEST: usize = 1000;

fn checked(text: &str) -> Result<String, ParseError> {
    let wrong = match text.strip_prefix('/') {
        None => "it must begin with a slash",
        Some(_) if text.len() > LONGEST => "it is longer than 1000 bytes",
        Some(_) if text.chars().any(char::is_control) => "it holds control characters",
        Some(rest) if rest.split('/').any(|part| matches!(part, "" | "." | "..")) => {
            "no part of it may be empty, `.` or `..`"
        }
        Some(_) => return Ok(text.to_owned()),
    };
    Err(ParseError::new("path of a notebook", wrong, text))
}

/// What stands at a place of the workspace's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notebook {
    /// Where.
    pub path: NotebookPath,
    /// What it is.
    pub kind: ObjectType,
    /// What a notebook is written in.
    pub language: Option<Language>,
    /// Its id: that of a notebook that was taken away is not used again.
    pub object_id: Option<u64>,
}

impl Notebook {
    /// A notebook.
    pub fn new(path: NotebookPath, language: Language) -> Self {
        Self { path, kind: ObjectType::Notebook, language: Some(language), object_id: None }
    }

    /// Something else.
    pub fn other(path: NotebookPath, kind: ObjectType) -> Self {
        Self { path, kind, language: None, object_id: None }
    }

    /// With its id.
    #[must_use]
    pub fn with_object_id(mut self, id: u64) -> Self {
        self.object_id = Some(id);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_notebooks() {
        for good in ["/Shared/look", "/Users/ana@example.com/a look"] {
            assert_eq!(good.parse::<NotebookPath>().unwrap().as_str(), good);
        }
        for wrong in ["", "/", "Shared/look", "/Shared//look", "/Shared/../look", "/Shared/look/", "/a\nb"] {
            assert!(wrong.parse::<NotebookPath>().is_err(), "{wrong:?}");
        }
    }
}
