//! Who leads: asked of every scheduler, remembered, and forgotten when it turns out wrong.

use std::sync::PoisonError;
use std::time::Duration;

use futures_util::future::join_all;
use ops_client::http::{Endpoint, Reply};
use ops_client::{Effect, Error, ErrorKind, Result};
use url::Url;

use super::Rpc;

/// How long a scheduler has to say whether it leads.
const PATIENCE: Duration = Duration::from_secs(5);

impl Rpc {
    /// The place of the leader; of any scheduler where none says that it leads: it may know who does.
    pub(super) async fn leader(&self, op: &'static str) -> usize {
        if let Some(known) = *self.shared.leader.lock().unwrap_or_else(PoisonError::into_inner) {
            return known;
        }
        let schedulers = self.schedulers();
        if schedulers.len() == 1 {
            return 0;
        }
        let all = join_all(schedulers.iter().map(|endpoint| leads(op, endpoint))).await;
        let leader = all.iter().position(|said| matches!(said, Ok(Some(true))));
        self.set_leader(leader);
        // Who answers knows more than who does not.
        leader.or_else(|| all.iter().position(Result::is_ok)).unwrap_or(0)
    }

    pub(super) fn set_leader(&self, leader: Option<usize>) {
        *self.shared.leader.lock().unwrap_or_else(PoisonError::into_inner) = leader;
    }

    /// After a failure that says that the leader may be another one now.
    pub(super) fn forget(&self, at: usize, error: &Error) {
        let gone = matches!(error.kind(), ErrorKind::Connect | ErrorKind::Unavailable | ErrorKind::Timeout);
        let mut leader = self.shared.leader.lock().unwrap_or_else(PoisonError::into_inner);
        if gone && *leader == Some(at) {
            *leader = None;
        }
    }

    /// Where a follower sends to. Only to schedulers that are listed, by the address that is listed: what a follower names has
    /// neither TLS nor a proxy's port.
    pub(super) fn follow(&self, from: usize, reply: &Reply) -> Result<usize> {
        let addresses: Vec<&str> = self.schedulers().iter().map(Endpoint::address).collect();
        let at = listed(&addresses, from, reply.header("location").unwrap_or_default()).map_err(|why| {
            reply
                .error(ErrorKind::Rejected, Effect::None, "")
                .with_message(reply.scrub(&why))
                .with_remedy("list every scheduler of the cluster: calls and credentials go to listed ones only")
        })?;
        self.set_leader(Some(at));
        Ok(at)
    }
}

/// Which of these addresses a location names, or why it is not followed. Whatever else stands in a location is not repeated: it
/// may be secret.
fn listed(addresses: &[&str], from: usize, location: &str) -> Result<usize, String> {
    let url = Url::parse(location).ok();
    let Some((url, host)) = url.as_ref().and_then(|url| Some((url, url.host_str()?))) else {
        return Err("redirected to nowhere".to_owned());
    };
    let urls: Vec<Option<Url>> = addresses.iter().map(|address| Url::parse(address).ok()).collect();
    let places = || urls.iter().enumerate().filter_map(|(at, listed)| Some((at, listed.as_ref()?)));
    let places: Vec<(usize, &Url)> = places().filter(|(_, listed)| listed.host_str() == Some(host)).collect();
    let port = url.port_or_known_default();
    let exact = places.iter().find(|(_, listed)| listed.port_or_known_default() == port);
    let only = if let [only] = places.as_slice() { Some(only) } else { None };
    // A scheduler behind a proxy names its own port: the host alone says which one it is.
    let found = exact.or(only.filter(|(_, listed)| listed.scheme() == "https"));
    let Some((at, to)) = found else {
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        return Err(format!("redirected to {host}{port}, which is no scheduler that is listed"));
    };
    let from_https = urls.get(from).and_then(Option::as_ref).is_some_and(|from| from.scheme() == "https");
    if from_https && to.scheme() != "https" {
        return Err(format!("redirected to {host}, which is listed with plain http, by one that is listed with https"));
    }
    Ok(*at)
}

/// Whether a scheduler leads; `None` where it knows no leader.
pub(crate) async fn leads(op: &'static str, endpoint: &Endpoint) -> Result<Option<bool>> {
    let call = endpoint.get(op).segments(&["leaderhealth"]).template("/leaderhealth").timeout(PATIENCE);
    match call.send().await {
        Ok(_) => Ok(Some(true)),
        Err(error) if error.status() == Some(503) => Ok(Some(false)),
        Err(error) if error.status() == Some(502) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_places_are_followed_to() {
        let two = ["https://a.example.com:8443", "https://b.example.com:8443/aurora"];
        // A scheduler has no TLS of its own, and names the port that it listens on itself.
        assert_eq!(listed(&two, 0, "http://b.example.com:8081/api"), Ok(1));
        assert_eq!(listed(&two, 0, "https://b.example.com:8443/api"), Ok(1));
        let refused = |addresses: &[&str], location| listed(addresses, 0, location).unwrap_err();
        for location in ["", "/api", "nonsense", "//b.example.com:8443"] {
            assert_eq!(refused(&two, location), "redirected to nowhere", "{location}");
        }
        let evil = "http://u:planted@evil.example.com:8081/api?token=planted#planted";
        let said = "redirected to evil.example.com:8081, which is no scheduler that is listed";
        assert_eq!(refused(&two, evil), said);
        assert!(refused(&two, "https://b.example.com.evil.example.com/api").contains("no scheduler that is listed"));
        // On one host the port says which one it is; a port that nobody listens on is nobody's.
        let local = ["http://127.0.0.1:1", "http://127.0.0.1:2"];
        assert_eq!(listed(&local, 0, "http://127.0.0.1:2/api"), Ok(1));
        assert!(refused(&local, "http://127.0.0.1:3/api").contains(":3, which is no scheduler"));
        assert!(refused(&["http://a.example.com:1"], "http://a.example.com:2").contains("no scheduler that is listed"));
    }

    #[test]
    fn no_credential_goes_from_https_to_http() {
        let mixed = ["https://a.example.com:8443", "http://b.example.com:8081"];
        assert!(listed(&mixed, 0, "http://b.example.com:8081/api").unwrap_err().contains("plain http"));
        assert_eq!(listed(&mixed, 1, "http://a.example.com:8081/api"), Ok(0));
    }
}
