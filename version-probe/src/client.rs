//! The client: [`VersionsRead`] over HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ops_client::http::{Call, ClientBuilder, Credential, Endpoint, Limits, Reply, RetryPolicy};
use ops_client::{Environment, Error, Result};

use crate::{Answer, ServiceAddress, VersionsRead, read};

const MAX_VERSION: usize = 64 << 10;
const MAX_HEALTH: usize = 1 << 20;
/// How much of a server's words a reason repeats, in characters.
const MOST_WORDS: usize = 160;

/// Asks services for their version and their health. Cheap to clone.
///
/// Each answer has a client of its own: the name is resolved anew, a connection is made, used for the version and the
/// health, and closed. A kept connection would lead to the same instance again and again.
#[derive(Clone, Debug)]
pub struct VersionsClient(Arc<Settings>);

#[derive(Clone, Debug)]
struct Settings {
    environment: Environment,
    credential: Credential,
    ca_bundle: Option<Vec<u8>>,
    plain_http: bool,
    limits: Limits,
    version: Path,
    keys: Vec<String>,
    health: Vec<Path>,
}

/// A client in the making.
#[derive(Debug)]
#[must_use = "it does nothing until it is built"]
pub struct VersionsBuilder {
    settings: Settings,
    /// The first thing that was wrong.
    wrong: Option<Error>,
}

impl VersionsClient {
    /// Begins a client with the usual paths: the version at `/api/version`, as JSON below `version`, `git-sha`,
    /// `git_sha`, `sha` or `commit`, or as text; the health at `/api/health` or `/ops/health`, where there is one. It
    /// waits ten seconds for each.
    pub fn builder() -> VersionsBuilder {
        let seconds = Duration::from_secs;
        let settings = Settings {
            environment: Environment::new("any"),
            credential: Credential::none(),
            ca_bundle: None,
            plain_http: false,
            limits: Limits::default().with_connect(seconds(5)).with_total(seconds(10)),
            version: Path::usual("api", "version"),
            keys: ["version", "git-sha", "git_sha", "sha", "commit"].map(str::to_owned).into(),
            health: vec![Path::usual("api", "health"), Path::usual("ops", "health")],
        };
        VersionsBuilder { settings, wrong: None }
    }
}

impl VersionsBuilder {
    /// The environment that logs name.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.settings.environment = environment;
        self
    }

    /// Asks for the version at this path.
    pub fn version_path(mut self, path: &str) -> Self {
        match Path::new(path) {
            Ok(path) => self.settings.version = path,
            Err(error) => drop(self.wrong.get_or_insert(error)),
        }
        self
    }

    /// Reads the version below this key of the answer, and below no other.
    pub fn version_key(mut self, key: impl Into<String>) -> Self {
        self.settings.keys = vec![key.into()];
        self
    }

    /// Asks for the health at the first of these paths that is there. With none, only the version counts.
    pub fn health_paths<'a>(mut self, paths: impl IntoIterator<Item = &'a str>) -> Self {
        match paths.into_iter().map(Path::new).collect() {
            Ok(paths) => self.settings.health = paths,
            Err(error) => drop(self.wrong.get_or_insert(error)),
        }
        self
    }

    /// Who calls. Nobody in particular unless said.
    pub fn credential(mut self, credential: Credential) -> Self {
        self.settings.credential = credential;
        self
    }

    /// Trusts these certificates (PEM, one or more) besides those of the machine.
    pub fn ca_bundle_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.ca_bundle = Some(pem.into());
        self
    }

    /// Allows plain http to other machines.
    pub fn allow_plain_http(mut self) -> Self {
        self.settings.plain_http = true;
        self
    }

    /// How long connecting and each answer may take.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Checks everything; sends nothing.
    ///
    /// # Errors
    /// `Invalid` for what is no path, and for certificates that cannot be used.
    pub fn build(self) -> Result<VersionsClient> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        // Now, and not at night: the same for any address.
        if self.settings.ca_bundle.is_some() {
            self.settings.fresh("https://localhost")?;
        }
        Ok(VersionsClient(Arc::new(self.settings)))
    }
}

/// A path, by its segments.
#[derive(Clone, Debug)]
struct Path(Vec<String>);

