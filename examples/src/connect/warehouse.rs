//! The warehouse: the cluster, its SQL, and Metabase. Each is there or not, as the configuration says.

#[cfg(feature = "aws")]
mod by_prefix;

use std::sync::Arc;

use metabase_client::{MetabaseClient, MetabaseRead};
use ops_client::http::{Credential, ExposeSecret, SecretString};
use ops_plan::{Recipe, Registry};
use ops_recipes::first::{MetabaseSystem, RedshiftSystem, System};
use ops_recipes::redshift::{LoadedReads, MetabaseLoads, RestartRedshift, WarehouseReads, WarehouseWrites};
use ops_sandbox::World;
use ops_sandbox::redshift::ClusterSpec;
use redshift_ops::sql::{LoadsTable, Login as SqlLogin, Sql, Warehouse as SqlWarehouse, WireSql};
use redshift_ops::{ClusterRead, ClusterWrite, LoadsRead, WarehouseRead, WarehouseWrite};

use super::Rights;
use super::way::Way;
use crate::config::{Environment, Redshift};
use crate::exit::{Failure, told};
use crate::login::Read;

const METABASE: (&str, &str) = ("Metabase", "metabase_url");
/// Where Metabase shows what was loaded.
const LOADS: &str = "Belo Monte - Meta - Loads";
/// As whom the embedded sandbox is looked at.
const SANDBOX_USER: &str = "sao_pedro";

/// The clusters of one environment.
#[derive(Clone)]
struct Clusters {
    reads: Arc<dyn ClusterRead>,
    writes: Option<Arc<dyn ClusterWrite>>,
    address: String,
}

/// Its SQL.
#[derive(Clone)]
struct Sessions {
    reads: Arc<dyn WarehouseRead>,
    writes: Option<Arc<dyn WarehouseWrite>>,
    loads: Arc<dyn LoadsRead>,
    address: String,
}

/// Metabase.
#[derive(Clone)]
struct Metabase {
    reads: Arc<dyn MetabaseRead>,
    loads: Arc<dyn LoadsRead>,
    address: String,
}

/// The warehouse of one environment.
#[derive(Clone, Default)]
pub struct Warehouse {
    clusters: Option<Clusters>,
    sessions: Option<Sessions>,
    metabase: Option<Metabase>,
}

