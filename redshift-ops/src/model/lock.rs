//! Locks on tables, and which of them exclude each other.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Pid;

/// How a transaction locks a table. Redshift has the modes of PostgreSQL, and uses three: `AccessShareLock` to read,
/// `ShareRowExclusiveLock` to write, `AccessExclusiveLock` to drop, alter and truncate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum LockMode {
    /// Reading: `SELECT`, `UNLOAD`.
    AccessShare,
    /// `SELECT FOR UPDATE`.
    RowShare,
    /// PostgreSQL's writing.
    RowExclusive,
    /// PostgreSQL's `VACUUM`.
    ShareUpdateExclusive,
    /// Building an index.
    Share,
    /// Writing: `COPY`, `INSERT`, `UPDATE`, `DELETE`.
    ShareRowExclusive,
    /// All but reading.
    Exclusive,
    /// Everything: `DROP`, `ALTER`, `TRUNCATE`.
    AccessExclusive,
    /// A word that this version does not know: it is taken to exclude everything.
    Other(String),
}

impl LockMode {
    /// The mode that the warehouse calls so.
    pub fn of(word: &str) -> Self {
        match word {
            "AccessShareLock" => Self::AccessShare,
            "RowShareLock" => Self::RowShare,
            "RowExclusiveLock" => Self::RowExclusive,
            "ShareUpdateExclusiveLock" => Self::ShareUpdateExclusive,
            "ShareLock" => Self::Share,
            "ShareRowExclusiveLock" => Self::ShareRowExclusive,
            "ExclusiveLock" => Self::Exclusive,
            "AccessExclusiveLock" => Self::AccessExclusive,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Its row and column in the table of conflicts.
    fn place(&self) -> Option<u8> {
        Some(match self {
            Self::AccessShare => 0,
            Self::RowShare => 1,
            Self::RowExclusive => 2,
            Self::ShareUpdateExclusive => 3,
            Self::Share => 4,
            Self::ShareRowExclusive => 5,
            Self::Exclusive => 6,
            Self::AccessExclusive => 7,
            Self::Other(_) => return None,
        })
    }

    /// Whether two transactions cannot both have a table in these modes.
    pub fn excludes(&self, other: &Self) -> bool {
        // For each mode, the modes that it excludes: bit n for the mode at place n.
        const EXCLUDED: [u8; 8] =
            [0b1000_0000, 0b1100_0000, 0b1111_0000, 0b1111_1000, 0b1110_1100, 0b1111_1100, 0b1111_1110, 0b1111_1111];
        match (self.place(), other.place()) {
            (Some(own), Some(others)) => EXCLUDED.get(usize::from(own)).is_none_or(|modes| modes & (1 << others) != 0),
            _ => true,
        }
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::AccessShare => "AccessShareLock",
            Self::RowShare => "RowShareLock",
            Self::RowExclusive => "RowExclusiveLock",
            Self::ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            Self::Share => "ShareLock",
            Self::ShareRowExclusive => "ShareRowExclusiveLock",
            Self::Exclusive => "ExclusiveLock",
            Self::AccessExclusive => "AccessExclusiveLock",
            Self::Other(word) => word,
        })
    }
}

/// A table or view.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Relation {
    /// Its object id.
    pub oid: u32,
    /// `schema.name`; `None` where it cannot be seen, as of one that was made by a transaction that has not ended.
    pub name: Option<String>,
}

impl Relation {
    /// A table of this name.
    pub fn new(oid: u32, name: Option<String>) -> Self {
        Self { oid, name }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => f.pad(name),
            None => write!(f, "relation {}", self.oid),
        }
    }
}

/// A lock on a table, held or waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lock {
    /// The process of the session.
    pub pid: Pid,
    /// Whose session it is.
    pub user: String,
    /// In which database the table is: object ids are of one database only.
    pub database: String,
    /// The transaction. Where a transaction has only read, PostgreSQL gives it no number of its own.
    pub xid: i64,
    /// When the transaction began.
    pub since: Timestamp,
    /// The table.
    pub relation: Relation,
    /// How.
    pub mode: LockMode,
    /// Whether it is held, not waited for.
    pub granted: bool,
}

impl Lock {
    /// A lock that is held.
    pub fn held(pid: Pid, user: impl Into<String>, relation: Relation, mode: LockMode, since: Timestamp) -> Self {
        Self { pid, user: user.into(), database: String::new(), xid: 0, since, relation, mode, granted: true }
    }

    /// The same lock, waited for.
    #[must_use]
    pub fn waited_for(mut self) -> Self {
        self.granted = false;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [LockMode; 8] = [
        LockMode::AccessShare,
        LockMode::RowShare,
        LockMode::RowExclusive,
        LockMode::ShareUpdateExclusive,
        LockMode::Share,
        LockMode::ShareRowExclusive,
        LockMode::Exclusive,
        LockMode::AccessExclusive,
    ];

    #[test]
    fn exclusion_is_mutual() {
        for one in &ALL {
            assert_eq!(LockMode::of(&one.to_string()), *one);
            for other in &ALL {
                assert_eq!(one.excludes(other), other.excludes(one), "{one} and {other}");
            }
        }
    }

    #[test]
    fn the_modes_of_redshift() {
        let [read, write, drop] = [LockMode::AccessShare, LockMode::ShareRowExclusive, LockMode::AccessExclusive];
        assert!(!read.excludes(&read) && !read.excludes(&write) && read.excludes(&drop));
        assert!(write.excludes(&write) && write.excludes(&drop) && drop.excludes(&drop));
        assert!(LockMode::of("SomethingNew").excludes(&read));
    }
}
