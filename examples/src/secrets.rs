//! Secrets by reference: where one is found, never what it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use ops_client::http::{Credential, ExposeSecret, SecretString, TokenSource};
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::io::AsyncReadExt;

use crate::surroundings;

/// No token is longer.
const MAX: u64 = 64 * 1024;
/// A command has so long: it may have to ask somebody.
const PATIENCE: Duration = Duration::from_secs(25);
const OP: &str = "secret.read";

/// Where a secret is found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub enum Reference {
    /// In an environment variable.
    Env(String),
    /// In a file.
    File(PathBuf),
    /// On the standard output of a command: the program, then its arguments. No shell is asked.
    Command(Vec<String>),
}

/// A reference as it stands in a file. What does not fit is not repeated: somebody may have written the secret there.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Table(BTreeMap<String, Words>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
    Other(IgnoredAny),
}

impl TryFrom<Written> for Reference {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let wrong = "a secret is named, never written here: { env = \"NAME\" }, { file = \"PATH\" } or { command = [\"PROGRAM\", \"ARGUMENT\"] }";
        let table = match written {
            Written::Table(table) if table.len() == 1 => table,
            Written::Table(_) | Written::Other(IgnoredAny) => return Err(wrong),
        };
        match table.into_iter().next() {
            Some((key, Words::One(name))) if key == "env" => Ok(Self::Env(name)),
            Some((key, Words::One(path))) if key == "file" => Ok(Self::File(path.into())),
            Some((key, Words::Many(words))) if key == "command" && !words.is_empty() => Ok(Self::Command(words)),
            _ => Err(wrong),
        }
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "the environment variable {name}"),
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Command(words) => write!(f, "the command {}", words.join(" ")),
        }
    }
}

impl Reference {
    /// Reads the secret as it is now.
    ///
    /// # Errors
    /// `Unauthenticated`, where it is not there, is empty, or does not come in time. The secret is not quoted.
    pub async fn read(&self) -> Result<SecretString> {
        let text = match self {
            Self::Env(name) => surroundings::variable(name).ok_or_else(|| self.missing("it is not set"))?,
            Self::File(path) => self.file(path)?,
            Self::Command(words) => self.command(words).await?,
        };
        let secret = SecretString::from(text);
        if secret.expose_secret().trim().is_empty() {
            return Err(self.missing("it is empty"));
        }
        Ok(secret)
    }

    /// The bearer token that is found here. A file or a command is asked again when the token is refused.
    ///
    /// # Errors
    /// As [`Reference::read`].
    pub async fn bearer(&self) -> Result<Credential> {
        let first = self.read().await?;
        Ok(match self {
            Self::Env(_) => Credential::bearer(first),
            Self::File(_) | Self::Command(_) => {
                Credential::bearer_with_refresh(Some(first), std::sync::Arc::new(self.clone()))
            }
        })
    }

    fn file(&self, path: &Path) -> Result<String> {
        let bytes = read_bounded(path, MAX).map_err(|error| self.missing("it cannot be read").with_source(error))?;
        String::from_utf8(bytes).map_err(|_| self.missing("it is no text"))
    }

    async fn command(&self, words: &[String]) -> Result<String> {
        let [program, arguments @ ..] = words else { return Err(self.missing("it is empty")) };
        let mut child = tokio::process::Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // What it wants to say to a person (a code to confirm, a page to open) goes to the person.
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.missing("it cannot be started").with_source(error))?;
        let stdout = child.stdout.take().ok_or_else(|| self.missing("it has no output"))?;
        let mut text = String::new();
        let whole = async {
            let read = stdout.take(MAX).read_to_string(&mut text).await;
            (read, child.wait().await)
        };
        match tokio::time::timeout(PATIENCE, whole).await {
            Err(_) => Err(self.missing("it did not end in time")),
            Ok((Ok(_), Ok(status))) if status.success() => Ok(text),
            Ok((Ok(_), Ok(status))) => Err(self.missing(format!("it ended with {status}"))),
            Ok((Err(error), _) | (_, Err(error))) => Err(self.missing("its output is no text").with_source(error)),
        }
    }

    fn missing(&self, why: impl std::fmt::Display) -> Error {
        Error::new(OP, ErrorKind::Unauthenticated, Effect::None)
            .with_attempts(0)
            .with_message(format!("no secret from {self}: {why}"))
    }
}

#[async_trait]
impl TokenSource for Reference {
    async fn token(&self) -> Result<SecretString> {
        self.read().await
    }
}

/// Reads a file that may not be longer than `max` bytes.
///
/// # Errors
/// When it cannot be read, or is longer.
pub fn read_bounded(path: &Path, max: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(std::fs::File::open(path)?, max + 1), &mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(std::io::Error::other(format!("longer than {max} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Reference {
        Reference::Command(vec!["sh".into(), "-c".into(), script.into()])
    }

    #[tokio::test]
    async fn a_file_and_a_command_are_read_afresh() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let file = Reference::File(path.clone());
        assert!(file.read().await.unwrap_err().to_string().contains("cannot be read"));
        for token in ["first", "second"] {
            std::fs::write(&path, format!("{token}\n")).unwrap();
            assert_eq!(file.read().await.unwrap().expose_secret().trim(), token);
        }
        assert_eq!(shell("echo third").read().await.unwrap().expose_secret().trim(), "third");
    }

    #[tokio::test]
    async fn what_goes_wrong_is_said_without_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "planted").unwrap();
        for (reference, why) in [
            (shell(&format!("cat {}; exit 3", path.display())), "ended with exit status: 3"),
            (shell("true"), "it is empty"),
            (Reference::Command(vec!["/no/such/program".into()]), "cannot be started"),
            (Reference::Env("NO_SUCH_VARIABLE_HERE".into()), "not set"),
        ] {
            let error = reference.read().await.unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
            assert!(!format!("{error} {error:?}").contains("planted"), "{error:?}");
        }
    }

    #[test]
    fn a_secret_that_stands_in_the_file_is_refused_and_not_repeated() {
        #[derive(Debug, Deserialize)]
        struct Settings {
            #[expect(dead_code, reason = "only whether it can be read matters")]
            token: Reference,
        }
        for text in ["token = \"planted\"", "token = { value = \"planted\" }", "token = [\"planted\"]"] {
            let error = toml::from_str::<Settings>(text).unwrap_err();
            assert!(error.message().contains("never written here"), "{error}");
            assert!(!error.message().contains("planted"), "{error}");
        }
        assert!(toml::from_str::<Settings>("token = { env = \"TOKEN\" }").is_ok());
    }
}