impl std::fmt::Debug for Warehouse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Warehouse").field("addresses", &self.addresses().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl Warehouse {
    /// What of the warehouse is configured.
    pub(super) async fn reach(way: &Way<'_>, rights: Rights) -> Result<Self, Failure> {
        let mut warehouse = Self::default();
        if let Some(settings) = &way.settings.redshift {
            #[cfg(feature = "aws")]
            {
                // What AWS's own library does here takes much room, and callers need not carry it.
                let (clusters, sessions) = Box::pin(over_aws(way, settings, rights)).await?;
                (warehouse.clusters, warehouse.sessions) = (Some(clusters), sessions);
            }
            if warehouse.sessions.is_none()
                && let Some((host, password)) = settings.host.as_ref().zip(settings.password.as_ref())
            {
                let password = password.read().await?;
                let password = SecretString::from(password.expose_secret().trim());
                let login = SqlLogin::new(&settings.user, password);
                let wire = WireSql::builder(host, settings.port, &settings.database, login);
                warehouse.sessions = Some(sessions(settings, over_wire(way, wire)?, rights)?);
            }
        }
        if let Some(address) = &way.settings.metabase_url {
            let client = Arc::new(metabase(way, address).await?);
            let place = way.settings.metabase_loads.as_deref().unwrap_or(LOADS);
            warehouse.metabase = Some(Metabase::new(client, place, address));
        }
        Ok(warehouse)
    }

    /// The one in the sandbox inside of this process.
    pub(super) fn of_sandbox(world: &World, rights: Rights) -> Self {
        let may = rights == Rights::Write;
        let cluster = Arc::new(world.redshift_cluster());
        let warehouse = Arc::new(world.warehouse_as(SANDBOX_USER));
        let address = "this process".to_owned();
        Self {
            clusters: Some(Clusters {
                reads: Arc::clone(&cluster) as Arc<dyn ClusterRead>,
                writes: may.then_some(cluster as Arc<dyn ClusterWrite>),
                address: address.clone(),
            }),
            sessions: Some(Sessions {
                reads: Arc::clone(&warehouse) as Arc<dyn WarehouseRead>,
                writes: may.then(|| Arc::clone(&warehouse) as Arc<dyn WarehouseWrite>),
                loads: warehouse as Arc<dyn LoadsRead>,
                address: address.clone(),
            }),
            metabase: Some(Metabase::new(Arc::new(world.metabase()), LOADS, &address)),
        }
    }

    fn reads(&self) -> Option<WarehouseReads> {
        let mut reads = WarehouseReads::new(Arc::clone(&self.clusters.as_ref()?.reads));
        if let Some(sessions) = &self.sessions {
            reads = reads.with_warehouse(Arc::clone(&sessions.reads)).with_loads(Arc::clone(&sessions.loads));
        } else if let Some(metabase) = &self.metabase {
            reads = reads.with_loads(Arc::clone(&metabase.loads));
        }
        Some(reads)
    }

    /// All recipes whose systems are reached.
    pub(super) fn register(&self, registry: Registry) -> Registry {
        let Some(reads) = self.reads() else { return registry };
        let writes = self.clusters.as_ref().and_then(|clusters| {
            let writes = WarehouseWrites::new(Arc::clone(clusters.writes.as_ref()?));
            Some(match self.sessions.as_ref().and_then(|sessions| sessions.writes.as_ref()) {
                Some(sessions) => writes.with_warehouse(Arc::clone(sessions)),
                None => writes,
            })
        });
        match writes {
            Some(writes) => registry.with::<RestartRedshift>(reads, writes),
            None => registry.reading::<RestartRedshift>(reads),
        }
    }

    /// Which system a recipe of the warehouse misses, and the setting that tells where it is.
    pub(super) fn lacks(&self, recipe: &str) -> Option<(&'static str, &'static str)> {
        (recipe == RestartRedshift::ID && self.clusters.is_none()).then_some(("Redshift", "redshift"))
    }

    /// The Loads table, through the warehouse itself or through Metabase.
    ///
    /// # Errors
    /// Where that way is not configured; without one that was asked for, where none is.
    pub fn loaded(&self, environment: &str, through: Option<Through>) -> Result<LoadedReads, Failure> {
        let sql = self.sessions.as_ref().map(|sessions| (Arc::clone(&sessions.loads), "Redshift"));
        let metabase = self.metabase.as_ref().map(|metabase| (Arc::clone(&metabase.loads), "Metabase"));
        let (found, lacks) = match through {
            None => (sql.or(metabase), ("Redshift's SQL or Metabase", "redshift or metabase_url")),
            Some(Through::Redshift) => (sql, ("Redshift's SQL", "redshift")),
            Some(Through::Metabase) => (metabase, METABASE),
        };
        let unconfigured = || Failure::usage(super::way::unconfigured(environment, lacks.0, lacks.1));
        let (loads, source) = found.ok_or_else(unconfigured)?;
        let reads = LoadedReads::new(loads, source);
        Ok(match &self.sessions {
            Some(sessions) => reads.with_warehouse(Arc::clone(&sessions.reads)),
            None => reads,
        })
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = String> {
        let clusters = self.clusters.as_ref().map(|clusters| format!("Redshift at {}", clusters.address));
        let sessions = self.sessions.as_ref().map(|sessions| format!("the warehouse at {}", sessions.address));
        let metabase = self.metabase.as_ref().map(|metabase| format!("Metabase at {}", metabase.address));
        clusters.into_iter().chain(sessions).chain(metabase)
    }

    pub(super) fn systems(&self, environment: &str, settings: &Environment) -> Vec<Arc<dyn System>> {
        let mut systems: Vec<Arc<dyn System>> = Vec::new();
        if let (Some(clusters), Some(redshift)) = (&self.clusters, &settings.redshift) {
            let reads = Arc::clone(&clusters.reads);
            let system = RedshiftSystem::new(reads, &redshift.cluster, environment, &clusters.address);
            let system = system.with_loader(&redshift.loader);
            systems.push(Arc::new(match &self.sessions {
                Some(sessions) => system.with_warehouse(Arc::clone(&sessions.reads)),
                None => system,
            }));
        }
        if let Some(metabase) = &self.metabase {
            systems.push(Arc::new(MetabaseSystem::new(Arc::clone(&metabase.reads), &metabase.address)));
        }
        systems
    }
}

