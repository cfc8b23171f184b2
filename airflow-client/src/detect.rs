//! Which release answers: asked of the server once, or told.

use ops_client::http::{Endpoint, Reply};
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::Release;

const NO_AIRFLOW: &str = "check the address: it is what stands before /api/ in the address of Airflow's API";

/// What is known of the server's release. A failure to find out is not kept.
#[derive(Debug)]
pub(crate) struct Detect {
    /// Called as nobody: the version needs no login.
    open: Endpoint,
    release: OnceCell<Release>,
}

impl Detect {
    pub(crate) fn new(open: Endpoint, told: Option<Release>) -> Self {
        Self { open, release: OnceCell::new_with(told) }
    }

    /// The release; asks for it where nobody did yet.
    pub(crate) async fn release(&self, op: &'static str) -> Result<Release> {
        self.release.get_or_try_init(|| async { Ok(ask(&self.open, op).await?.0) }).await.copied()
    }

    /// Asks again, whatever is known, and also gives the answer.
    pub(crate) async fn ask(&self, op: &'static str) -> Result<(Release, Reply)> {
        let (release, reply) = ask(&self.open, op).await?;
        // Kept unless something is known already: what was told stays.
        let _ = self.release.set(release);
        Ok((release, reply))
    }
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

/// Airflow 2 says 404 to `/api/v2/version`, Airflow 3 to `/api/v1/version` (measured on 2.11.2 and 3.3.2).
async fn ask(open: &Endpoint, op: &'static str) -> Result<(Release, Reply)> {
    let get = |api| open.get(op).segments(&["api", api, "version"]).template("/api/{api}/version").send();
    let reply = match get("v2").await {
        Err(error) if error.is_not_found() => match get("v1").await {
            Err(error) if error.is_not_found() => {
                return Err(error
                    .with_kind(ErrorKind::Rejected)
                    .with_message("no Airflow answers here: neither API v2 nor API v1 tells its version")
                    .with_remedy(NO_AIRFLOW));
            }
            other => other?,
        },
        other => other?,
    };
    let Version { version } = reply.json().map_err(|error| error.with_remedy(NO_AIRFLOW))?;
    match parse(&version).filter(|release| is_supported(*release)) {
        Some(release) => Ok((release, reply)),
        None => Err(unsupported(op, &version)
            .with_status(reply.status())
            .with_target(format!("GET {}/api/…/version", open.address()))),
    }
}

/// `2.11.2`, `3.0.0rc1`, `2.9.3+composer`: what a vendor adds says nothing about the API.
fn parse(version: &str) -> Option<Release> {
    let mut parts = version.trim().splitn(3, '.').map(|part| {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part[..digits].parse::<u32>().ok()
    });
    let (major, minor) = (parts.next()??, parts.next()??);
    Some(Release::new(major, minor, parts.next().flatten().unwrap_or(0)))
}

pub(crate) fn is_supported(release: Release) -> bool {
    matches!((release.major, release.minor), (2, 7..=11) | (3, _))
}

pub(crate) fn unsupported(op: &'static str, version: &str) -> Error {
    let version: String = version.chars().take(40).collect();
    Error::new(op, ErrorKind::Rejected, Effect::None)
        .with_message(format!(
            "the server is Airflow {version:?}; this client knows the releases 2.7 to 2.11, and 3.0 and later ones of Airflow 3"
        ))
        .with_remedy("use a newer client, or tell it which of these releases the server answers like")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, release) in [
            ("2.11.2", Release::new(2, 11, 2)),
            ("3.0.0rc1", Release::new(3, 0, 0)),
            ("2.9.3+composer", Release::new(2, 9, 3)),
            ("3.4", Release::new(3, 4, 0)),
            ("2.10.5.post1", Release::new(2, 10, 5)),
        ] {
            assert_eq!(parse(text), Some(release), "{text}");
        }
        for wrong in ["", "3", "latest", "v3.1", ".1.2", "3.x", "99999999999.1.1"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_supported() {
        for (major, minor, supported) in [
            (1, 10, false),
            (2, 6, false),
            (2, 7, true),
            (2, 11, true),
            (2, 12, false),
            (3, 0, true),
            (3, 99, true),
            (4, 0, false),
        ] {
            assert_eq!(is_supported(Release::new(major, minor, 0)), supported, "{major}.{minor}");
        }
    }
}
