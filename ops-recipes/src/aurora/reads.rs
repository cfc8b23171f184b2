//! What the recipes for the cluster read from and change things through.

use std::fmt;
use std::sync::Arc;

use aurora_client::{AuroraRead, AuroraWrite, MesosRead, MesosWrite};
use fleet_ops::{FleetRead, FleetWrite};

/// What the recipes for jobs read from.
#[derive(Clone)]
#[non_exhaustive]
pub struct AuroraReads {
    /// Aurora.
    pub aurora: Arc<dyn AuroraRead>,
    /// Aurora, asked with the credential that will change it: only whether it may.
    pub writer: Option<Arc<dyn AuroraRead>>,
}

impl fmt::Debug for AuroraReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuroraReads").field("writer", &self.writer.is_some()).finish_non_exhaustive()
    }
}

impl AuroraReads {
    /// From Aurora.
    pub fn new(aurora: Arc<dyn AuroraRead>) -> Self {
        Self { aurora, writer: None }
    }

    /// With the credential that will change it.
    #[must_use]
    pub fn with_writer(mut self, writer: Arc<dyn AuroraRead>) -> Self {
        self.writer = Some(writer);
        self
    }
}

/// What the recipes for jobs change things through.
#[derive(Clone)]
#[non_exhaustive]
pub struct AuroraWrites {
    /// Aurora.
    pub aurora: Arc<dyn AuroraWrite>,
    /// Aurora, looked at right before a change: it takes numbers of instances, and what is meant are tasks.
    pub look: Arc<dyn AuroraRead>,
}

impl fmt::Debug for AuroraWrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuroraWrites")
    }
}

impl AuroraWrites {
    /// Through Aurora.
    pub fn new(aurora: Arc<dyn AuroraWrite>, look: Arc<dyn AuroraRead>) -> Self {
        Self { aurora, look }
    }
}

/// What the recipes for machines read from.
#[derive(Clone)]
#[non_exhaustive]
pub struct FleetReads {
    /// The machines.
    pub fleet: Arc<dyn FleetRead>,
    /// Aurora; without it nobody says which jobs run on them.
    pub aurora: Option<Arc<dyn AuroraRead>>,
    /// The Mesos master; without it nobody says which jobs run on them, or what is left of a scheduler.
    pub mesos: Option<Arc<dyn MesosRead>>,
}

impl fmt::Debug for FleetReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetReads")
            .field("aurora", &self.aurora.is_some())
            .field("mesos", &self.mesos.is_some())
            .finish_non_exhaustive()
    }
}

impl FleetReads {
    /// From the service that has the machines.
    pub fn new(fleet: Arc<dyn FleetRead>) -> Self {
        Self { fleet, aurora: None, mesos: None }
    }

    /// With Aurora.
    #[must_use]
    pub fn with_aurora(mut self, aurora: Arc<dyn AuroraRead>) -> Self {
        self.aurora = Some(aurora);
        self
    }

    /// With the Mesos master.
    #[must_use]
    pub fn with_mesos(mut self, mesos: Arc<dyn MesosRead>) -> Self {
        self.mesos = Some(mesos);
        self
    }
}

/// What the recipes for machines change things through.
#[derive(Clone)]
#[non_exhaustive]
pub struct FleetWrites {
    /// The machines.
    pub fleet: Arc<dyn FleetWrite>,
    /// The Mesos master, where frameworks are torn down.
    pub mesos: Option<Arc<dyn MesosWrite>>,
}

impl fmt::Debug for FleetWrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetWrites").field("mesos", &self.mesos.is_some()).finish_non_exhaustive()
    }
}

impl FleetWrites {
    /// Through the service that has the machines.
    pub fn new(fleet: Arc<dyn FleetWrite>) -> Self {
        Self { fleet, mesos: None }
    }

    /// And through the Mesos master.
    #[must_use]
    pub fn with_mesos(mut self, mesos: Arc<dyn MesosWrite>) -> Self {
        self.mesos = Some(mesos);
        self
    }
}
