//! The client: [`MetabaseRead`] over HTTP.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ops_client::http::{Call, ClientBuilder, Credential, Endpoint, Idempotency, SecretString};
use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};

use crate::login::PasswordLogin;
use crate::{Answer, CardId, Database, DatabaseId, MetabaseRead, Metadata, Parameter, Query, User, wire};

const API_KEY: &str = "x-api-key";
const MAX_METADATA_BODY: usize = 256 << 20;
const QUERY_TIMEOUT: Duration = Duration::from_secs(120);

/// Metabase in one environment. Cheap to clone.
///
/// It needs no more than the right to see the tables that are asked about.
#[derive(Clone, Debug)]
pub struct MetabaseClient {
    /// As it was built: what needs no login is asked here.
    open: Endpoint,
    /// As whoever logged in.
    endpoint: Endpoint,
    max_metadata_body: usize,
    query_timeout: Duration,
}

impl From<Endpoint> for MetabaseClient {
    /// With the usual limits.
    fn from(endpoint: Endpoint) -> Self {
        Self { open: endpoint.clone(), endpoint, max_metadata_body: MAX_METADATA_BODY, query_timeout: QUERY_TIMEOUT }
    }
}

impl MetabaseClient {
    /// Begins a client of the Metabase at `address`, below which `api` lies.
    ///
    /// A credential that is given here is sent as it is. To call with an API key, see [`with_api_key`](Self::with_api_key);
    /// to log in, [`with_login`](Self::with_login).
    pub fn builder(environment: Environment, address: &str) -> ClientBuilder<Self> {
        ClientBuilder::new(environment, address)
    }

    /// Calls with an API key, which Metabase has since its release 49.
    #[must_use]
    pub fn with_api_key(mut self, key: SecretString) -> Self {
        self.endpoint = self.open.with_credential(Credential::header(API_KEY, key));
        self
    }

    /// Logs in with a user (a mail address) and a password before the first call, and once more when the session has ended.
    #[must_use]
    pub fn with_login(mut self, user: impl Into<String>, password: SecretString) -> Self {
        // The login itself calls as nobody: it *is* the credential.
        let nobody = self.open.with_credential(Credential::none());
        let login = PasswordLogin::new(nobody, user.into(), password);
        self.endpoint = self.open.with_credential(Credential::login(Arc::new(login)));
        self
    }

    /// Reads the metadata of a database up to so many bytes. 256 MiB unless said: a field takes about 1 KiB.
    #[must_use]
    pub fn with_max_metadata_body(mut self, bytes: usize) -> Self {
        self.max_metadata_body = bytes;
        self
    }

    /// Waits so long for the answer to a query. 120 s unless said: it comes when the database has answered.
    #[must_use]
    pub fn with_query_timeout(mut self, timeout: Duration) -> Self {
        self.query_timeout = timeout;
        self
    }

    /// Where it asks, and as whom.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends a query, which is a read although it is a POST, and reads what it found.
    async fn ask(&self, call: Call, limit: Option<u32>) -> Result<Answer> {
        let reply = call.idempotency(Idempotency::Read).timeout(self.query_timeout).send().await?;
        // How it went comes first: beside a failure, the data may have any shape.
        if let Some((message, words)) = wire::failure(&reply.json()?) {
            return Err(reply.error(ErrorKind::Rejected, Effect::None, &words).with_message(message));
        }
        wire::answer(reply.json()?, limit)
            .map_err(|misfit| reply.error(ErrorKind::Decode, Effect::None, "").with_message(misfit.0))
    }
}

#[async_trait]
impl MetabaseRead for MetabaseClient {
    async fn probe(&self) -> Result<Probe> {
        let call = self.open.get("metabase.probe").segments(&["api", "session", "properties"]);
        let reply = call.template("/api/session/properties").send().await?;
        let properties: wire::Properties = reply.json()?;
        let mut probe = Probe::new(self.open.address(), reply.elapsed());
        if let Some(time) = reply.server_time() {
            probe = probe.with_server_time(time);
        }
        Ok(match properties.version() {
            Some(version) => probe.with_version(version),
            None => probe,
        })
    }

    async fn me(&self) -> Result<User> {
        let call = self.endpoint.get("metabase.me").segments(&["api", "user", "current"]);
        let reply = call.template("/api/user/current").send().await?;
        Ok(reply.json::<wire::UserIn>()?.into())
    }

    async fn databases(&self) -> Result<Vec<Database>> {
        let call = self.endpoint.get("metabase.databases").segments(&["api", "database"]);
        let reply = call.template("/api/database").send().await?;
        Ok(reply.json::<wire::Databases>()?.told())
    }

    async fn metadata(&self, database: DatabaseId) -> Result<Metadata> {
        let call = self.endpoint.get("metabase.metadata");
        let call = call.segments(&["api", "database", &database.to_string(), "metadata"]);
        let call = call.template("/api/database/{id}/metadata").max_body(self.max_metadata_body);
        let reply = call.send().await?;
        let told = reply.json::<wire::MetadataIn>()?.told(database);
        told.map_err(|misfit| reply.error(ErrorKind::Decode, Effect::None, "").with_message(misfit.0))
    }

    async fn query(&self, query: &Query) -> Result<Answer> {
        let op = "metabase.query";
        refuse(op, query.contradiction())?;
        let call = self.endpoint.post(op).segments(&["api", "dataset"]).template("/api/dataset");
        self.ask(call.json(&wire::dataset(query)), query.limit).await
    }

    async fn question(&self, card: CardId, parameters: &[Parameter]) -> Result<Answer> {
        let op = "metabase.question";
        refuse(op, parameters.iter().find_map(Parameter::contradiction))?;
        let call = self.endpoint.post(op).segments(&["api", "card", &card.to_string(), "query"]);
        let call = call.template("/api/card/{id}/query").json(&wire::question(parameters));
        self.ask(call, None).await
    }
}

fn refuse(op: &'static str, contradiction: Option<&'static str>) -> Result<()> {
    match contradiction {
        Some(why) => Err(Error::invalid(op, why).with_attempts(0)),
        None => Ok(()),
    }
}
