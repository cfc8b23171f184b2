//! Which environment, and how it is reached: flags, kept in a run so that anybody can find the way again.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::config::{Config, Environment};
use crate::exit::{Exit, Failure};
use crate::secrets::Reference;

/// Which environment, and how it is reached. Secrets only by reference.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Where")]
pub struct Place {
    /// The environment, as the configuration names it. Without a configuration: the embedded sandbox
    #[arg(long, global = true, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The configuration [default: ops.toml here, or ops-recipes/ops.toml among your settings]
    #[arg(long, global = true, value_name = "FILE", env = "OPS_CONFIG")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
    /// Sonar's address
    #[arg(long, global = true, value_name = "URL", env = "OPS_SONAR_URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sonar_url: Option<String>,
    /// Metapod's address
    #[arg(long, global = true, value_name = "URL", env = "OPS_METAPOD_URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metapod_url: Option<String>,
    /// Airflow's address
    #[arg(long, global = true, value_name = "URL", env = "OPS_AIRFLOW_URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub airflow_url: Option<String>,
    /// The environment variable that holds the bearer token
    #[arg(long, global = true, value_name = "NAME", group = "token")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_env: Option<String>,
    /// The file that holds the bearer token; read again when the token is refused
    #[arg(long, global = true, value_name = "FILE", group = "token")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// The command that prints the bearer token: program and arguments, parted by blanks; no shell is asked
    #[arg(long, global = true, value_name = "COMMAND", group = "token")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_command: Option<String>,
    /// A client certificate (PEM)
    #[arg(long, global = true, value_name = "FILE", requires = "client_key", conflicts_with = "token")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_cert: Option<PathBuf>,
    /// Its key (PEM, without passphrase)
    #[arg(long, global = true, value_name = "FILE", requires = "client_cert")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_key: Option<PathBuf>,
    /// Certificates to trust besides those of the machine (PEM)
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Allow plain http to other machines: whoever is on the way can read the token
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_plain_http: bool,
    /// Whether it was the sandbox inside of a process, which ends with it.
    #[arg(skip)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub embedded: bool,
}

/// What a place comes to.
#[derive(Clone, Debug)]
pub enum Resolved {
    /// The sandbox inside of this process.
    Embedded,
    /// A real environment: its name and settings.
    Real(String, Box<Environment>),
}

impl Place {
    /// What is said here, and otherwise what `kept` says.
    #[must_use]
    pub fn or(self, kept: Self) -> Self {
        let says_token = self.token().is_some() || self.client_cert.is_some();
        let (token, certificate) = if says_token {
            ((self.token_env, self.token_file, self.token_command), (self.client_cert, self.client_key))
        } else {
            ((kept.token_env, kept.token_file, kept.token_command), (kept.client_cert, kept.client_key))
        };
        Self {
            env: self.env.or(kept.env),
            config: self.config.or(kept.config),
            sonar_url: self.sonar_url.or(kept.sonar_url),
            metapod_url: self.metapod_url.or(kept.metapod_url),
            airflow_url: self.airflow_url.or(kept.airflow_url),
            token_env: token.0,
            token_file: token.1,
            token_command: token.2,
            client_cert: certificate.0,
            client_key: certificate.1,
            ca_file: self.ca_file.or(kept.ca_file),
            allow_plain_http: self.allow_plain_http || kept.allow_plain_http,
            embedded: self.embedded || kept.embedded,
        }
    }

    /// The same place for whoever starts in another folder.
    #[must_use]
    pub fn from_anywhere(mut self) -> Self {
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        self.config = self.config.or_else(Config::usual).map(absolute);
        self.token_file = self.token_file.map(absolute);
        self.client_cert = self.client_cert.map(absolute);
        self.client_key = self.client_key.map(absolute);
        self.ca_file = self.ca_file.map(absolute);
        self
    }

    fn token(&self) -> Option<Reference> {
        let env = self.token_env.clone().map(Reference::Env);
        let file = || self.token_file.clone().map(Reference::File);
        let command = |words: &String| Reference::Command(words.split_whitespace().map(str::to_owned).collect());
        env.or_else(file).or_else(|| self.token_command.as_ref().map(command))
    }

