//! What the recipes of the warehouse read from and write to.

use std::fmt;
use std::sync::Arc;

use redshift_ops::{ClusterRead, ClusterWrite, LoadsRead, WarehouseRead, WarehouseWrite};

/// What the recipes of the warehouse read from.
#[derive(Clone)]
pub struct WarehouseReads {
    /// The clusters.
    pub cluster: Arc<dyn ClusterRead>,
    /// The warehouse by SQL, where there is a way.
    pub warehouse: Option<Arc<dyn WarehouseRead>>,
    /// The Loads table, where it is looked at.
    pub loads: Option<Arc<dyn LoadsRead>>,
}

impl fmt::Debug for WarehouseReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WarehouseReads")
            .field("warehouse", &self.warehouse.is_some())
            .field("loads", &self.loads.is_some())
            .finish_non_exhaustive()
    }
}

impl WarehouseReads {
    /// The clusters alone.
    pub fn new(cluster: Arc<dyn ClusterRead>) -> Self {
        Self { cluster, warehouse: None, loads: None }
    }

    /// And the warehouse by SQL.
    #[must_use]
    pub fn with_warehouse(mut self, warehouse: Arc<dyn WarehouseRead>) -> Self {
        self.warehouse = Some(warehouse);
        self
    }

    /// And what was loaded.
    #[must_use]
    pub fn with_loads(mut self, loads: Arc<dyn LoadsRead>) -> Self {
        self.loads = Some(loads);
        self
    }
}

/// What the recipes of the warehouse change.
#[derive(Clone)]
pub struct WarehouseWrites {
    /// The clusters.
    pub cluster: Arc<dyn ClusterWrite>,
    /// The warehouse's sessions, where there is a way.
    pub warehouse: Option<Arc<dyn WarehouseWrite>>,
}

impl fmt::Debug for WarehouseWrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WarehouseWrites").field("warehouse", &self.warehouse.is_some()).finish_non_exhaustive()
    }
}

impl WarehouseWrites {
    /// The clusters alone.
    pub fn new(cluster: Arc<dyn ClusterWrite>) -> Self {
        Self { cluster, warehouse: None }
    }

    /// And the warehouse's sessions.
    #[must_use]
    pub fn with_warehouse(mut self, warehouse: Arc<dyn WarehouseWrite>) -> Self {
        self.warehouse = Some(warehouse);
        self
    }
}
