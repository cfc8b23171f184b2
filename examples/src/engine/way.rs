//! The way to an engine, and what to do where there is none.

use std::path::PathBuf;

use clap::Args;
use ops_client::http::Credential;
use ops_client::{Environment, Error, ErrorKind};
use ops_restate::Engine;

use crate::exit::{Failure, told};
use crate::secrets::Reference;

/// Which engine, and as whom it is called.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Which engine")]
pub struct Way {
    /// The engine's ingress
    #[arg(long, global = true, value_name = "URL", env = "OPS_ENGINE", default_value = "http://127.0.0.1:8080")]
    ingress: String,
    /// The environment variable that holds a bearer token, where a proxy before the engine asks for one
    #[arg(long, global = true, value_name = "NAME", group = "engine-token")]
    token_env: Option<String>,
    /// The file that holds it; read again when the token is refused
    #[arg(long, global = true, value_name = "FILE", group = "engine-token")]
    token_file: Option<PathBuf>,
    /// Allow plain http to other machines: whoever is on the way can read plans, and approve them
    #[arg(long, global = true)]
    allow_plain_http: bool,
}

impl Way {
    /// The engine. It is not called.
    ///
    /// # Errors
    /// Where the address cannot be used, or the token is missing.
    pub async fn engine(&self) -> Result<Engine, Failure> {
        let env = self.token_env.clone().map(Reference::Env);
        let credential = match env.or_else(|| self.token_file.clone().map(Reference::File)) {
            Some(token) => token.bearer().await?,
            None => Credential::none(),
        };
        let mut builder = Engine::builder(Environment::new("engine"), &self.ingress).credential(credential);
        if self.allow_plain_http {
            builder = builder.allow_plain_http();
        }
        builder.build().map_err(|error| Failure::usage(format!("--ingress: {}", told(&error))))
    }

    /// What a person reads where the engine did not do it.
    pub fn trouble(&self, error: Error) -> Failure {
        let words = error.message().unwrap_or_default();
        let remedy = match error.kind() {
            ErrorKind::Connect => Some(format!(
                "no engine answers at {}; say where it is with --ingress URL, or start one: peers/restate/start.sh FOLDER",
                self.ingress
            )),
            // The engine's own words for a service that nobody serves.
            ErrorKind::NotFound if words.contains("Ops") => {
                Some("no host of recipes is registered with this engine: engine-host --admin URL".to_owned())
            }
            ErrorKind::Timeout => Some(
                "the engine took the call, and nobody does it: see that engine-host runs, and that the engine reaches it"
                    .to_owned(),
            ),
            _ => None,
        };
        // What the handlers refused is said in their words alone.
        let refused = matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Conflict) && error.status().is_some();
        let text = match (refused && !words.is_empty(), remedy) {
            (true, _) => words.to_owned(),
            (false, Some(remedy)) => format!("{}\n  → {remedy}", told(&error)),
            (false, None) => told(&error),
        };
        Failure::refused(text)
    }
}
