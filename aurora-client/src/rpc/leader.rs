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
    pub(super) fn follow(&self, reply: &Reply) -> Result<usize> {
        let location = reply.header("location").unwrap_or_default();
        // The place is the server's word, and may echo anything.
        let refused = |why: &'static str, place: &str| {
            reply
                .error(ErrorKind::Rejected, Effect::None, place)
                .with_message(why)
                .with_remedy("list every scheduler of the cluster: calls and credentials go to listed ones only")
        };
        let url = Url::parse(location).ok();
        let host = url.as_ref().and_then(Url::host_str);
        let Some((url, host)) = url.as_ref().zip(host) else {
            return Err(refused("redirected to nowhere", ""));
        };
        let places: Vec<(usize, Url)> = self
            .schedulers()
            .iter()
            .enumerate()
            .filter_map(|(at, endpoint)| Some((at, Url::parse(endpoint.address()).ok()?)))
            .filter(|(_, listed)| listed.host_str() == Some(host))
            .collect();
        let port = url.port_or_known_default();
        let exact = places.iter().find(|(_, listed)| listed.port_or_known_default() == port);
        let only = if let [only] = places.as_slice() { Some(only) } else { None };
        // A scheduler behind a proxy names its own port: the host alone says which one it is.
        let at = exact.or(only.filter(|(_, listed)| listed.scheme() == "https")).map(|(at, _)| *at);
        let at = at.ok_or_else(|| {
            let port = port.map_or(String::new(), |port| format!(":{port}"));
            refused("redirected to what is no scheduler that is listed", &format!("{host}{port}"))
        })?;
        self.set_leader(Some(at));
        Ok(at)
    }
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
