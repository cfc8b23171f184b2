//! What the recipes of services read from and write to.

use std::fmt;
use std::sync::Arc;

use cloudformation_ops::{StacksRead, StacksWrite};
use dynamodb_ops::{Prices, TablesRead, TablesWrite};
use gocd_client::BuildsRead;
use version_probe::{AddressTemplate, VersionsRead};

/// What the recipes of services read from.
#[derive(Clone)]
pub struct ServiceReads {
    /// The stacks.
    pub stacks: Arc<dyn StacksRead>,
    /// What was built, where the build server is known.
    pub builds: Option<Arc<dyn BuildsRead>>,
    /// Which versions answer, where it is known at which addresses.
    pub versions: Option<(Arc<dyn VersionsRead>, AddressTemplate)>,
}

impl fmt::Debug for ServiceReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceReads")
            .field("builds", &self.builds.is_some())
            .field("versions", &self.versions.as_ref().map(|(_, addresses)| addresses))
            .finish_non_exhaustive()
    }
}

impl ServiceReads {
    /// The stacks alone.
    pub fn new(stacks: Arc<dyn StacksRead>) -> Self {
        Self { stacks, builds: None, versions: None }
    }

    /// And what was built.
    #[must_use]
    pub fn with_builds(mut self, builds: Arc<dyn BuildsRead>) -> Self {
        self.builds = Some(builds);
        self
    }

    /// And which versions answer, at these addresses.
    #[must_use]
    pub fn with_versions(mut self, versions: Arc<dyn VersionsRead>, addresses: AddressTemplate) -> Self {
        self.versions = Some((versions, addresses));
        self
    }
}

/// What the recipes of services change.
#[derive(Clone)]
pub struct ServiceWrites {
    /// The stacks.
    pub stacks: Arc<dyn StacksWrite>,
    /// The same stacks, to look at what is about to be executed.
    pub look: Arc<dyn StacksRead>,
}

impl fmt::Debug for ServiceWrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceWrites").finish_non_exhaustive()
    }
}

impl ServiceWrites {
    /// Changes these stacks.
    pub fn new<S: StacksRead + StacksWrite + 'static>(stacks: Arc<S>) -> Self {
        Self { look: Arc::clone(&stacks) as Arc<dyn StacksRead>, stacks }
    }

    /// The same, where both ports are held apart.
    pub fn of(stacks: Arc<dyn StacksWrite>, look: Arc<dyn StacksRead>) -> Self {
        Self { stacks, look }
    }
}

/// What the recipes of tables read from.
#[derive(Clone)]
pub struct TableReads {
    /// The tables.
    pub tables: Arc<dyn TablesRead>,
    /// What a unit costs there, where that is known.
    pub prices: Option<Prices>,
}

impl fmt::Debug for TableReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableReads").field("prices", &self.prices).finish_non_exhaustive()
    }
}

impl TableReads {
    /// These tables.
    pub fn new(tables: Arc<dyn TablesRead>) -> Self {
        Self { tables, prices: None }
    }

    /// With what a unit costs there.
    #[must_use]
    pub fn with_prices(mut self, prices: Prices) -> Self {
        self.prices = Some(prices);
        self
    }
}

/// What the recipes of tables change.
#[derive(Clone)]
pub struct TableWrites {
    /// The tables.
    pub tables: Arc<dyn TablesWrite>,
}

impl fmt::Debug for TableWrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableWrites").finish_non_exhaustive()
    }
}

impl TableWrites {
    /// Changes these tables.
    pub fn new(tables: Arc<dyn TablesWrite>) -> Self {
        Self { tables }
    }
}
