//! From a place to the systems: clients that are built, or the sandbox that is started.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use metapod_client::{MetapodClient, MetapodRead, MetapodWrite, TransactionId};
use ops_client::Environment as Name;
use ops_client::http::{Credential, ExposeSecret, SecretSlice, SecretString};
use ops_plan::{Registry, Target};
use ops_recipes::datasets::{
    CommitEmptyDataset, CommitEmptyReads, Job, Jobs, LocalObjects, MetapodWrites, ParquetProbe, RetractAttribute,
    RetractDatasets, RetractReads, TriageReads,
};
use ops_recipes::first::{MetapodSystem, SonarSystem, System};
use ops_sandbox::{Fault, Server, Target as Calls, World};
use sonar_client::{SonarClient, SonarRead};

use crate::config::Environment;
use crate::exit::Failure;
use crate::place::{Place, Resolved};
use crate::secrets::{Reference, read_bounded};

/// Certificates and keys are not longer.
const MAX_PEM: u64 = 4 * 1024 * 1024;
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

/// The systems of one environment.
#[derive(Clone)]
pub struct Reach {
    /// Where.
    pub target: Target,
    /// How it was reached, for a run to keep.
    pub place: Place,
    /// What is configured for it.
    pub settings: Environment,
    /// Sonar.
    pub sonar: Arc<dyn SonarRead>,
    /// Metapod.
    pub metapod: Arc<dyn MetapodRead>,
    /// What Sonar's credential says of itself.
    pub credential: Credential,
    addresses: [String; 2],
    writes: Option<Arc<dyn MetapodWrite>>,
    jobs: Option<Arc<dyn Jobs>>,
    objects: Option<Arc<dyn ParquetProbe>>,
    /// The sandbox, where it runs inside of this process: it ends with this.
    pub sandbox: Option<Arc<Embedded>>,
}

/// The sandbox inside of this process.
#[derive(Debug)]
pub struct Embedded {
    /// Tonight's run.
    pub transaction: TransactionId,
    _server: Server,
}

impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reach").field("target", &self.target).field("sandbox", &self.sandbox).finish_non_exhaustive()
    }
}

/// In the embedded sandbox no job runs, so nobody writes a dataset there.
struct NoJobs;

#[async_trait]
impl Jobs for NoJobs {
    async fn jobs(&self, _: TransactionId) -> ops_client::Result<Vec<Job>> {
        Ok(Vec::new())
    }
}

/// Reaches the systems of a place.
///
/// # Errors
/// Where no environment is named although there are some, an address or a secret is missing, or a client cannot be built.
/// No system is called.
pub async fn connect(place: Place, rights: Rights) -> Result<Reach, Failure> {
    match place.resolve()? {
        Resolved::Embedded => embedded(place, rights).await,
        Resolved::Real(name, environment) => real(place, name, *environment, rights).await,
    }
}

async fn embedded(place: Place, rights: Rights) -> Result<Reach, Failure> {
    let (world, night) = World::nightly(SANDBOX_SEED);
    world.faults().sometimes(1.0, Calls::All, Fault::Delay(SANDBOX_LATENCY));
    let server = Server::start(world).await?;
    let name = || Name::new("sandbox");
    let metapod = Arc::new(MetapodClient::builder(name(), &server.metapod_url()).build()?);
    let sonar = SonarClient::builder(name(), &server.sonar_url()).build()?;
    let settings = Environment {
        empty_file: "s3://sandbox-static/empty.gz.parquet"
            .parse()
            .ok()
            .map(|path| crate::config::Empty { path, format: None }),
        ..Environment::default()
    };
    Ok(Reach {
        target: Target::sandbox(),
        place: Place { embedded: true, ..place },
        settings,
        sonar: Arc::new(sonar),
        addresses: [server.sonar_url(), server.metapod_url()],
        writes: (rights == Rights::Write).then(|| Arc::clone(&metapod) as Arc<dyn MetapodWrite>),
        metapod,
        credential: Credential::none(),
        jobs: Some(Arc::new(NoJobs)),
        objects: None,
        sandbox: Some(Arc::new(Embedded { transaction: night.transaction, _server: server })),
    })
}