    /// Reads the configuration and decides which environment is meant. None is ever taken by default where there are some.
    ///
    /// # Errors
    /// Where the configuration is wrong, or no environment is named although there are some.
    pub fn resolve(&self) -> Result<Resolved, Failure> {
        let path = self.config.clone().or_else(Config::usual);
        let config = path.as_deref().map_or_else(|| Ok(Config::default()), Config::read)?;
        let addressed = [&self.sonar_url, &self.metapod_url, &self.airflow_url].iter().any(|url| url.is_some());
        let Some(name) = &self.env else {
            if addressed {
                return Err(Failure::usage("an address without a name: say which environment it is with --env NAME"));
            }
            if config.environments.is_empty() {
                return Ok(Resolved::Embedded);
            }
            let text =
                format!("say which environment is meant:{}\n  --env sandbox: the embedded sandbox", config.list());
            return Err(Failure { exit: Exit::Refused, text });
        };
        let known = config.environments.get(name);
        if known.is_none() && !addressed {
            if name == "sandbox" {
                return Ok(Resolved::Embedded);
            }
            let list =
                if config.environments.is_empty() { "\n  no environment is configured".into() } else { config.list() };
            let text = format!(
                "no environment «{name}»{}:{list}\n  → ops.sample.toml shows how one is configured; or give --sonar-url and --metapod-url, or --airflow-url",
                path.map_or(String::new(), |path| format!(" in {}", path.display()))
            );
            return Err(Failure { exit: Exit::Refused, text });
        }
        let mut environment = known.cloned().unwrap_or_default();
        // Who calls a place production means it, configured or not.
        environment.production |= known.is_none() && ["prod", "production"].contains(&name.as_str());
        environment.sonar_url = self.sonar_url.clone().or(environment.sonar_url);
        environment.metapod_url = self.metapod_url.clone().or(environment.metapod_url);
        environment.airflow_url = self.airflow_url.clone().or(environment.airflow_url);
        environment.ca_file = self.ca_file.clone().or(environment.ca_file);
        environment.allow_plain_http |= self.allow_plain_http;
        if let Some(token) = self.token() {
            environment.token = Some(token);
            (environment.write_token, environment.client_cert, environment.client_key) = (None, None, None);
            (environment.airflow_login, environment.airflow_write_login) = (None, None);
        } else if self.client_cert.is_some() {
            (environment.token, environment.write_token) = (None, None);
            environment.client_cert.clone_from(&self.client_cert);
            environment.client_key.clone_from(&self.client_key);
        }
        Ok(Resolved::Real(name.clone(), Box::new(environment)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(config: &str, env: Option<&str>) -> (tempfile::TempDir, Place) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ops.toml");
        std::fs::write(&path, config).unwrap();
        let place = Place { config: Some(path), env: env.map(str::to_owned), ..Place::default() };
        (folder, place)
    }

    #[test]
    fn an_environment_is_never_a_default() {
        let (_folder, place) = place("[environments.prod]\nproduction = true\n[environments.staging]\n", None);
        let failure = place.resolve().unwrap_err();
        assert_eq!(failure.exit, Exit::Refused);
        assert!(
            failure.text.contains("--env prod (production)") && failure.text.contains("--env staging"),
            "{failure}"
        );
    }

    #[test]
    fn flags_win_over_the_file() {
        let config = "[environments.staging]\nsonar_url = \"https://a.example.com\"\ntoken = { env = \"A\" }\n";
        let (_folder, mut place) = place(config, Some("staging"));
        place.sonar_url = Some("https://b.example.com".into());
        place.token_command = Some("get token".into());
        let Resolved::Real(name, environment) = place.resolve().unwrap() else { panic!("not the sandbox") };
        assert_eq!((name.as_str(), environment.sonar_url.as_deref()), ("staging", Some("https://b.example.com")));
        assert_eq!(environment.token, Some(Reference::Command(vec!["get".into(), "token".into()])));
    }

    #[test]
    fn production_by_name_is_production() {
        let (_folder, mut place) = place("", Some("prod"));
        place.sonar_url = Some("https://a.example.com".into());
        assert!(matches!(place.resolve().unwrap(), Resolved::Real(_, environment) if environment.production));
    }

    #[test]
    fn an_address_needs_a_name_and_a_name_an_address() {
        let (_folder, mut nameless) = place("", None);
        nameless.metapod_url = Some("https://a.example.com".into());
        assert_eq!(nameless.resolve().unwrap_err().exit, Exit::Usage);
        let (_folder, unknown) = place("", Some("stagign"));
        assert!(unknown.resolve().unwrap_err().text.contains("no environment «stagign»"));
        let (_folder, sandbox) = place("", Some("sandbox"));
        assert!(matches!(sandbox.resolve().unwrap(), Resolved::Embedded));
    }

    #[test]
    fn a_run_keeps_no_secret_and_new_flags_win() {
        let kept = Place { env: Some("prod".into()), token_env: Some("OLD".into()), ..Place::default() };
        let json = serde_json::to_string(&kept).unwrap();
        assert_eq!(json, r#"{"env":"prod","token_env":"OLD"}"#);
        let now = Place { token_file: Some("new".into()), ..Place::default() };
        let place = now.or(serde_json::from_str(&json).unwrap());
        assert_eq!((place.env.as_deref(), place.token_env, place.token_file), (Some("prod"), None, Some("new".into())));
    }
}
