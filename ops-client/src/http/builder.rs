//! How an endpoint, and every client of one, is built: what can be chosen, and what is checked before anything is sent.

use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Certificate, Url, redirect, retry};

use super::endpoint::Inner;
use super::{CallObserver, Credential, Endpoint, Limits, RetryPolicy};
use crate::{Environment, Error, Result};

const BUILD: &str = "endpoint.build";

/// A client in the making, or a bare [`Endpoint`]: any `C` that is made of an endpoint.
///
/// ```
/// use ops_client::Environment;
/// use ops_client::http::{ClientBuilder, Endpoint};
///
/// struct AirflowClient(Endpoint);
///
/// impl From<Endpoint> for AirflowClient {
///     fn from(endpoint: Endpoint) -> Self {
///         Self(endpoint)
///     }
/// }
///
/// impl AirflowClient {
///     fn builder(environment: Environment, address: &str) -> ClientBuilder<Self> {
///         ClientBuilder::new(environment, address)
///     }
/// }
///
/// let airflow = AirflowClient::builder(Environment::new("prod"), "https://airflow.example.com").build()?;
/// assert_eq!(airflow.0.address(), "https://airflow.example.com");
/// # Ok::<(), ops_client::Error>(())
/// ```
#[must_use = "it does nothing until it is built"]
pub struct ClientBuilder<C> {
    environment: Environment,
    address: String,
    credential: Credential,
    ca_bundle: Option<Vec<u8>>,
    plain_http: bool,
    retry: RetryPolicy,
    limits: Limits,
    observer: Option<Arc<dyn CallObserver>>,
    user_agent: String,
    client: PhantomData<fn() -> C>,
}

impl<C> fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address is not printed: it is not checked yet, and may carry a password.
        f.debug_struct("ClientBuilder")
            .field("environment", &self.environment)
            .field("credential", &self.credential)
            .field("retry", &self.retry)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl<C: From<Endpoint>> ClientBuilder<C> {
    /// Begins a client. The address may have a path, below which all calls go; it must not have user info, a query or a
    /// fragment.
    pub fn new(environment: Environment, address: &str) -> Self {
        Self {
            environment,
            address: address.to_owned(),
            credential: Credential::none(),
            ca_bundle: None,
            plain_http: false,
            retry: RetryPolicy::default(),
            limits: Limits::default(),
            observer: None,
            user_agent: concat!("ops-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            client: PhantomData,
        }
    }

    /// Who calls. [`Credential::none`] unless said.
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

    /// How often a call is sent. Each call says whether it may be sent again at all.
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
        self.user_agent = name.into();
        self
    }

    /// Checks everything; sends nothing.
    ///
    /// A proxy that the machine's `HTTPS_PROXY` names is used, except to this machine itself.
    ///
    /// # Errors
    /// `Invalid`, where the address, the certificates or the user agent cannot be used.
    pub fn build(self) -> Result<C> {
        let base = check_address(&self.address, self.plain_http)?;
        let mut client = reqwest::Client::builder()
            .user_agent(self.user_agent)
            .connect_timeout(self.limits.connect)
            // Load balancers drop idle connections after a minute; a call should not find that out.
            .pool_idle_timeout(Duration::from_secs(30))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .tls_backend_rustls();
        if is_loopback(&base) {
            client = client.no_proxy();
        }
        if base.scheme() == "http" {
            // Nothing to verify: a machine without CA certificates must do.
            client = client.tls_certs_only([]);
        } else if let Some(pem) = &self.ca_bundle {
            let certificates = Certificate::from_pem_bundle(pem).unwrap_or_default();
            if certificates.is_empty() {
                return Err(Error::invalid(BUILD, "the CA bundle holds no certificate that can be read"));
            }
            client = client.tls_certs_merge(certificates);
        }
        if let Some(identity) = self.credential.identity(BUILD)? {
            client = client.identity(identity);
        }
        let client = client.build().map_err(|error| {
            Error::invalid(BUILD, "the user agent or the certificates cannot be used")
                .with_remedy("check that this machine has CA certificates, or give a CA bundle")
                .with_source(error.without_url())
        })?;
        let address = base.as_str().trim_end_matches('/').to_owned();
        let endpoint = Endpoint::from(Inner {
            environment: self.environment,
            base,
            address,
            client,
            credential: self.credential,
            retry: self.retry,
            limits: self.limits,
            observer: self.observer,
        });
        Ok(endpoint.into())
    }
}

/// The messages do not repeat the address: it may hold a password by mistake.
fn check_address(address: &str, plain_http: bool) -> Result<Url> {
    let url = Url::parse(address)
        .map_err(|error| Error::invalid(BUILD, "the address is not a URL such as https://host/").with_source(error))?;
    let wrong = if !matches!(url.scheme(), "http" | "https") {
        "the address must begin with https://"
    } else if !url.username().is_empty() || url.password().is_some() {
        "the address must not carry a user or a password: give a credential instead"
    } else if url.query().is_some() || url.fragment().is_some() {
        "the address must not carry a query or a fragment"
    } else if url.scheme() == "http" && !plain_http && !is_loopback(&url) {
        "plain http is only for this machine itself: use https, or allow plain http by name"
    } else {
        return Ok(url);
    };
    Err(Error::invalid(BUILD, wrong))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host == "localhost"
        || host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn build(address: &str) -> Result<Endpoint> {
        Endpoint::builder(Environment::new("test"), address).build()
    }

    #[test]
    fn addresses() {
        assert_eq!(build("https://metapod.example.com/").unwrap().address(), "https://metapod.example.com");
        assert_eq!(build("https://example.com/metapod/").unwrap().address(), "https://example.com/metapod");
        for loopback in ["http://127.0.0.1:80", "http://127.9.9.9", "http://[::1]:8080/", "http://localhost:1"] {
            assert!(build(loopback).is_ok(), "{loopback}");
        }
        for wrong in [
            "metapod.example.com",
            "ftp://metapod.example.com",
            "http://metapod.example.com",
            "http://localhost.example.com",
            "https://someone:planted-secret@metapod.example.com",
            "https://metapod.example.com/?token=planted-secret",
            "https://metapod.example.com/#planted-secret",
            "someone:planted-secret@metapod.example.com",
            "",
        ] {
            let error = build(wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{wrong}");
            assert!(!format!("{error} {error:?}").contains("planted"), "{error:?}");
        }
        let asked = Endpoint::builder(Environment::new("test"), "http://metapod.example.com").allow_plain_http();
        assert!(asked.build().is_ok());
    }

    #[test]
    fn a_bundle_without_certificates_is_refused() {
        let error = Endpoint::builder(Environment::new("test"), "https://example.com")
            .ca_bundle_pem("no certificate here")
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}
