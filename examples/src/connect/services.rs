//! Services: their stacks, where they answer, and who builds them. Each is there or not, as the configuration says.

use std::sync::Arc;
use std::time::Duration;

use cloudformation_ops::{StacksRead, StacksWrite};
use dynamodb_ops::{Prices, TablesRead, TablesWrite};
use gocd_client::{Build, BuildsRead, BuildsReadExt, GocdClient, PipelineName};
use ops_client::http::Credential;
use ops_plan::{Recipe, Registry};
use ops_recipes::first::{BuildsSystem, StacksSystem, System, TablesSystem};
use ops_recipes::services::{RelieveThrottling, RollBackService, ServiceReads, ServiceWrites, TableReads, TableWrites};
use ops_sandbox::{Server, World};
use version_probe::{AddressTemplate, VersionsClient, VersionsRead};

use super::Rights;
use super::way::Way;
use crate::config::{Environment, Services as Settings, Tables as TableSettings};
use crate::exit::Failure;
use crate::login::Read;

/// How many builds are told to choose from.
const BUILDS: usize = 10;
/// How long instances of the embedded sandbox take.
const INSTANCES_TAKE: Duration = Duration::from_secs(4);
/// How long it computes a change set, and how long it clears away what an update left.
const SETS_TAKE: Duration = Duration::from_millis(500);
const GOCD: (&str, &str) = ("GoCD", "services.gocd_url");

/// The stacks of one environment.
#[derive(Clone)]
struct Stacks {
    reads: Arc<dyn StacksRead>,
    writes: Option<Arc<dyn StacksWrite>>,
    address: String,
}

/// The build server.
#[derive(Clone)]
struct Builds {
    reads: Arc<dyn BuildsRead>,
    address: String,
}

/// The tables.
#[derive(Clone)]
struct Tables {
    reads: TableReads,
    writes: Option<Arc<dyn TablesWrite>>,
    address: String,
}

/// The services of one environment.
#[derive(Clone, Default)]
pub struct Services {
    tables: Option<Tables>,
    stacks: Option<Stacks>,
    builds: Option<Builds>,
    versions: Option<(Arc<dyn VersionsRead>, AddressTemplate)>,
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Services").field("addresses", &self.addresses().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl Services {
    /// What of the services is configured.
    pub(super) async fn reach(way: &Way<'_>, rights: Rights) -> Result<Self, Failure> {
        let mut services = Self::default();
        #[cfg(feature = "aws")]
        if let Some(settings) = &way.settings.tables {
            services.tables = Some(Box::pin(tables_over_aws(way.name, settings, rights)).await?);
        }
        let Some(settings) = &way.settings.services else { return Ok(services) };
        #[cfg(feature = "aws")]
        {
            // What AWS's own library does here takes much room, and callers need not carry it.
            services.stacks = Some(Box::pin(over_aws(way.name, settings, rights)).await?);
        }
        #[cfg(not(feature = "aws"))]
        let _ = rights;
        if let Some(address) = &settings.gocd_url {
            let reads = Arc::new(gocd(way, settings, address).await?);
            services.builds = Some(Builds { reads, address: address.clone() });
        }
        if let Some(addresses) = &settings.addresses {
            services.versions = Some((Arc::new(versions(way)?), template(addresses)?));
        }
        Ok(services)
    }

    /// Those in the sandbox inside of this process: its stacks in memory, the services and their builds over its sockets.
    pub(super) fn of_sandbox(way: &Way<'_>, server: &Server, world: &World, rights: Rights) -> Result<Self, Failure> {
        let versions = Arc::new(versions(way)?) as Arc<dyn VersionsRead>;
        let at = (versions, template(&server.service_addresses())?);
        Ok(Self::of_world(world, server.gocd_url(), at, rights))
    }

    /// Those of a world, all of them in memory.
    pub(super) fn in_memory(world: &World) -> Result<Self, Failure> {
        let addresses = template("https://{environment}-{prototype}-{suffix}-{service}.example.com")?;
        let versions = Arc::new(world.versions()) as Arc<dyn VersionsRead>;
        Ok(Self::of_world(world, "memory".into(), (versions, addresses), Rights::Write))
    }

