//! PostgreSQL's wire protocol, as Redshift speaks it: simple queries, over TLS whose certificate is verified.
//!
//! Nothing is prepared: Redshift answers the extended protocol only in part, and its look-ups of types fail there.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use ops_client::retry::{Idempotency, RetryPolicy};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::meter::{Allowance, Metered};
use super::{LoginSource, Rows, Sql, Statement, refusal};
use crate::{Effect, Error, ErrorKind, Result};

const BUILD: &str = "redshift.build";

/// How long a statement may take, and how much it may bring.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqlLimits {
    /// From the name look-up to the end of the login. 10 s.
    pub connect: Duration,
    /// One statement, to the last row. 30 s. The warehouse is told to stop it then, too.
    pub statement: Duration,
    /// The rows of one answer. 10,000.
    pub rows: usize,
    /// The bytes of one answer, as they come. 32 MiB.
    pub bytes: u64,
}

impl Default for SqlLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), statement: Duration::from_secs(30), rows: 10_000, bytes: 32 << 20 }
    }
}

impl SqlLimits {
    /// With so much time to connect.
    #[must_use]
    pub fn with_connect(mut self, connect: Duration) -> Self {
        self.connect = connect;
        self
    }

    /// With so much time for one statement.
    #[must_use]
    pub fn with_statement(mut self, statement: Duration) -> Self {
        self.statement = statement;
        self
    }

    /// With so many rows and bytes for one answer.
    #[must_use]
    pub fn with_answer(mut self, rows: usize, bytes: u64) -> Self {
        self.rows = rows;
        self.bytes = bytes;
        self
    }
}

/// A warehouse over PostgreSQL's wire protocol: one session, opened when it is needed and again when it is lost.
pub struct WireSql {
    host: String,
    port: u16,
    database: String,
    address: String,
    login: Arc<dyn LoginSource>,
    tls: Option<MakeRustlsConnect>,
    limits: SqlLimits,
    retry: RetryPolicy,
    session: Mutex<Option<Session>>,
}

impl fmt::Debug for WireSql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireSql")
            .field("address", &self.address)
            .field("tls", &self.tls.is_some())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// An open session. Its connection ends with it.
struct Session {
    client: Client,
    driver: tokio::task::AbortHandle,
    allowance: Allowance,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Builds a [`WireSql`].
#[must_use = "it is built by `build`"]
pub struct WireSqlBuilder {
    host: String,
    port: u16,
    database: String,
    login: Arc<dyn LoginSource>,
    trusted: Vec<u8>,
    plain: bool,
    limits: SqlLimits,
    retry: RetryPolicy,
}

impl fmt::Debug for WireSqlBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireSqlBuilder")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

impl WireSql {
    /// Begins with where the warehouse is and who opens sessions there.
    pub fn builder(host: &str, port: u16, database: &str, login: impl LoginSource + 'static) -> WireSqlBuilder {
        WireSqlBuilder {
            host: host.to_owned(),
            port,
            database: database.to_owned(),
            login: Arc::new(login),
            trusted: Vec::new(),
            plain: false,
            limits: SqlLimits::default(),
            retry: RetryPolicy::default(),
        }
    }
}

impl WireSqlBuilder {
    /// Trusts these certificates (PEM, one or more) besides those of the machine.
    pub fn ca_bundle_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.trusted = pem.into();
        self
    }

    /// Without TLS: only to this machine, since the password could be read on the way.
    pub fn plain_to_loopback(mut self) -> Self {
        self.plain = true;
        self
    }

    /// With other limits.
    pub fn limits(mut self, limits: SqlLimits) -> Self {
        self.limits = limits;
        self
    }

    /// With other retries.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Checks what was said. Nothing is sent.
    ///
    /// # Errors
    /// `Invalid` where there is no host or no database, where certificates cannot be read, and for a plain connection to
    /// another machine.
    pub fn build(self) -> Result<WireSql> {
        let Self { host, port, database, login, trusted, plain, limits, retry } = self;
        if host.trim().is_empty() || Path::new(&host).is_absolute() || host.contains(['/', '@', ' ']) {
            return Err(invalid("the host is no name and no address"));
        }
        if database.trim().is_empty() || port == 0 {
            return Err(invalid("a port and a database are needed"));
        }
        let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if plain && !loopback {
            return Err(invalid("without TLS only this machine is talked to").with_remedy("use TLS"));
        }
        let tls = if plain { None } else { Some(MakeRustlsConnect::new(verifying(&trusted)?)) };
        let address = format!("postgresql://{host}:{port}/{database}");
        Ok(WireSql { host, port, database, address, login, tls, limits, retry, session: Mutex::new(None) })
    }
}

