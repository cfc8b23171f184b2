//! A real PostgreSQL that answers as a Redshift does: `peers/redshift`, whose address is in `REDSHIFT_PEER_URL`.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use redshift_ops::sql::{Login, WireSql};
use redshift_ops::{Pid, SessionKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::Mutex;
use tokio_postgres::{Client, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Where it is.
#[derive(Clone)]
pub(crate) struct Postgres {
    pub(crate) port: u16,
    pub(crate) ca: Vec<u8>,
}

impl Postgres {
    /// The one of the tests; `None`, said aloud, where there is none. In CI that is a failure.
    #[expect(clippy::disallowed_methods, reason = "where the peer listens is known to the script that started it")]
    #[expect(clippy::explicit_write, reason = "what a passing test prints is not shown, unless it goes straight out")]
    pub(crate) fn there_is() -> Option<Self> {
        let (Ok(url), Ok(ca)) = (std::env::var("REDSHIFT_PEER_URL"), std::env::var("REDSHIFT_PEER_CA")) else {
            assert!(std::env::var_os("CI").is_none(), "in CI the peer must run: REDSHIFT_PEER_URL is not set");
            writeln!(std::io::stderr(), "skipped: start peers/redshift and set REDSHIFT_PEER_URL").unwrap();
            return None;
        };
        let port = url.rsplit_once(':').unwrap().1.split('/').next().unwrap().parse().unwrap();
        Some(Self { port, ca: std::fs::read(ca).unwrap() })
    }

    /// The way to a database, as one whose password is their name.
    pub(crate) fn wire(&self, database: &str, user: &str) -> WireSql {
        self.wire_with(database, user, user)
    }

    pub(crate) fn wire_with(&self, database: &str, user: &str, password: &str) -> WireSql {
        let login = Login::new(user, password.to_owned().into());
        WireSql::builder("localhost", self.port, database, login).ca_bundle_pem(self.ca.clone()).build().unwrap()
    }

    /// A session of another hand.
    pub(crate) async fn session(&self, database: &str, user: &str) -> Client {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&self.ca).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider);
        let tls = tls.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let mut config = tokio_postgres::Config::new();
        config.host("localhost").port(self.port).dbname(database).user(user).password(user);
        config.ssl_mode(tokio_postgres::config::SslMode::Require);
        let made = config.connect(MakeRustlsConnect::new(tls.with_no_client_auth())).await;
        let (client, connection) = made.unwrap();
        tokio::spawn(connection);
        client
    }

    /// A warehouse of this test's own.
    pub(crate) async fn warehouse(&self, name: &str) -> Warehouse {
        let all = self.session("postgres", "rdsdb").await;
        all.batch_execute(&format!("drop database if exists {name} with (force)")).await.unwrap();
        all.batch_execute(&format!("create database {name} template warehouse owner loader")).await.unwrap();
        self.found(name).await
    }

    /// A warehouse that is there.
    pub(crate) async fn found(&self, name: &str) -> Warehouse {
        let admin = self.session(name, "rdsdb").await;
        Warehouse { postgres: self.clone(), name: name.to_owned(), admin, open: Mutex::default() }
    }
}

/// A database, and the sessions of others in it.
pub(crate) struct Warehouse {
    pub(crate) postgres: Postgres,
    pub(crate) name: String,
    pub(crate) admin: Client,
    open: Mutex<HashMap<SessionKey, Client>>,
}

impl Warehouse {
    /// A session that has run these statements.
    pub(crate) async fn open(&self, user: &str, statements: &str) -> SessionKey {
        let (client, key) = self.begin(user).await;
        client.batch_execute(statements).await.unwrap();
        self.open.lock().await.insert(key, client);
        key
    }

    /// A session that begins to run these statements; how they end, nobody is told.
    pub(crate) async fn run(&self, user: &str, statements: &str) -> SessionKey {
        let (client, key) = self.begin(user).await;
        let statements = statements.to_owned();
        tokio::spawn(async move {
            let _ = client.batch_execute(&statements).await;
        });
        key
    }

    async fn begin(&self, user: &str) -> (Client, SessionKey) {
        let client = self.postgres.session(&self.name, user).await;
        let text = "select process, starttime from stv_sessions where process = pg_backend_pid()";
        let found = client.simple_query(text).await.unwrap();
        let row = found.iter().find_map(|one| if let SimpleQueryMessage::Row(row) = one { Some(row) } else { None });
        let row = row.unwrap();
        let pid = Pid::new(row.get(0).unwrap().parse().unwrap()).unwrap();
        let started = format!("{}Z", row.get(1).unwrap().replace(' ', "T")).parse().unwrap();
        (client, SessionKey::new(pid, started))
    }

    pub(crate) async fn close(&self, session: &SessionKey) {
        drop(self.open.lock().await.remove(session));
    }

    /// What a superuser reads, as numbers.
    pub(crate) async fn count(&self, query: &str) -> i64 {
        let found = self.admin.simple_query(query).await.unwrap();
        let row = found.iter().find_map(|one| if let SimpleQueryMessage::Row(row) = one { Some(row) } else { None });
        row.unwrap().get(0).unwrap().parse().unwrap()
    }

    pub(crate) async fn until(&self, query: &str) {
        for _ in 0..600 {
            if self.count(query).await > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never: {query}");
    }

    /// No session of others, and the tables as they were.
    pub(crate) async fn as_new(&self, tables: &[String]) {
        self.open.lock().await.clear();
        let others = "select count(*) - count(pg_terminate_backend(pid)) from pg_stat_activity where pid <> pg_backend_pid() \
                      and datname = current_database() and application_name <> 'redshift-ops'";
        self.count(others).await;
        let gone = "select (count(*) = 0)::int from pg_stat_activity where pid <> pg_backend_pid() \
                    and datname = current_database() and application_name <> 'redshift-ops'";
        self.until(gone).await;
        let mut sql = String::from(
            "drop schema if exists fact cascade; drop schema if exists dimension cascade; \
             drop schema if exists temporary_fact cascade; drop schema if exists temporary_dimension cascade; \
             truncate meta.loads; delete from stl_load_errors; set role loader;",
        );
        for schema in ["fact", "dimension", "temporary_fact", "temporary_dimension"] {
            sql.push_str(&format!("create schema {schema}; grant usage on schema {schema} to public;"));
        }
        for table in tables {
            sql.push_str(&format!("create table {table} (id bigint); grant select on {table} to public;"));
        }
        sql.push_str("reset role;");
        self.admin.batch_execute(&sql).await.unwrap();
    }
}
