//! Links to Sonar's own pages, for the people who want to look for themselves.

use ops_client::{Error, Result};

use crate::TransactionId;

/// Builds links to Sonar's pages below one address.
///
/// The routes are those of a hash router, seen on screens: `transactions/{id}`, `graphiql`, `monitoring`.
///
/// ```
/// use sonar_client::Links;
///
/// let links = Links::new("https://sonar.example.com/sonar-js/#/sonar-js")?;
/// assert_eq!(links.graphiql(), "https://sonar.example.com/sonar-js/#/sonar-js/graphiql");
/// assert_eq!(Links::new("https://sonar.example.com")?.monitoring(), "https://sonar.example.com/#/monitoring");
/// # Ok::<(), sonar_client::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    base: String,
}

impl Links {
    /// Links below `base`: what the browser shows before the route. Where it has no `#`, one is put between.
    ///
    /// # Errors
    /// `Invalid` where `base` is no http(s) address, or has user info or a query.
    pub fn new(base: &str) -> Result<Self> {
        let trimmed = base.trim().trim_end_matches('/');
        let rest = trimmed.strip_prefix("https://").or_else(|| trimmed.strip_prefix("http://")).unwrap_or("");
        let host = rest.split(['/', '#']).next().unwrap_or("");
        let strange = |c: char| c.is_whitespace() || c.is_control() || c == '?';
        if host.is_empty() || host.contains('@') || rest.contains(strange) {
            let message = "Sonar's address is no plain http(s) address like https://sonar.example.com/sonar-js/";
            return Err(Error::invalid("sonar.links", message));
        }
        let hash = if trimmed.contains('#') { "" } else { "/#" };
        Ok(Self { base: format!("{trimmed}{hash}") })
    }

    /// The page of one transaction.
    pub fn transaction(&self, id: TransactionId) -> String {
        format!("{}/transactions/{id}", self.base)
    }

    /// The page on which GraphQL queries are typed.
    pub fn graphiql(&self) -> String {
        format!("{}/graphiql", self.base)
    }

    /// The list of transactions.
    pub fn monitoring(&self) -> String {
        format!("{}/monitoring", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_put_where_none_is() {
        let id: TransactionId = "f1286abb-f69b-5874-910a-c91681b639f6".parse().unwrap();
        let page = |base: &str| Links::new(base).unwrap().transaction(id);
        let tail = "transactions/f1286abb-f69b-5874-910a-c91681b639f6";
        assert_eq!(page("https://sonar.example.com"), format!("https://sonar.example.com/#/{tail}"));
        assert_eq!(page("https://sonar.example.com/#/"), format!("https://sonar.example.com/#/{tail}"));
        assert_eq!(page("http://sonar.example.com/a/#/a/"), format!("http://sonar.example.com/a/#/a/{tail}"));
    }

    #[test]
    fn odd_addresses_are_refused() {
        for base in [
            "",
            "sonar.example.com",
            "https://",
            "ftp://sonar.example.com",
            "https://me:x@sonar.example.com",
            "https://a b",
            "https://a/?q=1",
        ] {
            let error = Links::new(base).unwrap_err();
            assert!(!error.to_string().contains("me:x"), "{base}");
        }
    }
}
