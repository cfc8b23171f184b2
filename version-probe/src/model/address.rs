//! Where a service answers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ParseError;

const LONGEST: usize = 512;
const PLACES: [&str; 4] = ["environment", "prototype", "suffix", "service"];

/// The address of a service behind its load balancer: `https://prod-global-k-metapod.example.com`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceAddress(String);

impl ServiceAddress {
    /// As a text, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceAddress {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text.contains(['{', '}']) {
            return Err(ParseError::new("address", "it has a place in it that is not filled"));
        }
        check("address", text)?;
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl TryFrom<String> for ServiceAddress {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl From<ServiceAddress> for String {
    fn from(address: ServiceAddress) -> Self {
        address.0
    }
}

impl fmt::Display for ServiceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ServiceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceAddress({})", self.0)
    }
}

/// How the addresses of all services are made, with places for `{environment}`, `{prototype}`, `{suffix}` and
/// `{service}`.
///
/// ```
/// use version_probe::AddressTemplate;
///
/// let template: AddressTemplate = "https://{environment}-{prototype}-{suffix}-{service}.example.com".parse()?;
/// let address = template.for_stack("prod", "global", "k", "metapod")?;
/// assert_eq!(address.as_str(), "https://prod-global-k-metapod.example.com");
/// assert!("https://{enviroment}.example.com".parse::<AddressTemplate>().is_err());
/// # Ok::<(), version_probe::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressTemplate(String);

impl AddressTemplate {
    /// As a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of a service in one stack.
    ///
    /// # Errors
    /// Where a part is no part of a host's name: letters, digits and `-`.
    pub fn for_stack(
        &self,
        environment: &str,
        prototype: &str,
        suffix: &str,
        service: &str,
    ) -> Result<ServiceAddress, ParseError> {
        let mut address = self.0.clone();
        for (place, part) in PLACES.into_iter().zip([environment, prototype, suffix, service]) {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                return Err(ParseError::new("address", format!("the {place} must be letters, digits and -")));
            }
            address = address.replace(&format!("{{{place}}}"), part);
        }
        address.parse()
    }
}

impl FromStr for AddressTemplate {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let what = "template of addresses";
        let filled = PLACES.into_iter().fold(text.to_owned(), |text, place| text.replace(&format!("{{{place}}}"), "x"));
        if filled.contains(['{', '}']) {
            let places = PLACES.map(|place| format!("{{{place}}}")).join(", ");
            return Err(ParseError::new(what, format!("it has a place that is none of {places}")));
        }
        if !text.contains("{service}") {
            return Err(ParseError::new(what, "without {service} all services would have one address"));
        }
        check(what, &filled)?;
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for AddressTemplate {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl From<AddressTemplate> for String {
    fn from(template: AddressTemplate) -> Self {
        template.0
    }
}

fn check(what: &'static str, text: &str) -> Result<(), ParseError> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else { return Err(ParseError::new(what, "it must begin with https://")) };
    let why = if rest.is_empty() || rest.starts_with(['/', ':']) {
        "it names no host"
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        "it has blanks or letters of other alphabets in it"
    } else if rest.contains('@') {
        "it must not carry a user or a password"
    } else if rest.contains(['?', '#', '\\']) {
        "it must not carry a query or a fragment"
    } else if text.len() > LONGEST {
        "it is longer than 512 characters"
    } else {
        return Ok(());
    };
    Err(ParseError::new(what, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let address: ServiceAddress = "http://127.0.0.1:8080/".parse().unwrap();
        assert_eq!(address.as_str(), "http://127.0.0.1:8080");
        for wrong in [
            "",
            "https://",
            "https:///x",
            "https://:80",
            "metapod.example.com",
            "ftp://metapod.example.com",
            "https://u:planted@example.com",
            "https://example.com/?token=planted",
            "https://example.com#planted",
            "https://{service}.example.com",
            "https://a b",
        ] {
            let error = wrong.parse::<ServiceAddress>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("planted"), "{error}");
        }
    }

    #[test]
    fn templates() {
        let template: AddressTemplate =
            "https://{service}.{environment}.example.com/{prototype}/{suffix}".parse().unwrap();
        let address = template.for_stack("prod", "global", "blue", "metapod").unwrap();
        assert_eq!(address.as_str(), "https://metapod.prod.example.com/global/blue");
        for wrong in [
            "https://example.com",
            "https://{service}{.example.com",
            "https://{service}-{shard}.example.com",
            "https://{ service }.example.com",
            "{service}.example.com",
            "https://u@{service}.example.com",
        ] {
            assert!(wrong.parse::<AddressTemplate>().is_err(), "{wrong}");
        }
        for part in ["", "a.b", "a/b", "a@b", "{service}", "é", "evil.example.org#"] {
            assert!(template.for_stack("prod", "global", "k", part).is_err(), "{part}");
            assert!(template.for_stack(part, "global", "k", "metapod").is_err(), "{part}");
        }
    }
}
