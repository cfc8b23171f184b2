//! SQL by way of AWS, which knows a cluster by its whole identifier; a configuration may know only how it begins.

use async_trait::async_trait;
use ops_client::Result;
use ops_client::retry::Idempotency;
use redshift_ops::sql::{DataApiSql, Rows, Sql, Statement, WireSql};
use redshift_ops::{ClusterClient, ClusterId, ClusterReadExt};
use tokio::sync::OnceCell;

use super::Way;
use crate::config::Redshift;
use crate::exit::Failure;

/// The cluster is looked for when the first statement is sent: connecting calls no system.
pub(super) struct ByPrefix {
    client: ClusterClient,
    settings: Redshift,
    host: Option<String>,
    authority: Vec<u8>,
    address: String,
    sql: OnceCell<Box<dyn Sql>>,
}

impl ByPrefix {
    /// Over the wire to this host, with passwords that AWS makes; without one, by the Data API.
    pub(super) fn new(
        way: &Way<'_>,
        client: ClusterClient,
        host: Option<String>,
        settings: &Redshift,
    ) -> Result<Self, Failure> {
        let address = match &host {
            Some(host) => format!("postgresql://{host}:{}/{}", settings.port, settings.database),
            None => format!("{} of {} (Data API, {})", settings.database, settings.cluster, client.aws().address()),
        };
        let authority = way.authority().unwrap_or_default().to_vec();
        let by = Self { client, settings: settings.clone(), host, authority, address, sql: OnceCell::new() };
        // What is wrong with the settings is told now, whichever cluster it is.
        let wrong = |error| Failure::usage(format!("the warehouse (redshift): {}", crate::exit::told(&error)));
        by.of(ClusterId::new(&settings.cluster)).map_err(wrong)?;
        Ok(by)
    }

    fn of(&self, cluster: ClusterId) -> Result<Box<dyn Sql>> {
        let Redshift { port, database, user, .. } = &self.settings;
        let Some(host) = &self.host else {
            return Ok(Box::new(DataApiSql::new(self.client.aws().clone(), cluster, database, user)));
        };
        let wire = WireSql::builder(host, *port, database, self.client.login(cluster, user, database));
        let wire = if self.authority.is_empty() { wire } else { wire.ca_bundle_pem(self.authority.as_slice()) };
        Ok(Box::new(wire.build()?))
    }
}

#[async_trait]
impl Sql for ByPrefix {
    fn address(&self) -> &str {
        &self.address
    }

    async fn query(&self, op: &'static str, idempotency: Idempotency, statement: &Statement) -> Result<Rows> {
        let found = async { self.of(self.client.find_cluster(&self.settings.cluster).await?.id) };
        self.sql.get_or_try_init(|| found).await?.query(op, idempotency, statement).await
    }
}
