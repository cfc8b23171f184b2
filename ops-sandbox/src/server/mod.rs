//! The world behind real sockets, on loopback.

mod app;
mod cluster;
pub(crate) mod form;
mod listen;
mod report;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use ops_client::{Effect, Error, ErrorKind, Result};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) use app::{App, answer, refused};
use cluster::Cluster;
pub(crate) use listen::Door;

use crate::airflow::{self, Logins};
use crate::{World, aws, databricks, gocd, metabase, metapod, slack, sonar, stacks};

/// The largest request that is read, in bytes: two hundred thousand names fit.
pub(crate) const MAX_REQUEST: usize = 64 << 20;

/// Every system of a world, served over HTTP on the loopback interface until this is dropped: on one port, apart from Aurora's
/// schedulers and the Mesos master, which have a port each, and close it where the world says that they are down.
///
/// Metapod lies at the root, Sonar below `/sonar`, Airflow below `/airflow3` with its API v2 and, with the same DAGs, below
/// `/airflow2` with API v1, Metabase below `/metabase`, Slack below `/slack`, every stack's service below `/services`, GoCD below `/gocd` and, with the same
/// pipelines, as an older release below `/gocd19`, Databricks below `/databricks`; what came of the calls is told at `GET /sandbox/effects` and forgotten
/// at `POST /sandbox/effects/reset`.
///
/// ```
/// use metapod_client::{Environment, MetapodClient, MetapodRead};
/// use ops_sandbox::{Server, World};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (world, night) = World::nightly(1);
/// let server = Server::start(world).await?;
/// let metapod = MetapodClient::builder(Environment::new("sandbox"), &server.metapod_url()).build()?;
/// assert_eq!(metapod.transaction(night.transaction).await?.target_date, Some(night.target_date));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    app: App,
    accepting: JoinHandle<()>,
    cluster: Cluster,
}

impl Server {
    /// Serves a world to everybody on this machine, on any free port.
    ///
    /// # Errors
    /// `Other`, where no port can be had.
    pub async fn start(world: World) -> Result<Self> {
        Self::builder(world).start().await
    }

    /// Begins a server with settings.
    pub fn builder(world: World) -> ServerBuilder {
        ServerBuilder {
            world,
            port: 0,
            bearer: None,
            airflow_logins: None,
            metabase_logins: false,
            gocd_logins: false,
            databricks_logins: None,
        }
    }

    /// The world that is served.
    pub fn world(&self) -> &World {
        self.app.world()
    }

    /// The root of everything, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a Metapod client takes as its address.
    pub fn metapod_url(&self) -> String {
        self.url()
    }

    /// What a Sonar client takes as its address.
    pub fn sonar_url(&self) -> String {
        format!("{}/sonar", self.url())
    }

    /// What an Airflow client takes as its address: Airflow 2.11.2 answers.
    pub fn airflow2_url(&self) -> String {
        format!("{}/airflow2", self.url())
    }

    /// What an Airflow client takes as its address: Airflow 3.3.2 answers, over the same DAGs and runs.
    pub fn airflow3_url(&self) -> String {
        format!("{}/airflow3", self.url())
    }

    /// What a client of Aurora takes as the addresses of the schedulers, in the world's order. They are those that stood in the
    /// world when the server was started ([`scenario::stack`](crate::scenario::stack()) comes first), and the world tells these
    /// addresses from then on. Changes want Basic credentials (`admin`, `operator` or `viewer`, each with its name for a
    /// password), unless [`World::secure_aurora`] says that they do not.
    pub fn aurora_urls(&self) -> Vec<String> {
        self.cluster.schedulers.clone()
    }

    /// What a client of Mesos takes as its address.
    pub fn mesos_url(&self) -> String {
        self.cluster.mesos.clone()
    }

    /// What a client of AWS takes as its endpoint: Auto Scaling, CloudFormation, Redshift's clusters, and who is asking (STS), as far as they
    /// are needed here. Any credentials are good, where a call is signed with some.
    pub fn aws_url(&self) -> String {
        format!("{}/aws", self.url())
    }

    /// How the addresses of all services are made: the template that `version_probe` takes.
    pub fn service_addresses(&self) -> String {
        format!("{}/services/{{environment}}/{{prototype}}/{{suffix}}/{{service}}", self.url())
    }

    /// What a client of Metabase takes as its address.
    pub fn metabase_url(&self) -> String {
        format!("{}/metabase", self.url())
    }

    /// What a client of Slack takes as its address. It wants the token [`slack::TOKEN`].
    pub fn slack_url(&self) -> String {
        format!("{}/slack", self.url())
    }

    /// What a client of GoCD takes as its address: GoCD 23.5 answers.
    pub fn gocd_url(&self) -> String {
        format!("{}/gocd", self.url())
    }

