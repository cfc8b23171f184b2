//! The client: the ports over HTTP.

use std::sync::Arc;

use ops_client::http::{Call, ClientBuilder, Credential, Endpoint, Reply, SecretString};
use ops_client::{Effect, Environment, Error, ErrorKind, Result};

use crate::login::MachineLogin;
use crate::wire;

/// A workspace in one environment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DatabricksClient {
    pub(crate) endpoint: Endpoint,
}

impl From<Endpoint> for DatabricksClient {
    fn from(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }
}

impl DatabricksClient {
    /// Begins a client of the workspace at `address`, something like `https://workspace.cloud.example.com`.
    pub fn builder(environment: Environment, address: &str) -> ClientBuilder<Self> {
        ClientBuilder::new(environment, address)
    }

    /// Calls with a personal access token.
    #[must_use]
    pub fn with_access_token(self, token: SecretString) -> Self {
        self.called_with(Credential::bearer(token))
    }

    /// Calls as a service principal: its id and its secret are given for a token before the first call, when four fifths of
    /// the token's life have passed, and once for each call that is refused because it has ended. Calls side by side fetch
    /// one together.
    #[must_use]
    pub fn with_oauth(self, client_id: impl Into<String>, secret: SecretString) -> Self {
        let login = MachineLogin::new(&self.endpoint, client_id.into(), secret);
        self.called_with(Credential::login(Arc::new(login)))
    }

    fn called_with(mut self, credential: Credential) -> Self {
        self.endpoint = self.endpoint.with_credential(credential);
        self
    }

    /// Where it asks, and as whom.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

/// Sends a call, and makes the workspace's words readable where it fails.
pub(crate) async fn send(call: Call) -> Result<Reply> {
    call.send().await.map_err(wire::explain)
}

/// What is there; nothing where the workspace says that it is not.
pub(crate) fn found<T>(asked: Result<T>) -> Result<Option<T>> {
    match asked {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// An answer that is not what it should be. A write has happened all the same.
pub(crate) fn fit<T>(reply: &Reply, told: wire::Fit<T>) -> Result<T> {
    told.map_err(|misfit| reply.error(ErrorKind::Decode, Effect::Certain, "").with_message(misfit.0))
}

/// Refused before anything is sent.
pub(crate) fn refuse(op: &'static str, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::invalid(op, message).with_attempts(0)
}