/// TLS that verifies the whole chain, and the host's name.
fn verifying(trusted: &[u8]) -> Result<ClientConfig> {
    let unreadable = |what: &str| invalid(format!("the certificates to trust cannot be read: {what}"));
    let mut extra = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(trusted) {
        extra.push(certificate.map_err(|error| unreadable(&error.to_string()))?);
    }
    if !trusted.is_empty() && extra.is_empty() {
        return Err(unreadable("there is none in it"));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))
        .map_err(|error| invalid("TLS could not be set up").with_source(error))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid("TLS could not be set up").with_source(error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    Ok(config.with_no_client_auth())
}

fn invalid(message: impl Into<String>) -> Error {
    Error::invalid(BUILD, message.into()).with_attempts(0)
}

#[async_trait]
impl Sql for WireSql {
    fn address(&self) -> &str {
        &self.address
    }

    async fn query(&self, op: &'static str, idempotency: Idempotency, statement: &Statement) -> Result<Rows> {
        let text = statement.inline().map_err(|error| Error::invalid(op, error.to_string()).with_attempts(0))?;
        let began = Instant::now();
        let mut pauses = self.retry.pauses();
        let mut effect = Effect::None;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let error = match self.once(op, &text).await {
                Ok(rows) => return Ok(rows),
                Err(error) => error,
            };
            effect = effect.max(error.effect());
            let again = error.is_retryable() && (idempotency != Idempotency::Once || error.effect() == Effect::None);
            if let (true, Some(pause)) = (again, pauses.next())
                && began.elapsed() + pause <= self.retry.total
            {
                tokio::time::sleep(pause).await;
                continue;
            }
            let effect = if idempotency == Idempotency::Read { Effect::None } else { effect };
            let whole = error.with_target(&self.address).with_attempts(attempts).with_effect(effect);
            return Err(whole.with_elapsed(began.elapsed()));
        }
    }
}

impl WireSql {
    /// One attempt, in the session that is open, or in a new one.
    async fn once(&self, op: &'static str, text: &str) -> Result<Rows> {
        let mut slot = self.session.lock().await;
        let session = match slot.take().filter(|session| !session.client.is_closed()) {
            Some(session) => session,
            None => self.open(op).await?,
        };
        session.allowance.renew(self.limits.bytes);
        let asked = tokio::time::timeout(self.limits.statement, self.ask(op, &session, text)).await;
        let answer = asked.unwrap_or_else(|_| Err(Error::new(op, ErrorKind::Timeout, Effect::Possible)));
        // Of an answer that was cut off, the rest would come before the next one.
        let cut =
            matches!(&answer, Err(error) if error.kind() == ErrorKind::Timeout || error.kind() == ErrorKind::Decode);
        if !cut && !session.client.is_closed() {
            *slot = Some(session);
        }
        answer
    }

    async fn ask(&self, op: &'static str, session: &Session, text: &str) -> Result<Rows> {
        let failed = |error| told(op, &error, session.allowance.is_used_up());
        let mut answer = pin!(session.client.simple_query_raw(text).await.map_err(failed)?);
        let mut columns = Vec::new();
        let mut rows = Vec::new();
        while let Some(message) = answer.try_next().await.map_err(failed)? {
            match message {
                SimpleQueryMessage::RowDescription(described) => {
                    columns = described.iter().map(|column| column.name().to_owned()).collect();
                }
                SimpleQueryMessage::Row(row) => {
                    if rows.len() >= self.limits.rows {
                        return Err(too_much(op, &format!("more than {} rows", self.limits.rows)));
                    }
                    let values = (0..row.len()).map(|at| row.try_get(at).map(|value| value.map(ToOwned::to_owned)));
                    rows.push(values.collect::<Result<Vec<_>, _>>().map_err(failed)?);
                }
                _ => {}
            }
        }
        Ok(Rows::new(columns, rows))
    }

