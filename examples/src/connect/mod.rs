//! From a place to the systems: clients that are built, or the sandbox that is started.

#[cfg(feature = "airflow")]
mod airflow;
#[cfg(feature = "aurora")]
mod cluster;
#[cfg(feature = "databricks")]
mod databricks;
mod datasets;
mod files;
#[cfg(feature = "aurora")]
mod journals;
#[cfg(feature = "airflow")]
mod night;
#[cfg(feature = "services")]
mod services;
#[cfg(feature = "slack")]
mod slack;
#[cfg(feature = "redshift")]
mod warehouse;
mod way;

use std::sync::Arc;
use std::time::Duration;

use metapod_client::TransactionId;
use ops_client::http::{ExposeSecret, SecretString};
use ops_plan::{Recipe, Registry, Target};
use ops_recipes::first::System;
#[cfg(feature = "recover")]
use ops_recipes::recover::{RecoverReads, RecoverRun};
use ops_sandbox::scenario::Nightly;
use ops_sandbox::{Fault, Server, Target as Calls, World};

use self::way::{Way, missing};
use crate::config::{Empty, Environment};
use crate::exit::Failure;
use crate::place::{Place, Resolved};
use crate::secrets::Reference;

#[cfg(feature = "airflow")]
pub use self::airflow::Airflow;
#[cfg(feature = "aurora")]
pub use self::cluster::Cluster;
#[cfg(feature = "databricks")]
pub use self::databricks::Databricks;
pub use self::datasets::Datasets;
#[cfg(feature = "services")]
pub use self::services::Services;
#[cfg(feature = "slack")]
pub use self::slack::Announced;
#[cfg(feature = "redshift")]
pub use self::warehouse::{Through, Warehouse};
#[cfg(all(feature = "aurora", feature = "redshift", feature = "services"))]
pub(crate) use self::{
    cluster::in_sandbox as cluster_in_sandbox, cluster::journal_in_sandbox,
    services::configured as services_in_sandbox, warehouse::in_sandbox as warehouse_in_sandbox,
};

/// How long the embedded sandbox takes for an answer: so long that a bar is seen to move.
const SANDBOX_LATENCY: Duration = Duration::from_millis(40);
/// The seed of the embedded sandbox.
const SANDBOX_SEED: u64 = 1;

/// What a program may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Only look: no credential for changes is even read.
    Read,
    /// Look and change.
    Write,
}

/// The systems of one environment: those that have an address.
#[derive(Clone)]
pub struct Reach {
    /// Where.
    pub target: Target,
    /// How it was reached, for a run to keep.
    pub place: Place,
    /// What is configured for it.
    pub settings: Environment,
    datasets: Option<Datasets>,
    #[cfg(feature = "databricks")]
    databricks: Databricks,
    #[cfg(feature = "airflow")]
    airflow: Option<Airflow>,
    #[cfg(feature = "aurora")]
    cluster: Cluster,
    #[cfg(feature = "redshift")]
    warehouse: Warehouse,
    #[cfg(feature = "services")]
    services: Services,
    /// The sandbox, where it runs inside of this process: it ends with this.
    pub sandbox: Option<Arc<Embedded>>,
}

/// The sandbox inside of this process.
#[derive(Debug)]
pub struct Embedded {
    /// Tonight's run.
    pub transaction: TransactionId,
    /// The night's transactions.
    pub night: Nightly,
    world: World,
    /// Its sockets, where it has some.
    _server: Option<Server>,
}

impl Embedded {
    /// What is in it.
    pub fn world(&self) -> &World {
        &self.world
    }
}

impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reach").field("target", &self.target).field("sandbox", &self.sandbox).finish_non_exhaustive()
    }
}

/// Reaches the systems of a place.
///
/// # Errors
/// Where no environment is named although there are some, no system has an address, a secret is missing, or a client cannot
/// be built. No system is called.
pub async fn connect(place: Place, rights: Rights) -> Result<Reach, Failure> {
    match place.resolve()? {
        Resolved::Embedded => embedded(place, rights).await,
        Resolved::Real(name, environment) => {
            let target = if environment.production { Target::production(&*name) } else { Target::new(&*name) };
            reach(place.from_anywhere(), target, *environment, rights).await
        }
    }
}

