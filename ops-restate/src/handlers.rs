//! The program that the engine calls: recipes of every environment, with the credentials that they need there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use ops_plan::{Host, Target};
use restate_sdk::endpoint::Endpoint;

use crate::archive::Archive;
use crate::gate::Gate;
use crate::serve::{Serving, serve};
use crate::services::board::Board;
use crate::services::desk::Desk;
use crate::services::part::Part;
use crate::services::run::Run;
use crate::services::subject::Subject;
use crate::shared::Shared;

/// The recipes that an engine may run, by environment. Credentials stay in this program: what travels through the engine is
/// plans, approvals and answers.
pub struct Handlers {
    archive: Archive,
    environments: BTreeMap<String, (Target, Arc<dyn Host>)>,
}

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handlers").field("environments", &self.environments.keys()).finish_non_exhaustive()
    }
}

impl Handlers {
    /// Handlers of no environment.
    pub fn new(archive: Archive) -> Self {
        Self { archive, environments: BTreeMap::new() }
    }

    /// With an environment and the recipes that may act there. A plan for it must be for this very target: production
    /// cannot be submitted as something less.
    #[must_use]
    pub fn with(mut self, target: Target, host: Arc<dyn Host>) -> Self {
        self.environments.insert(target.environment.clone(), (target, host));
        self
    }

    /// Listens for the engine. Port 0 takes a free one. The engine has to reach this address, and nobody else should: give
    /// the engine's public identity key with [`Handlers::listen_as`] where others can.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn listen(self, address: SocketAddr) -> std::io::Result<Serving> {
        let gate = Gate::default();
        serve(self.endpoint(None, &gate)?, address, gate).await
    }

    /// Listens, and takes only what the engine with this public identity key (`publickeyv1_…`) has signed.
    ///
    /// # Errors
    /// When the key is none, or the address cannot be listened on.
    pub async fn listen_as(self, address: SocketAddr, identity_key: &str) -> std::io::Result<Serving> {
        let gate = Gate::default();
        serve(self.endpoint(Some(identity_key), &gate)?, address, gate).await
    }

    fn endpoint(self, identity_key: Option<&str>, gate: &Gate) -> std::io::Result<Endpoint> {
        let shared = Arc::new(Shared { archive: self.archive, environments: self.environments, gate: gate.clone() });
        let mut endpoint = Endpoint::builder()
            .bind(Run(Arc::clone(&shared)))
            .bind(Part(Arc::clone(&shared)))
            .bind(Desk(shared))
            .bind(Subject)
            .bind(Board);
        if let Some(key) = identity_key {
            endpoint = endpoint.identity_key(key).map_err(std::io::Error::other)?;
        }
        Ok(endpoint.build())
    }
}