/// Through what the Loads table is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Through {
    /// The warehouse itself, by SQL.
    Redshift,
    /// Metabase.
    Metabase,
}

impl Metabase {
    fn new(client: Arc<dyn MetabaseRead>, place: &str, address: &str) -> Self {
        let loads = MetabaseLoads::new(Arc::clone(&client), place);
        Self { reads: client, loads: Arc::new(loads), address: address.to_owned() }
    }
}

/// The sandbox's warehouse, and how it is configured.
pub(crate) fn in_sandbox(world: &World) -> Redshift {
    let cluster = "cantareira-k-redshift-redshiftcluster";
    world.put_cluster(ClusterSpec::new(format!("{cluster}-1lp2x")).serves());
    Redshift {
        cluster: cluster.to_owned(),
        region: "sandbox".to_owned(),
        protected: vec!["finance".to_owned()],
        restarter: Some("the task capivara-load and its job".to_owned()),
        ..Redshift::default()
    }
}

fn sessions(settings: &Redshift, sql: impl Sql + 'static, rights: Rights) -> Result<Sessions, Failure> {
    let wrong = |error: &ops_client::Error| Failure::usage(format!("the warehouse (redshift): {}", told(error)));
    let loads = &settings.loads;
    let place = loads.table.split_once('.').unwrap_or(("public", &loads.table));
    let table = LoadsTable::new(place, &loads.name, &loads.transaction, &loads.time).map_err(|error| wrong(&error))?;
    let warehouse = SqlWarehouse::new(sql).with_loads(table);
    // Whoever asks for it: the loader is never ended.
    let warehouse = warehouse.protecting(settings.protected.iter().chain([&settings.loader]).cloned());
    let warehouse = Arc::new(warehouse);
    Ok(Sessions {
        address: warehouse.address().to_owned(),
        reads: Arc::clone(&warehouse) as Arc<dyn WarehouseRead>,
        loads: Arc::clone(&warehouse) as Arc<dyn LoadsRead>,
        writes: (rights == Rights::Write).then_some(warehouse as Arc<dyn WarehouseWrite>),
    })
}

fn over_wire(way: &Way<'_>, wire: redshift_ops::sql::WireSqlBuilder) -> Result<WireSql, Failure> {
    let wire = match way.authority() {
        Some(authority) => wire.ca_bundle_pem(authority),
        None => wire,
    };
    wire.build().map_err(|error| Failure::usage(format!("the warehouse (redshift): {}", told(&error))))
}

async fn metabase(way: &Way<'_>, address: &str) -> Result<MetabaseClient, Failure> {
    match &way.settings.metabase_login {
        None => way.client(METABASE, address, Credential::none()),
        Some(login) => match login.read().await? {
            Read::Credential(credential) => way.client(METABASE, address, credential),
            Read::Account(user, password) => {
                let client: MetabaseClient = way.client(METABASE, address, Credential::none())?;
                Ok(client.with_login(user, password))
            }
        },
    }
}

/// The cluster over AWS, and its SQL: over the wire where a host is configured, otherwise by the Data API. No call is made.
#[cfg(feature = "aws")]
async fn over_aws(way: &Way<'_>, settings: &Redshift, rights: Rights) -> Result<(Clusters, Option<Sessions>), Failure> {
    use redshift_ops::ClusterClient;

    let (profile, endpoint) = (settings.profile.as_deref(), settings.endpoint.as_deref());
    let aws = super::way::aws(way.name, ("the warehouse", "redshift"), &settings.region, profile, endpoint).await?;
    let client = ClusterClient::new(aws);
    let sql = match (&settings.host, &settings.password) {
        (Some(_), Some(_)) => None,
        (host, _) => {
            Some(sessions(settings, by_prefix::ByPrefix::new(way, client.clone(), host.clone(), settings)?, rights)?)
        }
    };
    let client = Arc::new(client);
    let clusters = Clusters {
        address: client.aws().address(),
        reads: Arc::clone(&client) as Arc<dyn ClusterRead>,
        writes: (rights == Rights::Write).then_some(client as Arc<dyn ClusterWrite>),
    };
    Ok((clusters, sql))
}