impl Path {
    fn new(path: &str) -> Result<Self> {
        let segments: Vec<String> = path.strip_prefix('/').unwrap_or_default().split('/').map(str::to_owned).collect();
        if segments.iter().any(|segment| matches!(segment.as_str(), "" | "." | "..") || segment.contains(['?', '#'])) {
            let message = "a path begins with a slash, and has neither empty parts nor a query: /api/version";
            return Err(Error::invalid("version.ask", message).with_attempts(0));
        }
        Ok(Self(segments))
    }

    fn usual(first: &str, second: &str) -> Self {
        Self(vec![first.to_owned(), second.to_owned()])
    }

    fn of(&self, call: Call) -> Call {
        self.0.iter().fold(call, |call, segment| call.segments(&[segment]))
    }
}

impl Settings {
    /// A client that nothing was sent by yet: it has no connection.
    fn fresh(&self, address: &str) -> Result<Endpoint> {
        let mut builder = ClientBuilder::<Endpoint>::new(self.environment.clone(), address)
            .credential(self.credential.clone())
            .limits(self.limits.clone())
            // A failure is an answer: trying again would hide it.
            .retry(RetryPolicy::none());
        if let Some(pem) = &self.ca_bundle {
            builder = builder.ca_bundle_pem(pem.clone());
        }
        if self.plain_http {
            builder = builder.allow_plain_http();
        }
        builder.build()
    }

    async fn version(&self, endpoint: &Endpoint) -> Result<Told, Reason> {
        let call = self.version.of(endpoint.get("version.ask")).template("{version}").max_body(MAX_VERSION);
        let call = call.header("accept", "application/json, text/plain;q=0.9");
        let reply = call.send().await.map_err(Reason::from)?;
        reply.refuse_page().map_err(Reason::from)?;
        match read::version(reply.bytes(), &self.keys) {
            Some(version) => Ok(Told { version, status: reply.status() }),
            None => Err(Reason { status: Some(reply.status()), why: "the answer tells no version".to_owned() }),
        }
    }

    /// Why it is not healthy; nothing where it is, or where nothing says.
    async fn ill(&self, endpoint: &Endpoint) -> Option<Reason> {
        for path in &self.health {
            let call = path.of(endpoint.get("version.health")).template("{health}").max_body(MAX_HEALTH);
            match call.accept_status(503).send().await {
                Err(error) if error.is_not_found() => {}
                Err(error) => return Some(Reason::from(error)),
                Ok(reply) => return judged(&reply),
            }
        }
        None
    }
}

/// The health document decides; with a status of its own, that does.
fn judged(reply: &Reply) -> Option<Reason> {
    if let Err(page) = reply.refuse_page() {
        return Some(Reason::from(page));
    }
    let status = reply.status();
    let ill = read::illness(reply.bytes());
    match (status, ill) {
        (503, ill) => Some(ill.unwrap_or_else(|| "it says that it is not healthy".to_owned())),
        (_, ill) => ill,
    }
    .map(|why| Reason { status: Some(status), why: reply.scrub(&why) })
}

struct Told {
    version: String,
    status: u16,
}

struct Reason {
    status: Option<u16>,
    why: String,
}

impl From<Error> for Reason {
    fn from(error: Error) -> Self {
        let said = error.message().or(error.words()).map(|said| {
            // For a line on a terminal: without what would move its cursor.
            said.chars().filter(|c| !c.is_control()).take(MOST_WORDS).collect::<String>()
        });
        let why = match (error.status(), said) {
            (Some(status), Some(said)) if status >= 300 => format!("{status} {}: {said}", error.kind()),
            (Some(status), None) => format!("{status} {}", error.kind()),
            (_, Some(said)) => said,
            (None, None) => error.kind().to_string(),
        };
        Self { status: error.status(), why }
    }
}

#[async_trait]
impl VersionsRead for VersionsClient {
    async fn ask(&self, address: &ServiceAddress) -> Result<Answer> {
        let begun = Instant::now();
        let endpoint = self.0.fresh(address.as_str())?;
        let answer = match self.0.version(&endpoint).await {
            Err(Reason { status, why }) => with_status(Answer::unhealthy(why), status),
            Ok(told) => match self.0.ill(&endpoint).await {
                None => Answer::healthy(told.version).with_status(told.status),
                Some(Reason { status, why }) => with_status(Answer::unhealthy(why), status).with_version(told.version),
            },
        };
        Ok(answer.with_elapsed(begun.elapsed()))
    }
}

fn with_status(answer: Answer, status: Option<u16>) -> Answer {
    match status {
        Some(status) => answer.with_status(status),
        None => answer,
    }
}