async fn embedded(place: Place, rights: Rights) -> Result<Reach, Failure> {
    let (world, night) = World::nightly(SANDBOX_SEED);
    #[cfg(feature = "aurora")]
    let stack = ops_sandbox::scenario::stack(&world);
    #[cfg(feature = "airflow")]
    night::prepare(&world, &night)?;
    world.faults().sometimes(1.0, Calls::All, Fault::Delay(SANDBOX_LATENCY));
    #[cfg(feature = "airflow")]
    let airflow = Airflow::of_sandbox(world.airflow(), rights);
    let server = Server::start(world.clone()).await?;
    let empty_file = "s3://sandbox-static/empty.gz.parquet".parse().ok();
    let settings = Environment {
        sonar_url: Some(server.sonar_url()),
        metapod_url: Some(server.metapod_url()),
        empty_file: empty_file.map(|path| Empty { path, format: None }),
        empty_files: "s3://sandbox-static/empty".parse().ok(),
        #[cfg(feature = "databricks")]
        databricks: Some(databricks::in_sandbox(&world, &night, &server)?),
        #[cfg(feature = "aurora")]
        fleet: Some(cluster::in_sandbox(stack)),
        #[cfg(feature = "redshift")]
        redshift: Some(warehouse::in_sandbox(&world)),
        #[cfg(feature = "services")]
        services: Some(services::in_sandbox(&world, &Target::sandbox().environment)?),
        #[cfg(feature = "services")]
        tables: Some(crate::config::Tables { region: "sandbox".into(), ..Default::default() }),
        #[cfg(feature = "aurora")]
        journal_command: cluster::journal_in_sandbox(),
        ..Environment::default()
    };
    let mut reach = reach(Place { embedded: true, ..place }, Target::sandbox(), settings, rights).await?;
    let files = ops_sandbox::scenario::files(&world, &night).await?;
    reach.datasets = reach.datasets.map(|datasets| datasets.without_jobs().with_files(files));
    #[cfg(feature = "airflow")]
    {
        reach.airflow = Some(airflow);
    }
    #[cfg(feature = "aurora")]
    {
        let way = Way::new(&reach.target.environment, &reach.settings)?;
        reach.cluster = Cluster::of_sandbox(&way, &server, &world, rights)?;
    }
    #[cfg(feature = "redshift")]
    {
        reach.warehouse = Warehouse::of_sandbox(&world, rights);
    }
    #[cfg(feature = "services")]
    {
        let way = Way::new(&reach.target.environment, &reach.settings)?;
        reach.services = Services::of_sandbox(&way, &server, &world, rights)?;
    }
    reach.sandbox = Some(Arc::new(Embedded { transaction: night.transaction, night, world, _server: Some(server) }));
    Ok(reach)
}

/// Reaches a world that somebody made, without a socket: every port of it is in memory.
///
/// # Errors
/// Where the address of a service cannot be told.
pub fn in_memory(world: World, night: Nightly, settings: Environment) -> Result<Reach, Failure> {
    Ok(Reach {
        target: Target::sandbox(),
        place: Place { embedded: true, ..Place::default() },
        datasets: Some(Datasets::in_memory(&world)),
        #[cfg(feature = "databricks")]
        databricks: Databricks::default(),
        #[cfg(feature = "airflow")]
        airflow: Some(Airflow::of_sandbox(world.airflow(), Rights::Write)),
        #[cfg(feature = "aurora")]
        cluster: Cluster::in_memory(&world, &settings),
        #[cfg(feature = "redshift")]
        warehouse: Warehouse::of_sandbox(&world, Rights::Write),
        #[cfg(feature = "services")]
        services: Services::in_memory(&world)?,
        sandbox: Some(Arc::new(Embedded { transaction: night.transaction, night, world, _server: None })),
        settings,
    })
}