    /// What a client of GoCD takes as its address: GoCD 19.1 answers, of the same pipelines.
    pub fn gocd19_url(&self) -> String {
        format!("{}/gocd19", self.url())
    }

    /// What a client of Databricks takes as its address.
    pub fn databricks_url(&self) -> String {
        format!("{}/databricks", self.url())
    }

    /// From now on no token that Databricks gave to a machine is good: whoever calls must log in again.
    pub fn forget_databricks_logins(&self) {
        self.app.databricks_logins().forget();
    }

    /// From now on no session of Metabase is good: whoever calls must log in again.
    pub fn forget_metabase_logins(&self) {
        self.app.metabase_logins().forget();
    }

    /// From now on no token and no session of Airflow is good, as after a restart: whoever calls must log in again.
    pub fn forget_airflow_logins(&self) {
        self.app.logins().forget();
    }

    /// From now on only this token is good: the one before has expired.
    pub fn rotate_token(&self, token: impl Into<String>) {
        self.app.rotate(token.into());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A server in the making.
#[must_use = "it does nothing until it is started"]
pub struct ServerBuilder {
    world: World,
    port: u16,
    bearer: Option<String>,
    airflow_logins: Option<Duration>,
    metabase_logins: bool,
    gocd_logins: bool,
    databricks_logins: Option<Duration>,
}

impl std::fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerBuilder").field("world", &self.world).field("port", &self.port).finish_non_exhaustive()
    }
}

impl ServerBuilder {
    /// On this port; 0 is any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Answers 401 to whoever does not bring this bearer token.
    pub fn require_bearer(mut self, token: impl Into<String>) -> Self {
        self.bearer = Some(token.into());
        self
    }

    /// Airflow answers only to who logged in: `admin` may do everything, `viewer` may read everything; each has its name for a
    /// password. A token lives this long. Without it whoever calls is the admin.
    pub fn require_airflow_logins(mut self, token_lifetime: Duration) -> Self {
        self.airflow_logins = Some(token_lifetime);
        self
    }

    /// Metabase answers only to who logged in: `admin` or `viewer`, each with its name for a password, or with the API key
    /// `mb_admin` or `mb_viewer`. Without it whoever calls is the admin.
    pub fn require_metabase_logins(mut self) -> Self {
        self.metabase_logins = true;
        self
    }

    /// GoCD answers only to who says who they are: `admin` or `viewer`, each with its name for a password, or with the token
    /// `go_admin` or `go_viewer`. Without it whoever calls without a login is answered too.
    pub fn require_gocd_logins(mut self) -> Self {
        self.gocd_logins = true;
        self
    }

    /// Databricks answers only to who says who they are: `admin` may do everything, `viewer` may read everything; each by
    /// `dapi_` and its name as a personal access token, or by its name as a client id and a secret for a token that lives this
    /// long. Without it whoever calls without a login is the admin.
    pub fn require_databricks_logins(mut self, token_lifetime: Duration) -> Self {
        self.databricks_logins = Some(token_lifetime);
        self
    }

    /// Starts it on the current runtime.
    ///
    /// # Errors
    /// `Other`, where the port cannot be had.
    pub async fn start(self) -> Result<Server> {
        let failed = |error: std::io::Error| {
            Error::new("sandbox.server", ErrorKind::Other, Effect::None)
                .with_message("the sandbox cannot listen")
                .with_source(error)
        };
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let day = Duration::from_secs(24 * 60 * 60);
        let logins = Logins::new(self.airflow_logins.is_some(), self.airflow_logins.unwrap_or(day));
        let app = App::new(self.world, self.bearer, logins);
        if self.metabase_logins {
            app.metabase_logins().require();
        }
        if self.gocd_logins {
            app.gocd_logins().require();
        }
        if let Some(lifetime) = self.databricks_logins {
            app.databricks_logins().require(lifetime);
        }
        let router = Router::new()
            .merge(metapod::routes())
            .merge(aws::routes())
            .nest("/sonar", sonar::routes())
            .nest("/services", stacks::routes())
            .nest("/metabase", metabase::routes())
            .nest("/databricks", databricks::routes())
            .nest("/slack", slack::routes())
            .nest("/gocd", gocd::newer())
            .nest("/gocd19", gocd::older())
            .nest("/airflow2", airflow::airflow2())
            .nest("/airflow3", airflow::airflow3())
            .nest("/sandbox", report::routes())
            .layer(DefaultBodyLimit::max(MAX_REQUEST))
            .with_state(app.clone());
        let cluster = Cluster::start(&app).await.map_err(failed)?;
        let accepting = tokio::spawn(listen::accept(listener, router));
        Ok(Server { address, app, accepting, cluster })
    }
}
