//! Where the services are, who calls, and how long a call may take: said once, shared by all adapters.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::{Call, Environment, Error, Idempotency, Result, RetryPolicy};

/// How long a call may take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// From the name look-up to the end of the TLS handshake. 5 s.
    pub connect: Duration,
    /// One attempt, from looking for a credential to the last byte read. 30 s.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(30) }
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
}

/// An account's services in one region, called as one caller. Cheap to clone; adapters are made of it.
#[derive(Clone)]
pub struct Aws {
    environment: Environment,
    region: String,
    endpoint: Option<String>,
    retry: RetryPolicy,
    sdk: SdkConfig,
}

impl Aws {
    /// Begins with the environment, which plans print, and the region, which is never guessed: the same names lead to other
    /// machines elsewhere.
    pub fn builder(environment: Environment, region: &str) -> AwsBuilder {
        AwsBuilder {
            environment,
            region: region.to_owned(),
            endpoint: None,
            caller: Caller::Chain,
            limits: Limits::default(),
            retry: patient(),
        }
    }

    /// The environment that it was built for.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Where calls go, for people: the endpoint, where one was set, otherwise the region.
    pub fn address(&self) -> String {
        match &self.endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("AWS {}", self.region),
        }
    }

    /// What a client of the SDK is made of. Its own retries are off: calls go through [`Aws::call`].
    pub fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    /// Begins a call; `op` names the operation in errors, `system.verb`.
    pub fn call(&self, op: &'static str, idempotency: Idempotency) -> Call<'_> {
        Call::new(self, op, idempotency)
    }

    pub(crate) fn retry(&self) -> &RetryPolicy {
        &self.retry
    }
}

impl fmt::Debug for Aws {
    /// Without the SDK's own configuration, which holds the way to the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws")
            .field("environment", &self.environment)
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// How often a call is sent to AWS unless told: four times within 30 s, because a region's throttle takes seconds to let go. The
/// SDK itself sends everything once: it would send a write again that may have worked.
pub fn patient() -> RetryPolicy {
    let pauses = (Duration::from_millis(500), Duration::from_secs(8));
    RetryPolicy::default().with_attempts(4).with_total(Duration::from_secs(30)).with_pauses(pauses.0, pauses.1)
}

/// Builds an [`Aws`].
#[derive(Clone, Debug)]
#[must_use = "it is built by `build`"]
pub struct AwsBuilder {
    environment: Environment,
    region: String,
    endpoint: Option<String>,
    caller: Caller,
    limits: Limits,
    retry: RetryPolicy,
}

#[derive(Clone, Debug)]
enum Caller {
    Chain,
    Profile(String),
    Keys { id: String, secret: SecretString, session: Option<SecretString> },
}

impl AwsBuilder {
    /// All services at this address, instead of the region's own: a stand-in, a private endpoint. Plain http only to loopback.
    pub fn endpoint(mut self, address: &str) -> Self {
        self.endpoint = Some(address.to_owned());
        self
    }

    /// As this profile of the shared configuration files, and as nobody else: to the SDK's own chain, keys in the environment
    /// come before a profile, even before one that was named.
    pub fn profile(mut self, name: &str) -> Self {
        self.caller = Caller::Profile(name.to_owned());
        self
    }

    /// With these keys, instead of the SDK's chain (environment, profile, process, SSO, container, machine).
    pub fn keys(mut self, id: &str, secret: SecretString, session: Option<SecretString>) -> Self {
        self.caller = Caller::Keys { id: id.to_owned(), secret, session };
        self
    }

    /// With other limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// With other retries.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Reads the shared configuration, where it is needed. Nothing is sent: whether the credential is good,
    /// [`Aws::caller_identity`] tells.
    ///
    /// # Errors
    /// `Invalid` where the region is empty or the endpoint is no address that may be called.
    pub async fn build(self) -> Result<Aws> {
        if self.region.is_empty() || !self.region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(invalid(format!("{:?} is no region", self.region)));
        }
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(self.limits.connect)
            .operation_attempt_timeout(self.limits.total)
            .operation_timeout(self.limits.total)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .region(Region::new(self.region.clone()))
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts);
        match &self.caller {
            Caller::Chain => {}
            Caller::Profile(name) => {
                let region = ProviderConfig::default().with_region(Some(Region::new(self.region.clone())));
                let profile = ProfileFileCredentialsProvider::builder().configure(&region).profile_name(name).build();
                loader = loader.profile_name(name).credentials_provider(profile);
            }
            Caller::Keys { id, secret, session } => {
                let session = session.as_ref().map(|token| token.expose_secret().to_owned());
                let keys = Credentials::new(id, secret.expose_secret(), session, None, "ops-aws");
                loader = loader.credentials_provider(keys);
            }
        }
        if let Some(endpoint) = &self.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        let loaded = loader.load().await;
        // The SDK also takes an address from its own variables and files: it is judged like one that was given here. Those
        // for single services are not taken, since nothing would show them.
        let endpoint = loaded.endpoint_url().map(ToOwned::to_owned);
        if let Some(endpoint) = &endpoint {
            may_call(endpoint)?;
        }
        let sdk = loaded.into_builder().service_config(Unset).build();
        let Self { environment, region, retry, .. } = self;
        Ok(Aws { environment, region, endpoint, retry, sdk })
    }
}

/// No settings for single services.
#[derive(Debug)]
struct Unset;

impl LoadServiceConfig for Unset {
    fn load_config(&self, _: ServiceConfigKey<'_>) -> Option<String> {
        None
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::invalid("aws.build", message.into()).with_attempts(0)
}

/// Credentials are signed, not sent, but a session's token is sent with every call.
fn may_call(address: &str) -> Result<()> {
    let url = Url::parse(address).map_err(|error| invalid("the endpoint is no address").with_source(error))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("the endpoint must not have user info, a query or a fragment"));
    }
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => return Err(invalid("the endpoint has no host")),
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if loopback => Ok(()),
        "http" => Err(invalid("plain http is for loopback only").with_remedy("use https")),
        _ => Err(invalid("the endpoint must begin with https")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_to_loopback_only() {
        for good in ["https://autoscaling.example.com", "http://127.0.0.1:5500", "http://[::1]:1/", "http://localhost"]
        {
            assert!(may_call(good).is_ok(), "{good}");
        }
        for bad in [
            "http://autoscaling.example.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "https://user:word@example.com",
            "https://example.com/?token=x",
            "ftp://127.0.0.1",
            "unix:/socket",
            "127.0.0.1",
        ] {
            let error = may_call(bad).unwrap_err();
            assert!(!error.to_string().contains("word") && !format!("{error:?}").contains("token=x"), "{error:?}");
        }
    }
}
