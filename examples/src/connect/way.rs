//! How clients are built: the same for all systems of an environment.

use std::path::Path;

use ops_client::Environment as Name;
use ops_client::http::{ClientBuilder, Credential, Endpoint, SecretSlice};

use crate::config::Environment;
use crate::exit::Failure;
use crate::secrets::read_bounded;

/// Certificates and keys are not longer.
const MAX_PEM: u64 = 4 * 1024 * 1024;

/// How the systems of an environment are reached.
pub(super) struct Way<'a> {
    pub(super) name: &'a str,
    pub(super) settings: &'a Environment,
    authority: Option<Vec<u8>>,
}

impl<'a> Way<'a> {
    pub(super) fn new(name: &'a str, settings: &'a Environment) -> Result<Self, Failure> {
        let authority = settings.ca_file.as_deref().map(pem).transpose()?;
        Ok(Self { name, settings, authority })
    }

    /// A client of the system that this setting gives the address of.
    pub(super) fn client<C: From<Endpoint>>(
        &self,
        (system, setting): (&'static str, &'static str),
        address: &str,
        credential: Credential,
    ) -> Result<C, Failure> {
        let mut builder = ClientBuilder::new(Name::new(self.name), address).credential(credential);
        if let Some(authority) = &self.authority {
            builder = builder.ca_bundle_pem(authority.as_slice());
        }
        if self.settings.allow_plain_http {
            builder = builder.allow_plain_http();
        }
        builder.build().map_err(|error| Failure::usage(format!("{system} ({setting}): {}", crate::exit::told(&error))))
    }

    /// The certificates to trust besides those of the machine.
    #[cfg(any(feature = "redshift", feature = "services"))]
    pub(super) fn authority(&self) -> Option<&[u8]> {
        self.authority.as_deref()
    }

    /// Who calls, where a system has no login of its own.
    pub(super) async fn credential(&self) -> Result<Credential, Failure> {
        match &self.settings.token {
            Some(token) => Ok(token.bearer().await?),
            None => self.certificate(),
        }
    }

    /// The client certificate, where there is one.
    pub(super) fn certificate(&self) -> Result<Credential, Failure> {
        let (Some(certificate), Some(key)) = (&self.settings.client_cert, &self.settings.client_key) else {
            return Ok(Credential::none());
        };
        let mut both = pem(certificate)?;
        both.push(b'\n');
        both.extend(pem(key)?);
        Ok(Credential::client_certificate_pem(SecretSlice::from(both)))
    }
}

/// What to say where a system that is needed has no address.
pub(super) fn missing(name: &str, system: &str, setting: &str) -> String {
    format!("{name}: no address of {system}; configure {setting} for it, or give --{}", setting.replace('_', "-"))
}

/// The same, where only the configuration can tell it.
#[cfg(any(feature = "aurora", feature = "databricks", feature = "redshift", feature = "services"))]
pub(super) fn unconfigured(name: &str, system: &str, setting: &str) -> String {
    let without = matches!(setting, "fleet" | "redshift" | "services" | "tables") && !cfg!(feature = "aws");
    let build = if without { " by this build (--features aws reaches AWS)" } else { "" };
    format!("{name}: {system} cannot be reached{build}; configure {setting} for it: ops.sample.toml shows how")
}

fn pem(path: &Path) -> Result<Vec<u8>, Failure> {
    read_bounded(path, MAX_PEM).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// AWS as a section of the settings tells it: its region, its profile, another address. No call is made.
#[cfg(feature = "aws")]
pub(super) async fn aws(
    name: &str,
    (system, setting): (&str, &str),
    region: &str,
    profile: Option<&str>,
    endpoint: Option<&str>,
) -> Result<ops_aws::Aws, Failure> {
    let mut aws = ops_aws::Aws::builder(Name::new(name), region);
    if let Some(profile) = profile {
        aws = aws.profile(profile);
    }
    if let Some(endpoint) = endpoint {
        aws = aws.endpoint(endpoint);
    }
    let wrong =
        |error: ops_client::Error| Failure::usage(format!("{system} ({setting}): {}", crate::exit::told(&error)));
    aws.build().await.map_err(wrong)
}
