//! How a client of several places is built: one environment, one credential, one set of limits for all of them.

use std::fmt;
use std::sync::Arc;

use ops_client::http::{CallObserver, Credential, Endpoint, Limits, RetryPolicy};
use ops_client::{Environment, Result};

use crate::{AuroraClient, MesosClient};

/// A client of several places in the making.
///
/// ```
/// use aurora_client::{AuroraClient, Environment, wire::Encoding};
/// use ops_client::http::Credential;
///
/// let schedulers = ["https://aurora-1.example.com:8081", "https://aurora-2.example.com:8081"];
/// let aurora = AuroraClient::builder(Environment::new("prod"), schedulers)
///     .credential(Credential::basic("ops", "from a safe place".into()))
///     .build()?
///     .with_encoding(Encoding::Binary);
/// assert!(!format!("{aurora:?}").contains("safe place"));
/// # Ok::<(), aurora_client::Error>(())
/// ```
#[must_use = "it does nothing until it is built"]
pub struct PlacesBuilder<C> {
    environment: Environment,
    addresses: Vec<String>,
    credential: Credential,
    ca_bundle: Option<Vec<u8>>,
    plain_http: bool,
    retry: RetryPolicy,
    limits: Limits,
    observer: Option<Arc<dyn CallObserver>>,
    user_agent: Option<String>,
    made: fn(Vec<Endpoint>) -> Result<C>,
}

impl<C> fmt::Debug for PlacesBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The addresses are not printed: they are not checked yet, and may carry a password.
        f.debug_struct("PlacesBuilder")
            .field("environment", &self.environment)
            .field("places", &self.addresses.len())
            .field("credential", &self.credential)
            .field("retry", &self.retry)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl AuroraClient {
    /// Begins a client of the cluster of these schedulers: all of them, because calls and credentials go to listed ones only.
    pub fn builder<A: Into<String>>(
        environment: Environment,
        schedulers: impl IntoIterator<Item = A>,
    ) -> PlacesBuilder<Self> {
        PlacesBuilder::new(environment, schedulers, Self::of)
    }
}

impl MesosClient {
    /// Begins a client of the cluster of these masters: all of them, because calls and credentials go to listed ones only.
    pub fn builder<A: Into<String>>(
        environment: Environment,
        masters: impl IntoIterator<Item = A>,
    ) -> PlacesBuilder<Self> {
        PlacesBuilder::new(environment, masters, Self::of)
    }
}

impl<C> PlacesBuilder<C> {
    fn new<A: Into<String>>(
        environment: Environment,
        addresses: impl IntoIterator<Item = A>,
        made: fn(Vec<Endpoint>) -> Result<C>,
    ) -> Self {
        Self {
            environment,
            addresses: addresses.into_iter().map(Into::into).collect(),
            credential: Credential::none(),
            ca_bundle: None,
            plain_http: false,
            retry: RetryPolicy::default(),
            limits: Limits::default(),
            observer: None,
            user_agent: None,
            made,
        }
    }

    /// Who calls. Nobody unless said.
    pub fn credential(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    /// Trusts these certificates (PEM, one or more) besides those of the machine.
    pub fn ca_bundle_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_bundle = Some(pem.into());
        self
    }

    /// Allows plain http to other machines: whoever is on the way can read the credential.
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// How often a call is tried, over all places.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How long a call may take and how much it may bring.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Is told of every finished call.
    pub fn observer(mut self, observer: Arc<dyn CallObserver>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The `User-Agent`: who the system's logs shall name.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// Checks everything; sends nothing.
    ///
    /// # Errors
    /// `Invalid`, where there is no address, or one of them, the certificates or the user agent cannot be used.
    pub fn build(self) -> Result<C> {
        let places = self.addresses.iter().map(|address| {
            let mut place = Endpoint::builder(self.environment.clone(), address)
                .credential(self.credential.clone())
                .retry(self.retry.clone())
                .limits(self.limits.clone());
            if let Some(pem) = &self.ca_bundle {
                place = place.ca_bundle_pem(pem.clone());
            }
            if self.plain_http {
                place = place.allow_plain_http();
            }
            if let Some(observer) = &self.observer {
                place = place.observer(Arc::clone(observer));
            }
            if let Some(name) = &self.user_agent {
                place = place.user_agent(name);
            }
            place.build()
        });
        (self.made)(places.collect::<Result<_>>()?)
    }
}