    fn of_world(
        world: &World,
        builds_at: String,
        versions: (Arc<dyn VersionsRead>, AddressTemplate),
        rights: Rights,
    ) -> Self {
        let stacks = Arc::new(world.stacks());
        let tables = Arc::new(world.tables());
        Self {
            tables: Some(Tables {
                reads: priced(Arc::clone(&tables) as Arc<dyn TablesRead>, &TableSettings::default(), "sa-east-1"),
                writes: (rights == Rights::Write).then_some(tables as Arc<dyn TablesWrite>),
                address: "this process".into(),
            }),
            stacks: Some(Stacks {
                reads: Arc::clone(&stacks) as Arc<dyn StacksRead>,
                writes: (rights == Rights::Write).then_some(stacks as Arc<dyn StacksWrite>),
                address: "this process".into(),
            }),
            builds: Some(Builds { reads: Arc::new(world.gocd()), address: builds_at }),
            versions: Some(versions),
        }
    }

    fn reads(&self) -> Option<ServiceReads> {
        let mut reads = ServiceReads::new(Arc::clone(&self.stacks.as_ref()?.reads));
        if let Some(builds) = &self.builds {
            reads = reads.with_builds(Arc::clone(&builds.reads));
        }
        if let Some((versions, addresses)) = &self.versions {
            reads = reads.with_versions(Arc::clone(versions), addresses.clone());
        }
        Some(reads)
    }

    /// All recipes whose systems are reached.
    pub(super) fn register(&self, registry: Registry) -> Registry {
        let registry = match &self.tables {
            Some(Tables { reads, writes: Some(writes), .. }) => {
                registry.with::<RelieveThrottling>(reads.clone(), TableWrites::new(Arc::clone(writes)))
            }
            Some(tables) => registry.reading::<RelieveThrottling>(tables.reads.clone()),
            None => registry,
        };
        let (Some(reads), Some(stacks)) = (self.reads(), &self.stacks) else { return registry };
        match &stacks.writes {
            Some(writes) => {
                let writes = ServiceWrites::of(Arc::clone(writes), Arc::clone(&stacks.reads));
                registry.with::<RollBackService>(reads, writes)
            }
            None => registry.reading::<RollBackService>(reads),
        }
    }

    /// Which system a recipe of the services misses, and the setting that tells where it is.
    pub(super) fn lacks(&self, recipe: &str) -> Option<(&'static str, &'static str)> {
        match recipe {
            RollBackService::ID if self.stacks.is_none() => Some(("CloudFormation", "services")),
            RelieveThrottling::ID if self.tables.is_none() => Some(("DynamoDB", "tables")),
            _ => None,
        }
    }

    /// The newest builds of a pipeline, a line each, for who has to choose one; none where the build server does not say.
    pub async fn newest_builds(&self, pipeline: &PipelineName) -> Vec<String> {
        let Some(builds) = &self.builds else { return Vec::new() };
        let newest = builds.reads.builds(pipeline, BUILDS).await.unwrap_or_default();
        let told = |build: &Build| {
            let word = if build.has_passed() { "" } else { " (has not passed)" };
            format!("{build}{word}")
        };
        newest.iter().map(told).collect()
    }

    /// What these pipelines deploy; `None` without a build server, or without pipelines.
    #[cfg(feature = "recover")]
    pub(super) fn deploys(&self, pipelines: Vec<PipelineName>) -> Option<ops_recipes::recover::GocdDeploys> {
        let builds = self.builds.as_ref().filter(|_| !pipelines.is_empty())?;
        Some(ops_recipes::recover::GocdDeploys::new(Arc::clone(&builds.reads), pipelines))
    }