async fn reach(place: Place, target: Target, settings: Environment, rights: Rights) -> Result<Reach, Failure> {
    let name = target.environment.clone();
    let way = Way::new(&name, &settings)?;
    let datasets = match (&settings.sonar_url, &settings.metapod_url) {
        (Some(sonar), Some(metapod)) => Some(Datasets::reach(&way, sonar, metapod, rights).await?),
        _ => None,
    };
    #[cfg(feature = "databricks")]
    let databricks = Databricks::reach(&way, rights).await?;
    #[cfg(feature = "airflow")]
    let airflow = match &settings.airflow_url {
        Some(address) => Some(Airflow::reach(&way, address, rights).await?),
        None => None,
    };
    #[cfg(feature = "aurora")]
    let cluster = Cluster::reach(&way, rights).await?;
    #[cfg(feature = "redshift")]
    let warehouse = Warehouse::reach(&way, rights).await?;
    #[cfg(feature = "services")]
    let services = Services::reach(&way, rights).await?;
    let reach = Reach {
        target,
        place,
        datasets,
        #[cfg(feature = "databricks")]
        databricks,
        #[cfg(feature = "airflow")]
        airflow,
        #[cfg(feature = "aurora")]
        cluster,
        #[cfg(feature = "redshift")]
        warehouse,
        #[cfg(feature = "services")]
        services,
        sandbox: None,
        settings: settings.clone(),
    };
    if reach.addresses().is_empty() {
        return Err(Failure::usage(reach.without_datasets()));
    }
    Ok(reach)
}

/// The address of a webhook.
///
/// # Errors
/// Where the reference leads nowhere.
pub async fn webhook(reference: &Reference) -> Result<SecretString, ops_client::Error> {
    let address = reference.read().await?;
    Ok(SecretString::from(address.expose_secret().trim()))
}

impl Reach {
    /// All recipes whose systems are reached.
    pub fn registry(&self) -> Registry {
        let registry = Registry::new();
        let registry = match &self.datasets {
            Some(datasets) => datasets.register(registry),
            None => registry,
        };
        #[cfg(feature = "airflow")]
        let registry = match &self.airflow {
            Some(airflow) => airflow.register(registry, self.beside()),
            None => registry,
        };
        #[cfg(feature = "aurora")]
        let registry = {
            let airflow = self.airflow.as_ref().map(|airflow| Arc::clone(&airflow.reads));
            self.cluster.register(registry, &self.settings, airflow.zip(self.only_dag()))
        };
        #[cfg(feature = "recover")]
        let registry = {
            let airflow = self.airflow.as_ref().map(|airflow| Arc::clone(&airflow.reads));
            self.cluster.register_ladder(registry, airflow)
        };
        #[cfg(feature = "redshift")]
        let registry = self.warehouse.register(registry);
        #[cfg(feature = "services")]
        let registry = self.services.register(registry);
        registry
    }

    /// The same, which keeps what machines know beside these runs.
    #[must_use]
    pub fn keeping_beside(self, runs: &std::path::Path) -> Self {
        #[cfg(feature = "aurora")]
        return {
            let mut reach = self;
            reach.cluster.keep_journals(runs);
            reach
        };
        #[cfg(not(feature = "aurora"))]
        return {
            let _ = runs;
            self
        };
    }

