//! The client: the ports over both REST APIs. Which one is spoken is asked of the server.

use std::fmt;
use std::sync::Arc;

use ops_client::http::{ClientBuilder, Credential, Endpoint, SecretString};
use ops_client::{Environment, Result};

use crate::detect::{Detect, is_supported, unsupported};
use crate::login::PasswordLogin;
use crate::wire::Api;
use crate::{AirflowTriggerClient, Release};

/// How many objects one answer may list. Airflow caps most lists at 100, but not those of task instances (measured).
const PAGE_SIZE: usize = 1000;

/// Airflow in one environment. Cheap to clone.
///
/// It reads and changes; it cannot make a run: see [`into_trigger`](Self::into_trigger).
#[derive(Clone)]
pub struct AirflowClient {
    /// As it was built: what needs no login is asked here.
    open: Endpoint,
    /// As whoever logged in.
    endpoint: Endpoint,
    account: Option<Account>,
    detect: Arc<Detect>,
    told: Option<Release>,
    page_size: usize,
}

#[derive(Clone)]
struct Account {
    user: String,
    password: SecretString,
}

impl From<Endpoint> for AirflowClient {
    /// The release is asked of the server before the first call.
    fn from(endpoint: Endpoint) -> Self {
        let detect = Arc::new(Detect::new(endpoint.clone(), None));
        Self { open: endpoint.clone(), endpoint, account: None, detect, told: None, page_size: PAGE_SIZE }
    }
}

impl AirflowClient {
    /// Begins a client of the Airflow at `address`, below which `api/v1` or `api/v2` lies.
    ///
    /// A credential that is given here is sent as it is: a token, a user and a password (Airflow 2, where its API allows
    /// basic authentication; it hashes the password at every call, 110 to 200 ms as measured), or a header of your own. To
    /// log in as a browser or a program does, see [`with_login`](Self::with_login).
    pub fn builder(environment: Environment, address: &str) -> ClientBuilder<Self> {
        ClientBuilder::new(environment, address)
    }

    /// Logs in with a user and a password before the first call, and again when the login has ended: on Airflow 3 for a
    /// token, on Airflow 2 by the form of its web pages for a session (ten times cheaper per call than basic
    /// authentication, as measured).
    #[must_use]
    pub fn with_login(mut self, user: impl Into<String>, password: SecretString) -> Self {
        self.account = Some(Account { user: user.into(), password });
        self.rewired()
    }

    /// Takes the server for this release, and asks it no more.
    ///
    /// # Errors
    /// `Rejected` where this client does not know the release.
    pub fn with_release(mut self, release: Release) -> Result<Self> {
        if !is_supported(release) {
            return Err(unsupported("airflow.build", &release.to_string()).with_attempts(0));
        }
        self.told = Some(release);
        Ok(self.rewired())
    }

    /// Asks for at most so many objects at once; 1000 unless said, at least 1. Where an answer does not come in time (504,
    /// or no answer within the limit) the rest of the list is asked for in halves.
    #[must_use]
    pub fn with_page_size(mut self, objects: usize) -> Self {
        self.page_size = objects.max(1);
        self
    }

    /// The handle that can make runs. A run of a production DAG is a second production transaction: only a program that
    /// wants that should hold it.
    #[must_use]
    pub fn into_trigger(self) -> AirflowTriggerClient {
        AirflowTriggerClient::new(self)
    }

    /// Where it asks, and as whom.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The release that answers; asked of the server where nobody did yet.
    ///
    /// # Errors
    /// `Rejected` where this client does not know the release, or no Airflow answers; otherwise every kind of a read.
    pub async fn release(&self) -> Result<Release> {
        self.detect.release("airflow.version").await
    }

    pub(crate) fn detect(&self) -> &Detect {
        &self.detect
    }

    /// What speaks with this server, as whoever logged in.
    pub(crate) async fn api(&self, op: &'static str) -> Result<Api<'_>> {
        Ok(Api::new(&self.endpoint, op, self.detect.release(op).await?, self.page_size))
    }

    /// The same, as nobody in particular.
    pub(crate) async fn open_api(&self, op: &'static str) -> Result<Api<'_>> {
        Ok(Api::new(&self.open, op, self.detect.release(op).await?, self.page_size))
    }

    /// Puts the parts together anew after one of them changed.
    fn rewired(mut self) -> Self {
        self.detect = Arc::new(Detect::new(self.open.clone(), self.told));
        self.endpoint = match &self.account {
            None => self.open.clone(),
            Some(Account { user, password }) => {
                // The login itself, and what finds out how to log in, call as nobody: the login *is* the credential.
                let nobody = self.open.with_credential(Credential::none());
                let login = PasswordLogin::new(nobody, self.detect.clone(), user.clone(), password.clone());
                self.open.with_credential(Credential::login(Arc::new(login)))
            }
        };
        self
    }
}

impl fmt::Debug for AirflowClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AirflowClient")
            .field("endpoint", &self.endpoint)
            .field("release", &self.told)
            .field("page_size", &self.page_size)
            .finish_non_exhaustive()
    }
}
