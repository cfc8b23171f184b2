//! Sessions, and what they do.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The service's own user, whose sessions nobody may end.
pub const SERVICE_USER: &str = "rdsdb";

/// The id of the process that serves a session. It names another session once this one has ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pid(i32);

/// No process has this id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPid(pub(crate) String);

impl fmt::Display for UnknownPid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no process id: a number above 0 belongs here", self.0)
    }
}

impl std::error::Error for UnknownPid {}

impl Pid {
    /// This one; `None` where it is not above 0, as of a query that has ended.
    pub fn new(pid: i32) -> Option<Self> {
        (pid > 0).then_some(Self(pid))
    }

    /// The number.
    pub fn get(self) -> i32 {
        self.0
    }
}

impl FromStr for Pid {
    type Err = UnknownPid;

    fn from_str(text: &str) -> Result<Self, UnknownPid> {
        text.parse().ok().and_then(Self::new).ok_or_else(|| UnknownPid(text.to_owned()))
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pid({})", self.0)
    }
}

/// One session and no other: pids are used again, so its beginning belongs to its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SessionKey {
    /// Its process.
    pub pid: Pid,
    /// When it began, to the microsecond.
    pub started: Timestamp,
}

impl SessionKey {
    /// The session of this process that began then.
    pub fn new(pid: Pid, started: Timestamp) -> Self {
        Self { pid, started }
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session {} of {:.0}", self.pid, self.started)
    }
}

/// A connection to the warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// Which one.
    pub key: SessionKey,
    /// Whose.
    pub user: String,
    /// In which database.
    pub database: String,
}

impl Session {
    /// A session.
    pub fn new(key: SessionKey, user: impl Into<String>, database: impl Into<String>) -> Self {
        Self { key, user: user.into(), database: database.into() }
    }
}

/// A query that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunningQuery {
    /// Its session's process.
    pub pid: Pid,
    /// Whose.
    pub user: String,
    /// In which database.
    pub database: String,
    /// When it began.
    pub began: Timestamp,
    /// For how long it has run by the warehouse's clock.
    pub elapsed: Duration,
    /// Its first 600 characters, without what it says of passwords and keys.
    pub text: String,
}

impl RunningQuery {
    /// A query that runs.
    pub fn new(pid: Pid, user: impl Into<String>, began: Timestamp, text: impl Into<String>) -> Self {
        let (user, text) = (user.into(), text.into());
        Self { pid, user, database: String::new(), began, elapsed: Duration::ZERO, text }
    }
}

/// What a session did last; it may still do it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LastQuery {
    /// When it began.
    pub began: Timestamp,
    /// When it ended; `None` while it runs.
    pub ended: Option<Timestamp>,
    /// Its first 4,000 characters, without what it says of passwords and keys.
    pub text: String,
}

impl LastQuery {
    /// A query that began then.
    pub fn new(began: Timestamp, ended: Option<Timestamp>, text: impl Into<String>) -> Self {
        Self { began, ended, text: text.into() }
    }
}

/// Who asks, and what the warehouse lets them see and do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Me {
    /// The user.
    pub user: String,
    /// The process of the session that asked; over the Data API each statement has another one.
    pub pid: Pid,
    /// Whether it is a superuser.
    pub superuser: bool,
    /// Whether it has the role `sys:monitor`; `None` where the warehouse does not tell.
    pub monitor: Option<bool>,
    /// Whether it has the role `sys:operator`; `None` where the warehouse does not tell.
    pub operator: Option<bool>,
}

impl Me {
    /// A user without roles.
    pub fn new(user: impl Into<String>, pid: Pid) -> Self {
        Self { user: user.into(), pid, superuser: false, monitor: Some(false), operator: Some(false) }
    }

    /// Whether the sessions and locks of others are shown to it. Where not, an empty list says nothing.
    pub fn sees_all(&self) -> bool {
        self.superuser || self.monitor == Some(true) || self.operator == Some(true)
    }

    /// Whether it may end a session of this user, if that is no superuser: everybody may end their own. `None` where the
    /// warehouse does not tell.
    pub fn may_end(&self, user: &str) -> Option<bool> {
        if self.superuser || self.user == user { Some(true) } else { self.operator }
    }
}
