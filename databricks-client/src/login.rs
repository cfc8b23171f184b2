//! OAuth for machines: a service principal's id and secret for a token of an hour.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use ops_client::http::{Credential, Endpoint, Idempotency, Login, Pass, SecretString};
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;

use crate::wire;

const OP: &str = "databricks.log_in";
const ASK: &[u8] = b"grant_type=client_credentials&scope=all-apis";

pub(crate) struct MachineLogin {
    endpoint: Endpoint,
    client_id: String,
}

impl MachineLogin {
    /// The login itself calls as the service principal.
    pub(crate) fn new(endpoint: &Endpoint, client_id: String, secret: SecretString) -> Self {
        Self { endpoint: endpoint.with_credential(Credential::basic(&client_id, secret)), client_id }
    }
}

#[async_trait]
impl Login for MachineLogin {
    async fn log_in(&self) -> Result<Pass> {
        #[derive(Deserialize)]
        struct Token {
            access_token: String,
            /// In seconds.
            expires_in: Option<u32>,
        }
        let call = self.endpoint.post(OP).segments(&["oidc", "v1", "token"]).template("/oidc/v1/token");
        let call = call.body("application/x-www-form-urlencoded", ASK.to_vec());
        // A token more changes nothing that matters: it is sent again as a read is.
        let reply = call.idempotency(Idempotency::Read).send().await.map_err(bare)?;
        let Token { access_token, expires_in } = reply.json().map_err(bare)?;
        if access_token.trim().is_empty() {
            let error = reply.error(ErrorKind::Decode, Effect::None, "");
            return Err(error.with_message("the login was accepted, but no token came with it"));
        }
        let pass = Pass::bearer(access_token.into());
        Ok(match expires_in {
            // A fifth of its life is left for calls that are still on their way.
            Some(seconds) => pass.renewed_after(Duration::from_secs(u64::from(seconds)) * 4 / 5),
            None => pass,
        })
    }

    /// A token that has ended is refused with 401, by some parts of a workspace with 403 and words that say so.
    fn has_ended(&self, refusal: &Error) -> bool {
        refusal.status() == Some(401) || wire::says_token_ended(refusal)
    }
}

impl fmt::Debug for MachineLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MachineLogin").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// An error of the login without the server's words: they may repeat what was sent.
fn bare(error: Error) -> Error {
    let mut bare =
        Error::new(OP, error.kind(), Effect::None).with_attempts(error.attempts()).with_elapsed(error.elapsed());
    if let Some(status) = error.status() {
        bare = bare.with_status(status);
    }
    if let Some(target) = error.target() {
        bare = bare.with_target(target);
    }
    match error.kind() {
        // OAuth says 400 (`invalid_client`) or 401, as the server likes.
        ErrorKind::Unauthenticated | ErrorKind::Invalid => bare
            .with_kind(ErrorKind::Unauthenticated)
            .with_message("the client id or its secret was not accepted")
            .with_remedy("check both; a secret of a service principal ends after two years at most"),
        ErrorKind::Decode => bare.with_message("the answer to the login cannot be read"),
        _ => match error.remedy() {
            Some(remedy) => bare.with_remedy(remedy.to_owned()),
            None => bare,
        },
    }
}