    async fn open(&self, op: &'static str) -> Result<Session> {
        match tokio::time::timeout(self.limits.connect, self.connect(op)).await {
            Ok(Err(error)) if error.kind() == ErrorKind::Unauthenticated => {
                self.login.refused().await;
                Err(error)
            }
            Ok(opened) => opened,
            Err(_) => Err(unconnected(op, "no connection in time")),
        }
    }

    async fn connect(&self, op: &'static str) -> Result<Session> {
        let login = self.login.login().await?;
        let mut config = Config::new();
        config.user(&login.user).password(login.password.expose_secret()).dbname(&self.database);
        config.application_name("redshift-ops");
        let stream = TcpStream::connect((self.host.as_str(), self.port));
        let stream = stream.await.map_err(|error| unconnected(op, &error.to_string()))?;
        // Small questions, small answers.
        let _ = stream.set_nodelay(true);
        let allowance = Allowance::of(self.limits.bytes);
        let stream = Metered::new(stream, allowance.clone());
        let begun = |error| connecting(op, &error);
        let (client, driver) = match self.tls.clone() {
            Some(mut make) => {
                config.ssl_mode(SslMode::Require);
                let tls = MakeTlsConnect::<Metered<TcpStream>>::make_tls_connect(&mut make, &self.host)
                    .map_err(|error| unconnected(op, &error.to_string()))?;
                let (client, connection) = config.connect_raw(stream, tls).await.map_err(begun)?;
                (client, tokio::spawn(drive(connection)).abort_handle())
            }
            None => {
                config.ssl_mode(SslMode::Disable);
                let (client, connection) = config.connect_raw(stream, NoTls).await.map_err(begun)?;
                (client, tokio::spawn(drive(connection)).abort_handle())
            }
        };
        let session = Session { client, driver, allowance };
        // It stops by itself a little before it is given up here.
        let patience = self.limits.statement.as_millis().saturating_sub(500).max(500);
        let set = format!("set statement_timeout to {patience}");
        session.client.batch_execute(&set).await.map_err(begun)?;
        Ok(session)
    }
}

/// Moves what comes and goes. How it ended, the questions that wait for their answers are told.
async fn drive(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    let _ = connection.await;
}

fn unconnected(op: &'static str, words: &str) -> Error {
    let remedy = if words.to_lowercase().contains("certificate") {
        "check the host's name, and which certificates are trusted (Amazon's are in the machine's own list)"
    } else {
        "check the host, the port and the VPN; the Data API needs neither"
    };
    let failed = Error::new(op, ErrorKind::Connect, Effect::None).with_message("no connection");
    failed.with_words(words).with_remedy(remedy)
}

/// What failed before the session was open: nothing was done.
fn connecting(op: &'static str, error: &tokio_postgres::Error) -> Error {
    if error.as_db_error().is_some() {
        return told(op, error, false).with_effect(Effect::None);
    }
    unconnected(op, &chain(error))
}

fn too_much(op: &'static str, what: &str) -> Error {
    Error::new(op, ErrorKind::Decode, Effect::Possible).with_message(format!("the answer is too large: {what}"))
}

/// What failed in an open session.
fn told(op: &'static str, error: &tokio_postgres::Error, used_up: bool) -> Error {
    if used_up {
        return too_much(op, "more bytes than are allowed");
    }
    if let Some(refused) = error.as_db_error() {
        let kind = refusal::by_state(refused.code().code(), refused.message());
        // It was cut off, or stopped, while something ran: whether that was done is not known.
        let effect = if refused.code().code().starts_with("57") { Effect::Possible } else { Effect::None };
        let told = Error::new(op, kind, effect).with_words(refused.message());
        return match refusal::remedy(kind) {
            Some(remedy) => told.with_remedy(remedy),
            None => told,
        };
    }
    let broken =
        error.is_closed() || std::error::Error::source(error).is_some_and(|below| below.is::<std::io::Error>());
    if broken {
        return Error::new(op, ErrorKind::Unavailable, Effect::Possible)
            .with_message("the connection broke before the answer came")
            .with_words(chain(error));
    }
    Error::new(op, ErrorKind::Decode, Effect::Possible).with_words(chain(error))
}

/// An error and those below it, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