async fn real(place: Place, name: String, settings: Environment, rights: Rights) -> Result<Reach, Failure> {
    let missing = |system: &str, flag: &str| {
        Failure::usage(format!(
            "{name}: no address of {system}; configure {flag} for it, or give --{}",
            flag.replace('_', "-")
        ))
    };
    let sonar_url = settings.sonar_url.clone().ok_or_else(|| missing("Sonar", "sonar_url"))?;
    let metapod_url = settings.metapod_url.clone().ok_or_else(|| missing("Metapod", "metapod_url"))?;
    let authority = settings.ca_file.as_deref().map(pem).transpose()?;
    let credential = credential(&settings).await?;
    let metapod = |credential: Credential| {
        let mut builder = MetapodClient::builder(Name::new(&*name), &metapod_url).credential(credential);
        if let Some(authority) = &authority {
            builder = builder.ca_bundle_pem(authority.as_slice());
        }
        if settings.allow_plain_http { builder.allow_plain_http() } else { builder }.build()
    };
    let told = |system: &'static str, flag: &'static str| {
        move |error: ops_client::Error| Failure::usage(format!("{system} ({flag}): {}", crate::exit::told(&error)))
    };
    let reads = Arc::new(metapod(credential.clone()).map_err(told("Metapod", "metapod_url"))?);
    let writes: Option<Arc<dyn MetapodWrite>> = match (rights, &settings.write_token) {
        (Rights::Read, _) => None,
        (Rights::Write, None) => Some(Arc::clone(&reads) as Arc<dyn MetapodWrite>),
        (Rights::Write, Some(token)) => {
            Some(Arc::new(metapod(token.bearer().await?).map_err(told("Metapod", "metapod_url"))?))
        }
    };
    let mut sonar = SonarClient::builder(Name::new(&*name), &sonar_url).credential(credential.clone());
    if let Some(authority) = &authority {
        sonar = sonar.ca_bundle_pem(authority.as_slice());
    }
    let sonar = if settings.allow_plain_http { sonar.allow_plain_http() } else { sonar };
    let sonar = sonar.build().map_err(told("Sonar", "sonar_url"))?;
    let target = if settings.production { Target::production(name) } else { Target::new(name) };
    let objects = settings.buckets.clone().map(|folder| Arc::new(LocalObjects::new(folder)) as Arc<dyn ParquetProbe>);
    Ok(Reach {
        target,
        place: place.from_anywhere(),
        settings,
        addresses: [sonar.endpoint().address().to_owned(), reads.endpoint().address().to_owned()],
        sonar: Arc::new(sonar),
        metapod: reads,
        credential,
        writes,
        jobs: None,
        objects,
        sandbox: None,
    })
}

async fn credential(settings: &Environment) -> Result<Credential, Failure> {
    if let (Some(certificate), Some(key)) = (&settings.client_cert, &settings.client_key) {
        let mut both = pem(certificate)?;
        both.push(b'\n');
        both.extend(pem(key)?);
        return Ok(Credential::client_certificate_pem(SecretSlice::from(both)));
    }
    match &settings.token {
        Some(token) => Ok(token.bearer().await?),
        None => Ok(Credential::none()),
    }
}

fn pem(path: &Path) -> Result<Vec<u8>, Failure> {
    read_bounded(path, MAX_PEM).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
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
    /// All recipes, with these systems.
    pub fn registry(&self) -> Registry {
        let mut retract = RetractReads::new(Arc::clone(&self.sonar), Arc::clone(&self.metapod));
        let mut empty = CommitEmptyReads::new(Arc::clone(&self.sonar), Arc::clone(&self.metapod));
        if let Some(jobs) = &self.jobs {
            retract = retract.with_jobs(Arc::clone(jobs));
            empty = empty.with_jobs(Arc::clone(jobs));
        }
        if let Some(objects) = &self.objects {
            retract = retract.with_objects(Arc::clone(objects));
            empty = empty.with_objects(Arc::clone(objects));
        }
        let Some(writes) = &self.writes else {
            return Registry::new()
                .reading::<RetractDatasets>(retract.clone())
                .reading::<RetractAttribute>(retract)
                .reading::<CommitEmptyDataset>(empty);
        };
        let writes = || MetapodWrites::new(Arc::clone(writes));
        Registry::new()
            .with::<RetractDatasets>(retract.clone(), writes())
            .with::<RetractAttribute>(retract, writes())
            .with::<CommitEmptyDataset>(empty, writes())
    }

    /// What is reached, and where.
    pub fn addresses(&self) -> [String; 2] {
        let [sonar, metapod] = &self.addresses;
        [format!("Sonar at {sonar}"), format!("Metapod at {metapod}")]
    }

    /// The systems that are looked at first.
    pub fn systems(&self) -> Vec<Arc<dyn System>> {
        let info = self.credential.describe();
        let expires = info.expires_at.and_then(|at| Timestamp::try_from(at).ok());
        let [sonar, metapod] = &self.addresses;
        let name = &*self.target.environment;
        vec![
            Arc::new(SonarSystem::new(Arc::clone(&self.sonar), name, sonar).with_holder(info.subject.clone(), expires)),
            Arc::new(MetapodSystem::new(Arc::clone(&self.metapod), name, metapod).with_holder(info.subject, expires)),
        ]
    }

    /// What triage reads from.
    pub fn triage(&self) -> TriageReads {
        let reads = TriageReads::new(Arc::clone(&self.sonar));
        match &self.jobs {
            Some(jobs) => reads.with_jobs(Arc::clone(jobs)),
            None => reads,
        }
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
