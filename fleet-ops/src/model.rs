//! Groups of machines, as Auto Scaling has them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The id of a machine: `i-0abc…`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(String);

impl InstanceId {
    /// An id as the service wrote it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as the service writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstanceId({})", self.0)
    }
}

/// Where a machine is in its life.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Life {
    /// It starts.
    Pending,
    /// It works.
    InService,
    /// It ends.
    Terminating,
    /// It is kept aside, and still belongs to its group.
    Standby,
    /// It is taken out of its group, for a person to look at.
    Detached,
    /// A word that this version does not know.
    Other(String),
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pending => "Pending",
            Self::InService => "InService",
            Self::Terminating => "Terminating",
            Self::Standby => "Standby",
            Self::Detached => "Detached",
            Self::Other(word) => word,
        })
    }
}

/// A machine of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Machine {
    /// Its id.
    pub id: InstanceId,
    /// Where it is in its life.
    pub life: Life,
    /// Whether the service takes it for healthy.
    pub healthy: bool,
    /// Its availability zone.
    pub zone: String,
    /// Whether the service may not end it by itself when the group shrinks.
    pub protected: bool,
}

impl Machine {
    /// A healthy machine.
    pub fn new(id: InstanceId, life: Life) -> Self {
        Self { id, life, healthy: true, zone: String::new(), protected: false }
    }

    /// Whether it works and is well.
    pub fn in_service(&self) -> bool {
        self.life == Life::InService && self.healthy
    }
}

/// How many machines a group may and shall have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Size {
    /// Never fewer.
    pub min: u32,
    /// As many as this.
    pub desired: u32,
    /// Never more.
    pub max: u32,
}

impl Size {
    /// These three.
    pub fn new(min: u32, desired: u32, max: u32) -> Self {
        Self { min, desired, max }
    }

    /// What is wrong with it, in words, where the three do not go together.
    pub fn contradiction(self) -> Option<String> {
        let Self { min, desired, max } = self;
        (!(min <= desired && desired <= max)).then(|| format!("{desired} machines are not between {min} and {max}"))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} to {})", self.desired, self.min, self.max)
    }
}

/// A group of machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// How many machines it may and shall have.
    pub size: Size,
    /// Those it has, by id.
    pub machines: Vec<Machine>,
    /// What the service does not do for it at this moment (`Launch`, `Terminate`, …).
    pub suspended: Vec<String>,
}

impl Group {
    /// A group without machines.
    pub fn new(name: impl Into<String>, size: Size) -> Self {
        Self { name: name.into(), tags: BTreeMap::new(), size, machines: Vec::new(), suspended: Vec::new() }
    }

    /// The machines that work and are well.
    pub fn in_service(&self) -> impl Iterator<Item = &Machine> {
        self.machines.iter().filter(|machine| machine.in_service())
    }

    /// Whether it has as many machines as it shall have, all of them in service, and none that comes or goes.
    pub fn is_whole(&self) -> bool {
        let working = self.in_service().count();
        working == self.machines.len() && u32::try_from(working) == Ok(self.size.desired)
    }

    /// The machine of this id.
    pub fn machine(&self, id: &InstanceId) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.id == *id)
    }
}

/// Which groups are meant: those that have all of these tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupFilter {
    /// Tags, by name and value.
    pub tags: BTreeMap<String, String>,
}

impl GroupFilter {
    /// All groups of the account and region.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those with this tag.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }
}

/// How a group is refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RefreshRequest {
    /// How much of the group must stay in service, in percent.
    pub min_healthy_percent: u8,
    /// How long a new machine has before it counts, in seconds.
    pub warmup_s: u32,
}

impl RefreshRequest {
    /// With this much of the group in service.
    pub fn new(min_healthy_percent: u8, warmup_s: u32) -> Self {
        Self { min_healthy_percent, warmup_s }
    }
}

/// What became of a refresh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RefreshState {
    /// It has not begun.
    Pending,
    /// It goes on.
    InProgress,
    /// All were replaced.
    Successful,
    /// It gave up.
    Failed,
    /// It is being cancelled.
    Cancelling,
    /// It was cancelled.
    Cancelled,
    /// A word that this version does not know.
    Other(String),
}

impl RefreshState {
    /// Whether it has ended, as far as this version knows.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Successful | Self::Failed | Self::Cancelled)
    }
}

/// A refresh of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Refresh {
    /// Its id.
    pub id: String,
    /// What became of it.
    pub state: RefreshState,
    /// How far it is, in percent.
    pub percent: u8,
    /// When it began.
    pub began: Option<Timestamp>,
    /// Why it is where it is, in the service's words.
    pub reason: Option<String>,
}

impl Refresh {
    /// A refresh.
    pub fn new(id: impl Into<String>, state: RefreshState) -> Self {
        Self { id: id.into(), state, percent: 0, began: None, reason: None }
    }
}
