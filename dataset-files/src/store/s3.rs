//! S3, by the object crate's own client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use metapod_model::S3Path;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use ops_client::{Effect, Error, ErrorKind, Result};

use super::failed;

/// How S3 is reached, and as whom. Without a word it takes both from where the command line of AWS does as far as the environment
/// goes: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, web identity, the
/// container's or the machine's role. Profiles and SSO are not read: `aws configure export-credentials --format env` writes what they
/// give into the environment.
#[derive(Clone)]
pub struct S3Builder {
    base: AmazonS3Builder,
    endpoint: Option<String>,
    plain: bool,
    retries: usize,
    timeout: Duration,
}

impl fmt::Debug for S3Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Builder")
            .field("region", &self.base.get_config_value(&AmazonS3ConfigKey::Region))
            .field("endpoint", &self.endpoint.as_deref().map(bare))
            .finish_non_exhaustive()
    }
}

impl S3Builder {
    /// With nothing from the environment: region and credentials are told.
    pub fn new() -> Self {
        Self::over(AmazonS3Builder::new())
    }

    /// With what the environment says.
    pub fn from_env() -> Self {
        let base = AmazonS3Builder::from_env();
        let told = |key| base.get_config_value(&key).filter(|address| !address.is_empty());
        let endpoint = told(AmazonS3ConfigKey::S3Endpoint).or_else(|| told(AmazonS3ConfigKey::Endpoint));
        Self { endpoint, ..Self::over(base) }
    }

    fn over(base: AmazonS3Builder) -> Self {
        Self { base, endpoint: None, plain: false, retries: 4, timeout: Duration::from_secs(60) }
    }

    /// With this region.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.base = self.base.with_region(region);
        self
    }

    /// At this address instead of AWS's own. `http` is taken only where it is this machine, or [allowed](S3Builder::plain_http).
    #[must_use]
    pub fn endpoint(mut self, address: impl Into<String>) -> Self {
        self.endpoint = Some(address.into());
        self
    }

    /// Without TLS also elsewhere than on this machine: whoever is between may read and change everything.
    #[must_use]
    pub fn plain_http(mut self) -> Self {
        self.plain = true;
        self
    }

    /// With these credentials.
    #[must_use]
    pub fn credentials(mut self, key: impl Into<String>, secret: impl Into<String>, session: Option<String>) -> Self {
        self.base = self.base.with_access_key_id(key).with_secret_access_key(secret);
        if let Some(session) = session {
            self.base = self.base.with_token(session);
        }
        self
    }

    /// How often a read that failed in passing is sent again: 4 times, if not told.
    #[must_use]
    pub fn retries(mut self, retries: usize) -> Self {
        self.retries = retries;
        self
    }

    /// How long one request may take: 60 seconds, if not told.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub(super) fn store(&self, op: &'static str, path: &S3Path) -> Result<Arc<dyn ObjectStore>> {
        let mut builder = self.base.clone().with_bucket_name(path.bucket());
        // Whatever the environment says: without it, what is there would be overwritten.
        builder = builder.with_conditional_put(S3ConditionalPut::ETagMatch);
        let mut plain = false;
        if let Some(endpoint) = &self.endpoint {
            let url = url::Url::parse(endpoint)
                .map_err(|error| Error::invalid(op, format!("the address of S3 is none: {error}")))?;
            plain = url.scheme() == "http";
            if plain && !self.plain && !loopback(&url) {
                let message = format!("{} is without TLS, and not on this machine", bare(endpoint));
                return Err(Error::invalid(op, message).with_remedy("use https, or allow plain http"));
            }
            let endpoint = endpoint.trim_end_matches('/');
            // The one of S3 alone, too, which goes first where the environment has both.
            builder = builder.with_endpoint(endpoint).with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
        }
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(200),
                max_backoff: Duration::from_secs(5),
                base: 2.0,
            },
            max_retries: self.retries,
            retry_timeout: self.timeout,
        };
        let client = ClientOptions::new().with_timeout(self.timeout).with_allow_http(plain);
        let store = builder.with_client_options(client).with_retry(retry).build();
        let store = store.map_err(|error| match error {
            error @ object_store::Error::Generic { .. } => Error::new(op, ErrorKind::Invalid, Effect::None)
                .with_target(path.as_str())
                .with_message(format!("S3 cannot be reached so: {}", crate::words(error))),
            error => failed(op, path, error, Effect::None),
        })?;
        Ok(Arc::new(store))
    }
}

impl Default for S3Builder {
    fn default() -> Self {
        Self::from_env()
    }
}

fn loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An address without what may be secret in it.
fn bare(address: &str) -> String {
    let Ok(url) = url::Url::parse(address) else { return "?".into() };
    format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())
}
