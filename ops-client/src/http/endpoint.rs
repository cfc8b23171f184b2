//! Where a system is and how it is called: built once, shared by all calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Url};

use super::{Call, CallObserver, ClientBuilder, Credential, RetryPolicy};
use crate::Environment;

/// How long a call may take and how much it may bring.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// From the name look-up to the end of the TLS handshake. 5 s.
    pub connect: Duration,
    /// One attempt, from the first byte sent to the last byte read, connecting included. 30 s.
    pub total: Duration,
    /// The largest answer that is read, in bytes. 64 MiB.
    pub max_body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(30), max_body: 64 << 20 }
    }
}

impl Limits {
    /// With so much time to connect.
    #[must_use]
    pub fn with_connect(mut self, connect: Duration) -> Self {
        self.connect = connect;
        self
    }

    /// With so much time for one attempt.
    #[must_use]
    pub fn with_total(mut self, total: Duration) -> Self {
        self.total = total;
        self
    }

    /// With answers of at most so many bytes.
    #[must_use]
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }
}

/// One system in one environment: address, credential, limits. Cheap to clone.
///
/// ```
/// use ops_client::Environment;
/// use ops_client::http::{Credential, Endpoint};
///
/// let endpoint = Endpoint::builder(Environment::new("prod"), "https://metapod.example.com/")
///     .credential(Credential::bearer("a-token".into()))
///     .build()?;
/// assert_eq!(endpoint.address(), "https://metapod.example.com");
/// assert!(!format!("{endpoint:?}").contains("a-token"));
/// # Ok::<(), ops_client::Error>(())
/// ```
#[derive(Clone)]
pub struct Endpoint(Arc<Inner>);

#[derive(Clone)]
pub(super) struct Inner {
    pub(super) environment: Environment,
    pub(super) base: Url,
    pub(super) address: String,
    pub(super) client: reqwest::Client,
    pub(super) credential: Credential,
    pub(super) retry: RetryPolicy,
    pub(super) limits: Limits,
    pub(super) observer: Option<Arc<dyn CallObserver>>,
}

impl From<Inner> for Endpoint {
    fn from(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl Endpoint {
    /// Begins an endpoint. The address may have a path, below which all calls go; it must not have user info, a query or
    /// a fragment.
    pub fn builder(environment: Environment, address: &str) -> ClientBuilder<Self> {
        ClientBuilder::new(environment, address)
    }

    /// The environment that it was built for.
    pub fn environment(&self) -> &Environment {
        &self.0.environment
    }

    /// The address, without a slash at the end.
    pub fn address(&self) -> &str {
        &self.0.address
    }

    /// The credential that it calls with.
    pub fn credential(&self) -> &Credential {
        &self.0.credential
    }

    /// The same system, called as somebody else. What a client certificate proves it proves on the connection: one that the
    /// endpoint was built with stays, and one that is given here does nothing.
    #[must_use]
    pub fn with_credential(&self, credential: Credential) -> Self {
        Self::from(Inner { credential, ..(*self.0).clone() })
    }

    /// The same place, tried in another way: a client that has several places tries again by itself.
    #[must_use]
    pub fn with_retry(&self, retry: RetryPolicy) -> Self {
        Self::from(Inner { retry, ..(*self.0).clone() })
    }

    /// Begins a GET. `op` names the operation in errors and logs, `system.verb`.
    pub fn get(&self, op: &'static str) -> Call {
        Call::new(self.clone(), op, Method::GET)
    }

    /// Begins a HEAD: a GET whose answer has no body.
    pub fn head(&self, op: &'static str) -> Call {
        Call::new(self.clone(), op, Method::HEAD)
    }

    /// Begins a POST.
    pub fn post(&self, op: &'static str) -> Call {
        Call::new(self.clone(), op, Method::POST)
    }

    /// Begins a PUT.
    pub fn put(&self, op: &'static str) -> Call {
        Call::new(self.clone(), op, Method::PUT)
    }

    /// Begins a PATCH.
    pub fn patch(&self, op: &'static str) -> Call {
        Call::new(self.clone(), op, Method::PATCH)
    }

    /// Begins a DELETE.
    pub fn delete(&self, op: &'static str) -> Call {
        Call::new(self.clone(), op, Method::DELETE)
    }

    pub(super) fn base(&self) -> &Url {
        &self.0.base
    }

    pub(super) fn client(&self) -> &reqwest::Client {
        &self.0.client
    }

    /// How often a call is sent.
    pub fn retry(&self) -> &RetryPolicy {
        &self.0.retry
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(super) fn observer(&self) -> Option<&Arc<dyn CallObserver>> {
        self.0.observer.as_ref()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("environment", &self.0.environment)
            .field("address", &self.0.address)
            .field("credential", &self.0.credential)
            .field("retry", &self.0.retry)
            .field("limits", &self.0.limits)
            .finish_non_exhaustive()
    }
}
