//! Groups that shall be in the world.

use std::collections::BTreeMap;

use aurora_client::Resources;
use fleet_ops::Size;

/// What the machines of a group are for.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Duty {
    /// Nothing that the world plays.
    #[default]
    Plain,
    /// Each runs a Mesos master.
    MesosMaster,
    /// Each runs Aurora's tasks.
    Agent {
        /// What tasks find there.
        room: Resources,
        /// What jobs ask for by name (the attribute `slave_type`).
        slave_type: String,
    },
}

/// A group of machines that shall be in the world. All of its machines are in service when it is put there.
#[derive(Clone, Debug)]
pub struct GroupSpec {
    pub(crate) name: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) size: Size,
    pub(crate) duty: Duty,
}

impl GroupSpec {
    /// A group of so many machines, that may have none and at most a hundred.
    pub fn new(name: impl Into<String>, machines: u32) -> Self {
        Self {
            name: name.into(),
            tags: BTreeMap::new(),
            size: Size::new(0, machines, machines.max(100)),
            duty: Duty::Plain,
        }
    }

    /// Within these bounds.
    #[must_use]
    pub fn size(mut self, size: Size) -> Self {
        self.size = size;
        self
    }

    /// With this tag.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }

    /// Its machines run Mesos masters.
    #[must_use]
    pub fn runs_mesos(mut self) -> Self {
        self.duty = Duty::MesosMaster;
        self
    }

    /// Its machines run Aurora's tasks, so much on each.
    #[must_use]
    pub fn runs_tasks(mut self, slave_type: impl Into<String>, room: Resources) -> Self {
        self.duty = Duty::Agent { room, slave_type: slave_type.into() };
        self
    }
}