    #[cfg(feature = "airflow")]
    fn beside(&self) -> airflow::Beside<'_> {
        #[cfg(feature = "aurora")]
        let (jobs, kills) = (self.cluster.run_jobs(&self.settings), self.cluster.kill_jobs());
        #[cfg(not(feature = "aurora"))]
        let (jobs, kills) = (None, None);
        airflow::Beside { jobs, kills, datasets: self.datasets.as_ref() }
    }

    /// The DAGs that are configured; in the embedded sandbox its nightly one.
    ///
    /// # Errors
    /// Where a name is none of a DAG.
    #[cfg(feature = "airflow")]
    pub fn dags(&self) -> Result<Vec<airflow_client::DagId>, Failure> {
        let names = self.settings.dags.keys().map(String::as_str);
        let nightly = self.sandbox.as_ref().map(|_| "dagao");
        let wrong = |name: &str, error: &dyn std::fmt::Display| Failure::usage(format!("dags.{name}: {error}"));
        nightly.into_iter().chain(names).map(|name| name.parse().map_err(|error| wrong(name, &error))).collect()
    }

    /// The DAG whose tasks run on the cluster, where only one is configured.
    #[cfg(feature = "aurora")]
    fn only_dag(&self) -> Option<airflow_client::DagId> {
        let name = match (&self.sandbox, self.settings.dags.len()) {
            (Some(_), _) => "dagao",
            (None, 1) => self.settings.dags.keys().next()?,
            _ => return None,
        };
        name.parse().ok()
    }

    /// All recipes whose systems are reached, this one among them.
    ///
    /// # Errors
    /// Where a system that this recipe needs has no address: which one, and how to give it.
    pub fn registry_for<R: Recipe>(&self) -> Result<Registry, Failure> {
        let registry = self.registry();
        if registry.knows(R::ID) {
            return Ok(registry);
        }
        #[cfg(feature = "aurora")]
        if let Some((system, setting)) = self.cluster.lacks(R::ID) {
            return Err(Failure::usage(way::unconfigured(&self.target.environment, system, setting)));
        }
        #[cfg(feature = "redshift")]
        if let Some((system, setting)) = self.warehouse.lacks(R::ID) {
            return Err(Failure::usage(way::unconfigured(&self.target.environment, system, setting)));
        }
        #[cfg(feature = "services")]
        if let Some((system, setting)) = self.services.lacks(R::ID) {
            return Err(Failure::usage(way::unconfigured(&self.target.environment, system, setting)));
        }
        // Every other recipe that is not about datasets is about the DAG run.
        Err(Failure::usage(if self.datasets.is_none() { self.without_datasets() } else { self.without_airflow() }))
    }

    /// What is reached, and where.
    pub fn addresses(&self) -> Vec<String> {
        let addresses = self.datasets.iter().flat_map(Datasets::addresses);
        #[cfg(feature = "databricks")]
        let addresses = addresses.chain(self.databricks.addresses());
        #[cfg(feature = "airflow")]
        let addresses = addresses.chain(self.airflow.iter().map(Airflow::at));
        #[cfg(feature = "aurora")]
        let addresses = addresses.chain(self.cluster.addresses());
        #[cfg(feature = "redshift")]
        let addresses = addresses.chain(self.warehouse.addresses());
        #[cfg(feature = "services")]
        let addresses = addresses.chain(self.services.addresses());
        let slack = self.settings.slack.as_ref().map(|slack| format!("Slack at {}", slack.address()));
        addresses.chain(slack).collect()
    }

    /// The systems that are looked at first.
    pub fn systems(&self) -> Vec<Arc<dyn System>> {
        let name = &*self.target.environment;
        let systems = self
            .datasets
            .iter()
            .flat_map(|datasets| datasets.systems(name).into_iter().chain(datasets.files_system(&self.settings)));
        #[cfg(feature = "databricks")]
        let systems = systems.chain(self.databricks.system());
        #[cfg(feature = "airflow")]
        let systems = systems.chain(self.airflow.iter().map(|airflow| airflow.system(name)));
        #[cfg(feature = "aurora")]
        let systems = systems.chain(self.cluster.system(name, &self.settings));
        #[cfg(feature = "redshift")]
        let systems = systems.chain(self.warehouse.systems(name, &self.settings));
        #[cfg(feature = "services")]
        let systems = systems.chain(self.services.systems(name, &self.settings));
        systems.collect()
    }

    /// The same, with those whose tokens are read only now.
    pub async fn everything(&self) -> Vec<Arc<dyn System>> {
        #[cfg(feature = "slack")]
        return self.systems_and_slack().await;
        #[cfg(not(feature = "slack"))]
        return self.systems();
    }

    /// Sonar and Metapod.
    ///
    /// # Errors
    /// Where one of them has no address.
    pub fn datasets(&self) -> Result<&Datasets, Failure> {
        self.datasets.as_ref().ok_or_else(|| Failure::usage(self.without_datasets()))
    }

    /// What a dataset is looked at through before it is loaded.
    ///
    /// # Errors
    /// Where Sonar or Metapod has no address.
    #[cfg(feature = "databricks")]
    pub fn loading(&self) -> Result<ops_recipes::datasets::LoadReads, Failure> {
        Ok(self.databricks.reads(self.datasets()?))
    }

    /// The workspace of Databricks, to have something done there.
    ///
    /// # Errors
    /// Where none is configured, or this may only look.
    #[cfg(feature = "databricks")]
    pub fn workspace(&self) -> Result<Arc<dyn databricks_client::WorkspaceWrite>, Failure> {
        let text = || way::unconfigured(&self.target.environment, "Databricks", "databricks");
        self.databricks.writes().ok_or_else(|| Failure::usage(text()))
    }

    /// Airflow.
    ///
    /// # Errors
    /// Where it has no address.
    #[cfg(feature = "airflow")]
    pub fn airflow(&self) -> Result<&Airflow, Failure> {
        self.airflow.as_ref().ok_or_else(|| Failure::usage(self.without_airflow()))
    }

    /// Aurora.
    ///
    /// # Errors
    /// Where it has no address.
    #[cfg(feature = "aurora")]
    pub fn aurora(&self) -> Result<&dyn aurora_client::AuroraRead, Failure> {
        let text = || way::unconfigured(&self.target.environment, "Aurora", "aurora_urls");
        self.cluster.aurora().ok_or_else(|| Failure::usage(text()))
    }

    /// What the ladder for a failed run reads from, with what these pipelines deploy.
    ///
    /// # Errors
    /// Where Aurora or the machines have no address.
    #[cfg(feature = "recover")]
    pub fn recover_reads(&self, pipelines: Vec<gocd_client::PipelineName>) -> Result<RecoverReads, Failure> {
        let airflow = self.airflow.as_ref().map(|airflow| Arc::clone(&airflow.reads));
        let Some(reads) = self.cluster.recover_reads(airflow) else {
            let (system, setting) = self.cluster.lacks(RecoverRun::ID).unwrap_or(("the cluster", "aurora_urls"));
            return Err(Failure::usage(way::unconfigured(&self.target.environment, system, setting)));
        };
        Ok(match self.services.deploys(pipelines) {
            Some(deploys) => reads.with_deploys(Arc::new(deploys)),
            None => reads,
        })
    }

    /// The warehouse: what of it is configured.
    #[cfg(feature = "redshift")]
    pub fn warehouse(&self) -> &Warehouse {
        &self.warehouse
    }

    /// The services: what of them is configured.
    #[cfg(feature = "services")]
    pub fn services(&self) -> &Services {
        &self.services
    }

    fn without_airflow(&self) -> String {
        missing(&self.target.environment, "Airflow", "airflow_url")
    }

    fn without_datasets(&self) -> String {
        let (system, setting) =
            if self.settings.sonar_url.is_none() { ("Sonar", "sonar_url") } else { ("Metapod", "metapod_url") };
        missing(&self.target.environment, system, setting)
    }

    /// What may be asked of the embedded sandbox only.
    ///
    /// # Errors
    /// Where the environment is another one.
    pub fn sandbox_only(&self, flag: &str) -> Result<&Embedded, Failure> {
        let elsewhere = || format!("{flag} is for the embedded sandbox only, and this is {}", self.target);
        self.sandbox.as_deref().ok_or_else(|| Failure::usage(elsewhere()))
    }

    /// The transaction that is meant: the named one; in the embedded sandbox otherwise tonight's.
    ///
    /// # Errors
    /// Where none is named for a real environment.
    pub fn transaction(&self, named: Option<TransactionId>) -> Result<TransactionId, Failure> {
        named.or(self.sandbox.as_ref().map(|sandbox| sandbox.transaction)).ok_or_else(|| {
            Failure::usage("say which transaction: --transaction ID (Sonar's page of transactions shows it)")
        })
    }
}