    /// The tables, for pictures of them.
    ///
    /// # Errors
    /// Where they are not configured.
    pub fn tables(&self, environment: &str) -> Result<&TableReads, Failure> {
        let text = || super::way::unconfigured(environment, "DynamoDB", "tables");
        self.tables.as_ref().map(|tables| &tables.reads).ok_or_else(|| Failure::usage(text()))
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = String> {
        let stacks = self.stacks.as_ref().map(|stacks| format!("CloudFormation at {}", stacks.address));
        let builds = self.builds.as_ref().map(|builds| format!("GoCD at {}", builds.address));
        let tables = self.tables.as_ref().map(|tables| format!("DynamoDB at {}", tables.address));
        stacks.into_iter().chain(builds).chain(tables)
    }

    pub(super) fn systems(&self, environment: &str, settings: &Environment) -> Vec<Arc<dyn System>> {
        let mut systems: Vec<Arc<dyn System>> = Vec::new();
        if let Some(tables) = &self.tables {
            let system = TablesSystem::new(Arc::clone(&tables.reads.tables), environment, &tables.address);
            let names = settings.tables.iter().flat_map(|tables| &tables.names);
            systems.push(Arc::new(system.only(names.filter_map(|name| name.parse().ok()))));
        }
        let settings = settings.services.clone().unwrap_or_default();
        if let Some(stacks) = &self.stacks {
            let system = StacksSystem::new(Arc::clone(&stacks.reads), environment, &stacks.address);
            systems.push(Arc::new(system.with_parameters(settings.parameters.clone())));
        }
        if let Some(builds) = &self.builds {
            // Names that are none are told when a recipe needs them.
            let deploys = settings.deploys.iter().filter_map(|name| name.parse::<PipelineName>().ok());
            systems.push(Arc::new(BuildsSystem::new(Arc::clone(&builds.reads), &builds.address, deploys)));
        }
        systems
    }
}

/// The sandbox's services, and how they are configured.
pub(super) fn in_sandbox(world: &World, environment: &str) -> Result<Settings, Failure> {
    let services = ops_sandbox::scenario::services(world, environment)?;
    ops_sandbox::scenario::throttled_tables(world, environment)?;
    Ok(configured(world, &services.builds))
}

/// How a sandbox's services are configured that has these pipelines. Nobody waits long for a demonstration.
pub(crate) fn configured(world: &World, builds: &ops_sandbox::gocd::Builds) -> Settings {
    world.instances_take(INSTANCES_TAKE);
    world.stacks_take(SETS_TAKE, SETS_TAKE);
    world.minutes_are_known_after(Duration::ZERO);
    Settings {
        region: "sandbox".into(),
        deploys: builds.to_prod.iter().map(ToString::to_string).collect(),
        single: vec!["correnteza".into()],
        ..Settings::default()
    }
}

fn priced(tables: Arc<dyn TablesRead>, settings: &TableSettings, region: &str) -> TableReads {
    let reads = TableReads::new(tables);
    let prices = match &settings.prices {
        Some(prices) => Some(Prices::new(prices.read_hour, prices.write_hour, &prices.currency)),
        None => Prices::of_region(region),
    };
    match prices {
        Some(prices) => reads.with_prices(prices),
        None => reads,
    }
}

fn template(addresses: &str) -> Result<AddressTemplate, Failure> {
    addresses.parse().map_err(|error| Failure::usage(format!("services.addresses: {error}")))
}

fn versions(way: &Way<'_>) -> Result<VersionsClient, Failure> {
    let mut client = VersionsClient::builder().environment(ops_client::Environment::new(way.name));
    if let Some(authority) = way.authority() {
        client = client.ca_bundle_pem(authority);
    }
    if way.settings.allow_plain_http {
        client = client.allow_plain_http();
    }
    client.build().map_err(|error| Failure::usage(format!("services.addresses: {}", crate::exit::told(&error))))
}

async fn gocd(way: &Way<'_>, settings: &Settings, address: &str) -> Result<GocdClient, Failure> {
    match &settings.gocd_login {
        None => way.client(GOCD, address, way.credential().await?),
        Some(login) => match login.read().await? {
            Read::Credential(credential) => way.client(GOCD, address, credential),
            Read::Account(user, password) => {
                let client: GocdClient = way.client(GOCD, address, Credential::none())?;
                Ok(client.with_login(user, password))
            }
        },
    }
}

/// The stacks over AWS. No call is made.
#[cfg(feature = "aws")]
async fn over_aws(name: &str, settings: &Settings, rights: Rights) -> Result<Stacks, Failure> {
    use cloudformation_ops::StacksClient;

    let (profile, endpoint) = (settings.profile.as_deref(), settings.endpoint.as_deref());
    let aws = super::way::aws(name, ("the stacks", "services"), &settings.region, profile, endpoint).await?;
    let client = Arc::new(StacksClient::new(aws));
    Ok(Stacks {
        address: client.aws().address(),
        reads: Arc::clone(&client) as Arc<dyn StacksRead>,
        writes: (rights == Rights::Write).then_some(client as Arc<dyn StacksWrite>),
    })
}

/// The tables over AWS. No call is made.
#[cfg(feature = "aws")]
async fn tables_over_aws(name: &str, settings: &TableSettings, rights: Rights) -> Result<Tables, Failure> {
    let (profile, endpoint) = (settings.profile.as_deref(), settings.endpoint.as_deref());
    let aws = super::way::aws(name, ("the tables", "tables"), &settings.region, profile, endpoint).await?;
    let client = Arc::new(dynamodb_ops::TablesClient::new(aws));
    Ok(Tables {
        address: client.aws().address(),
        reads: priced(Arc::clone(&client) as Arc<dyn TablesRead>, settings, &settings.region),
        writes: (rights == Rights::Write).then_some(client as Arc<dyn TablesWrite>),
    })
}
