//! The client: [`BuildsRead`] over HTTP.

use async_trait::async_trait;
use ops_client::http::{Call, ClientBuilder, Credential, Endpoint, SecretString};
use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};

use crate::detect::{Detect, Generation, version};
use crate::{BuildsRead, Cursor, HistoryPage, PipelineName, PipelineStatus, wire};

/// Newer servers want to be asked for a version of their API by name.
pub(crate) const V1: &str = "application/vnd.go.cd.v1+json";
/// As many as newer servers give at once.
const PAGE_SIZE: &str = "100";

const NO_PIPELINE: &str = "check the pipeline's name, and that the address is what stands before /go/ in GoCD's own";
const NO_GOCD: &str = "check the address: it is what stands before /go/ in the address of GoCD's pages";

/// GoCD in one environment. Cheap to clone.
///
/// It needs no more than the right to see the pipelines that are asked about.
#[derive(Clone, Debug)]
pub struct GocdClient {
    endpoint: Endpoint,
    detect: Detect,
}

impl From<Endpoint> for GocdClient {
    fn from(endpoint: Endpoint) -> Self {
        Self { endpoint, detect: Detect::default() }
    }
}

impl GocdClient {
    /// Begins a client of the GoCD at `address`, with or without the `/go` below which its pages lie.
    pub fn builder(environment: Environment, address: &str) -> ClientBuilder<Self> {
        ClientBuilder::new(environment, address)
    }

    /// Calls with a personal access token, which GoCD has since its release 19.2.
    #[must_use]
    pub fn with_access_token(self, token: SecretString) -> Self {
        self.called_with(Credential::bearer(token))
    }

    /// Calls with a user and a password.
    #[must_use]
    pub fn with_login(self, user: impl Into<String>, password: SecretString) -> Self {
        self.called_with(Credential::basic(user, password))
    }

    fn called_with(mut self, credential: Credential) -> Self {
        self.endpoint = self.endpoint.with_credential(credential);
        self
    }

    /// Does not ask the server which generation of the API it speaks.
    #[must_use]
    pub fn with_generation(mut self, generation: Generation) -> Self {
        self.detect = Detect::told(generation);
        self
    }

    /// Where it asks, and as whom.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn of(&self, op: &'static str, pipeline: &PipelineName) -> Call {
        self.endpoint.get(op).segments(root(&self.endpoint)).segments(&["api", "pipelines", pipeline.as_str()])
    }
}

/// What stands before `api`.
pub(crate) fn root(endpoint: &Endpoint) -> &'static [&'static str] {
    if endpoint.address().ends_with("/go") { &[] } else { &["go"] }
}

#[async_trait]
impl BuildsRead for GocdClient {
    async fn probe(&self) -> Result<Probe> {
        let asked = version(&self.endpoint, "gocd.probe").await;
        let (generation, version, reply) = asked.map_err(|error| remedied(error, NO_GOCD))?;
        self.detect.learn(generation);
        let probe = Probe::new(self.endpoint.address(), reply.elapsed()).with_version(version);
        Ok(match reply.server_time() {
            Some(time) => probe.with_server_time(time),
            None => probe,
        })
    }

    async fn history(&self, pipeline: &PipelineName, after: Option<Cursor>) -> Result<HistoryPage> {
        let op = "gocd.history";
        let generation = self.detect.generation(&self.endpoint, op).await?;
        let call = self.of(op, pipeline).segments(&["history"]);
        let place = after.map_or(0, Cursor::get).to_string();
        let call = match (generation, after) {
            (Generation::Offsets, _) => call.segments(&[&place]).template("/go/api/pipelines/{name}/history/{offset}"),
            (_, None) => call.query("page_size", PAGE_SIZE),
            (_, Some(_)) => call.query("page_size", PAGE_SIZE).query("after", &place),
        };
        let call = match generation {
            Generation::Offsets => call,
            _ => call.header("accept", V1).template("/go/api/pipelines/{name}/history"),
        };
        let reply = call.send().await.map_err(|error| remedied(error, NO_PIPELINE))?;
        let page: wire::Page = reply.json()?;
        let told = match generation {
            Generation::Offsets => page.by_offset(pipeline, after),
            _ => page.by_cursor(pipeline, after),
        };
        told.map_err(|misfit| reply.error(ErrorKind::Decode, Effect::None, "").with_message(misfit.0))
    }

    async fn status(&self, pipeline: &PipelineName) -> Result<PipelineStatus> {
        let op = "gocd.status";
        let call = || self.of(op, pipeline).segments(&["status"]).template("/go/api/pipelines/{name}/status");
        let asked = match call().header("accept", V1).send().await {
            // Servers that know no versions of their API know none of this name either.
            Err(error)
                if matches!(error.status(), Some(404 | 406))
                    && self.detect.generation(&self.endpoint, op).await? == Generation::Offsets =>
            {
                call().send().await
            }
            asked => asked,
        };
        let reply = asked.map_err(|error| remedied(error, NO_PIPELINE))?;
        Ok(reply.json::<wire::StatusIn>()?.into())
    }
}

fn remedied(error: Error, remedy: &'static str) -> Error {
    if error.is_not_found() { error.with_remedy(remedy) } else { error }
}
