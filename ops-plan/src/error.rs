use std::fmt;

/// What the engine answers when it cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The plan may not run as it is. Nothing was changed.
    #[error("{0}")]
    Refused(Refusal),
    /// Somebody else holds one of the subjects.
    #[error("{subject} is held by {holder}; wait for that run, or look at it with `runs list`")]
    Held {
        /// What is held.
        subject: String,
        /// Who holds it: run, operator, host, process.
        holder: String,
    },
    /// A system did not answer while the plan was made, or while a run was prepared. Nothing was changed.
    #[error("a system did not answer as needed; nothing was changed")]
    Client(#[from] ops_client::Error),
    /// The journal cannot be written: nothing is changed that was not written down before.
    #[error(
        "the journal cannot be written ({what}); nothing new was started. Free some space and resume the run, or copy its folder elsewhere and resume it there"
    )]
    Journal {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// A file of a run or plan is not what was written.
    #[error("{file}: {what}")]
    Corrupt {
        /// The file, and the line where one is known.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// A file or folder cannot be read or made.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// What was asked makes no sense; says what to do.
    #[error("{0}")]
    Invalid(String),
}

impl Error {
    pub(crate) fn unwritable(source: serde_json::Error) -> Self {
        Self::Invalid(format!("cannot be written as JSON: {source}"))
    }

    pub(crate) fn io(what: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { what: what.into(), source }
    }

    pub(crate) fn corrupt(file: impl fmt::Display, what: impl Into<String>) -> Self {
        Self::Corrupt { file: file.to_string(), what: what.into() }
    }
}

/// The result of what the engine does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a plan may not run: everything that is missing, not only the first of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is missing.
    pub problems: Vec<Problem>,
}

/// One reason why a plan may not run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The guard's name.
    pub guard: String,
    /// What is wrong.
    pub text: String,
    /// What to do.
    pub remedy: String,
}

impl Problem {
    /// A reason, and what to do about it.
    pub fn new(guard: impl Into<String>, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { guard: guard.into(), text: text.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused, nothing was changed")?;
        for problem in &self.problems {
            write!(f, "; {}: {} — {}", problem.guard, problem.text, problem.remedy)?;
        }
        Ok(())
    }
}
