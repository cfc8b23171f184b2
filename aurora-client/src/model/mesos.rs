//! What a Mesos master tells.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::FrameworkId;

/// A framework that is registered at the master: an Aurora scheduler is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Framework {
    /// Its id.
    pub id: FrameworkId,
    /// Its name: `Aurora`, unless the scheduler was told otherwise.
    pub name: String,
    /// Whether the master gives it offers.
    pub active: bool,
    /// Whether it is connected; older masters do not say, and then it is what `active` is.
    pub connected: bool,
    /// The host that it said it is on.
    pub hostname: Option<String>,
    /// The page that it said it has.
    pub webui_url: Option<String>,
    /// When it registered.
    pub registered_at: Option<Timestamp>,
    /// How many of its tasks run.
    pub tasks_running: u64,
}

impl Framework {
    /// A framework that is active and connected.
    pub fn new(id: FrameworkId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            active: true,
            connected: true,
            hostname: None,
            webui_url: None,
            registered_at: None,
            tasks_running: 0,
        }
    }
}

/// A machine that runs tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Agent {
    /// Its id.
    pub id: String,
    /// Its host name.
    pub hostname: String,
    /// Whether the master gives its resources to anybody.
    pub active: bool,
    /// Its attributes, by name.
    pub attributes: Vec<(String, String)>,
    /// How many tasks run on it.
    pub tasks_running: u64,
}

impl Agent {
    /// An active agent.
    pub fn new(id: impl Into<String>, hostname: impl Into<String>) -> Self {
        Self { id: id.into(), hostname: hostname.into(), active: true, attributes: Vec::new(), tasks_running: 0 }
    }
}

/// What a master told of its cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MesosSeen {
    /// The address of the leader.
    pub leader: String,
    /// The cluster's name, where it has one.
    pub cluster: Option<String>,
    /// The frameworks that the master knows, whether they are connected or not.
    pub frameworks: Vec<Framework>,
    /// The machines.
    pub agents: Vec<Agent>,
}

impl MesosSeen {
    /// A cluster that is led from here.
    pub fn new(leader: impl Into<String>) -> Self {
        Self { leader: leader.into(), cluster: None, frameworks: Vec::new(), agents: Vec::new() }
    }
}
