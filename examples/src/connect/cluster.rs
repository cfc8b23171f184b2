//! The cluster: Aurora, Mesos and the machines below them. Each is there or not, as the configuration says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use airflow_client::{AirflowRead, DagId};
use aurora_client::{AuroraClient, AuroraRead, AuroraWrite, MesosClient, MesosRead, MesosWrite};
use fleet_ops::{FleetRead, FleetWrite};
use ops_client::http::{Credential, Endpoint, SecretString};
use ops_plan::{Recipe, Registry};
use ops_recipes::airflow::{KillJobs, RunJobs};
use ops_recipes::aurora::{
    AuroraKillJobs, AuroraReads, AuroraRunJobs, AuroraWrites, CreateJob, CycleMachines, FleetReads, FleetWrites,
    JobPlace, KillJob, RestartAurora, RestartJob, RestartReads, ScaleDown, ScaleReads, ScaleUp,
};
use ops_recipes::first::{AuroraSystem, System};
#[cfg(feature = "recover")]
use ops_recipes::recover::{RecoverReads, RecoverRun, RecoverWrites};
use ops_sandbox::scenario::Stack;
use ops_sandbox::{Server, World};

use super::Rights;
use super::journals::Journals;
use super::way::Way;
use crate::config::{Environment, Fleet as Settings};
use crate::exit::Failure;
use crate::login::{Login, Read};

const AURORA: (&str, &str) = ("Aurora", "aurora_urls");
const MESOS: (&str, &str) = ("Mesos", "mesos_urls");

/// Aurora of one environment.
#[derive(Clone)]
struct Aurora {
    reads: Arc<dyn AuroraRead>,
    /// For asking what the credential for changes may do, where it is held.
    writer: Option<Arc<dyn AuroraRead>>,
    writes: Option<Arc<dyn AuroraWrite>>,
    /// Whether changes are made with another credential, which is not held.
    writer_elsewhere: bool,
    address: String,
}

/// Mesos of one environment.
#[derive(Clone)]
struct Mesos {
    reads: Arc<dyn MesosRead>,
    writes: Option<Arc<dyn MesosWrite>>,
    address: String,
}

/// The machines of one environment.
#[derive(Clone)]
struct Fleet {
    reads: Arc<dyn FleetRead>,
    writes: Option<Arc<dyn FleetWrite>>,
    address: String,
}

/// Aurora, Mesos and the machines of one environment.
#[derive(Clone, Default)]
pub struct Cluster {
    aurora: Option<Aurora>,
    mesos: Option<Mesos>,
    fleet: Option<Fleet>,
    journal_command: Vec<String>,
    journals: PathBuf,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("addresses", &self.addresses().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl Cluster {
    /// What of the cluster is configured.
    pub(super) async fn reach(way: &Way<'_>, rights: Rights) -> Result<Self, Failure> {
        let settings = way.settings;
        let mut cluster = Self { journal_command: settings.journal_command.clone(), ..Self::default() };
        if !settings.aurora_urls.is_empty() {
            let reader = credential(way, settings.aurora_login.as_ref()).await?;
            let writer = match (rights, &settings.aurora_write_login) {
                (Rights::Read, _) => None,
                (Rights::Write, None) => Some(reader.clone()),
                (Rights::Write, login) => Some(credential(way, login.as_ref()).await?),
            };
            let elsewhere = rights == Rights::Read && settings.aurora_write_login.is_some();
            cluster.aurora = Some(aurora(way, &settings.aurora_urls, reader, writer, elsewhere)?);
        }
        if !settings.mesos_urls.is_empty() {
            cluster.mesos = Some(mesos(way, &settings.mesos_urls, way.credential().await?, rights)?);
        }
        #[cfg(feature = "aws")]
        if let Some(fleet) = &settings.fleet {
            // What AWS's own library does here takes much room, and callers need not carry it.
            cluster.fleet = Some(Box::pin(machines(way.name, fleet, rights)).await?);
        }
        Ok(cluster)
    }

    /// The one in the sandbox inside of this process: its sockets, and its machines in memory.
    pub(super) fn of_sandbox(way: &Way<'_>, server: &Server, world: &World, rights: Rights) -> Result<Self, Failure> {
        let admin = || Credential::basic("admin", SecretString::from("admin"));
        let writer = (rights == Rights::Write).then(admin);
        let fleet = Arc::new(world.fleet());
        Ok(Self {
            aurora: Some(aurora(way, &server.aurora_urls(), admin(), writer, false)?),
            mesos: Some(mesos(way, &[server.mesos_url()], Credential::none(), rights)?),
            fleet: Some(Fleet {
                reads: Arc::clone(&fleet) as Arc<dyn FleetRead>,
                writes: (rights == Rights::Write).then_some(fleet as Arc<dyn FleetWrite>),
                address: "this process".into(),
            }),
            journal_command: way.settings.journal_command.clone(),
            journals: PathBuf::new(),
        })
    }

    /// The one of a world, all of it in memory.
    pub(super) fn in_memory(world: &World, settings: &Environment) -> Self {
        let aurora = Arc::new(world.aurora());
        let mesos = Arc::new(world.mesos());
        let fleet = Arc::new(world.fleet());
        let address = || "memory".to_owned();
        Self {
            aurora: Some(Aurora {
                reads: Arc::clone(&aurora) as Arc<dyn AuroraRead>,
                writer: Some(Arc::clone(&aurora) as Arc<dyn AuroraRead>),
                writes: Some(aurora as Arc<dyn AuroraWrite>),
                writer_elsewhere: false,
                address: address(),
            }),
            mesos: Some(Mesos {
                reads: Arc::clone(&mesos) as Arc<dyn MesosRead>,
                writes: Some(mesos as Arc<dyn MesosWrite>),
                address: address(),
            }),
            fleet: Some(Fleet {
                reads: Arc::clone(&fleet) as Arc<dyn FleetRead>,
                writes: Some(fleet as Arc<dyn FleetWrite>),
                address: address(),
            }),
            journal_command: settings.journal_command.clone(),
            journals: PathBuf::new(),
        }
    }

    /// What machines know before they are ended lies beside the runs.
    pub(super) fn keep_journals(&mut self, runs: &Path) {
        self.journals = runs.join("journals");
    }

    /// Looking at jobs of Aurora.
    pub fn aurora(&self) -> Option<&dyn AuroraRead> {
        self.aurora.as_ref().map(|aurora| &*aurora.reads)
    }

    /// Looking at the jobs that tasks of a DAG start.
    pub(super) fn run_jobs(&self, settings: &Environment) -> Option<Arc<dyn RunJobs>> {
        let aurora = Arc::clone(&self.aurora.as_ref()?.reads);
        let place = JobPlace::new(settings.aurora_role(), settings.aurora_environment());
        Some(Arc::new(AuroraRunJobs::new(aurora, place)))
    }

    /// Ending them.
    pub(super) fn kill_jobs(&self) -> Option<Arc<dyn KillJobs>> {
        let aurora = self.aurora.as_ref()?;
        Some(Arc::new(AuroraKillJobs::new(Arc::clone(&aurora.reads), Arc::clone(aurora.writes.as_ref()?))))
    }

    fn fleet_reads(&self, fleet: &Fleet) -> FleetReads {
        let mut reads = FleetReads::new(Arc::clone(&fleet.reads));
        if let Some(aurora) = &self.aurora {
            reads = reads.with_aurora(Arc::clone(&aurora.reads));
        }
        if let Some(mesos) = &self.mesos {
            reads = reads.with_mesos(Arc::clone(&mesos.reads));
        }
        reads
    }

    fn fleet_writes(&self, fleet: &Fleet) -> Option<FleetWrites> {
        let writes = FleetWrites::new(Arc::clone(fleet.writes.as_ref()?));
        Some(match self.mesos.as_ref().and_then(|mesos| mesos.writes.as_ref()) {
            Some(mesos) => writes.with_mesos(Arc::clone(mesos)),
            None => writes,
        })
    }

    /// All recipes whose systems are reached. With Airflow, a restart of Aurora lists what died meanwhile.
    pub(super) fn register(
        &self,
        registry: Registry,
        settings: &Environment,
        airflow: Option<(Arc<dyn AirflowRead>, DagId)>,
    ) -> Registry {
        let mut registry = registry;
        if let Some(aurora) = &self.aurora {
            let (reads, writes) = (aurora.of_recipes(), aurora.to_change());
            registry = with::<CreateJob>(registry, reads.clone(), writes.clone());
            registry = with::<KillJob>(registry, reads.clone(), writes.clone());
            registry = with::<RestartJob>(registry, reads.clone(), writes.clone());
            if let Some(fleet) = &self.fleet {
                let reads = ScaleReads::new(reads, self.fleet_reads(fleet));
                registry = with::<ScaleUp>(registry, reads.clone(), writes.clone());
                registry = with::<ScaleDown>(registry, reads, writes);
            }
        }
        let Some(fleet) = &self.fleet else { return registry };
        registry = with::<CycleMachines>(registry, self.fleet_reads(fleet), self.fleet_writes(fleet));
        if let (Some(aurora), Some(mesos)) = (&self.aurora, &self.mesos) {
            let (aurora, mesos) = (Arc::clone(&aurora.reads), Arc::clone(&mesos.reads));
            let mut reads = RestartReads::new(aurora, mesos, Arc::clone(&fleet.reads));
            if !settings.journal_command.is_empty() {
                let (command, folder) = (self.journal_command.clone(), self.journals.clone());
                reads = reads.with_evidence(Arc::new(Journals { command, folder }));
            }
            if let Some((airflow, dag)) = airflow {
                reads = reads.with_airflow(airflow, dag);
            }
            registry = with::<RestartAurora>(registry, reads, self.fleet_writes(fleet));
        }
        registry
    }

    /// What the ladder for a failed run reads from, where Aurora and the machines are reached.
    #[cfg(feature = "recover")]
    pub(super) fn recover_reads(&self, airflow: Option<Arc<dyn AirflowRead>>) -> Option<RecoverReads> {
        let (aurora, fleet) = (self.aurora.as_ref()?, self.fleet.as_ref()?);
        let reads = RecoverReads::new(ScaleReads::new(aurora.of_recipes(), self.fleet_reads(fleet)));
        Some(match airflow {
            Some(airflow) => reads.with_airflow(airflow),
            None => reads,
        })
    }

    /// The ladder for a failed run.
    #[cfg(feature = "recover")]
    pub(super) fn register_ladder(&self, registry: Registry, airflow: Option<Arc<dyn AirflowRead>>) -> Registry {
        let Some(reads) = self.recover_reads(airflow) else { return registry };
        let aurora = self.aurora.as_ref().and_then(Aurora::to_change);
        let fleet = self.fleet.as_ref().and_then(|fleet| self.fleet_writes(fleet));
        with::<RecoverRun>(registry, reads, aurora.zip(fleet).map(|(aurora, fleet)| RecoverWrites::new(aurora, fleet)))
    }

    /// Which system a recipe of the cluster misses, and the setting that tells where it is.
    pub(super) fn lacks(&self, recipe: &str) -> Option<(&'static str, &'static str)> {
        let aurora = self.aurora.is_none().then_some(AURORA);
        let mesos = self.mesos.is_none().then_some(MESOS);
        let fleet = self.fleet.is_none().then_some(("the machines", "fleet"));
        match recipe {
            CreateJob::ID | KillJob::ID | RestartJob::ID => aurora,
            ScaleUp::ID | ScaleDown::ID => aurora.or(fleet),
            #[cfg(feature = "recover")]
            RecoverRun::ID => aurora.or(fleet),
            CycleMachines::ID => fleet,
            RestartAurora::ID => aurora.or(mesos).or(fleet),
            _ => None,
        }
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = String> {
        let aurora = self.aurora.as_ref().map(|aurora| format!("Aurora at {}", aurora.address));
        let mesos = self.mesos.as_ref().map(|mesos| format!("Mesos at {}", mesos.address));
        let fleet = self.fleet.as_ref().map(|fleet| format!("machines at {}", fleet.address));
        aurora.into_iter().chain(mesos).chain(fleet)
    }

    pub(super) fn system(&self, environment: &str, settings: &Environment) -> Option<Arc<dyn System>> {
        let aurora = self.aurora.as_ref()?;
        let mut system = AuroraSystem::new(Arc::clone(&aurora.reads), environment, &aurora.address)
            .with_framework(settings.aurora_framework())
            .of_role(settings.aurora_role());
        if let Some(mesos) = &self.mesos {
            system = system.with_mesos(Arc::clone(&mesos.reads));
        }
        Some(Arc::new(match &aurora.writer {
            Some(writer) => system.with_writer(Arc::clone(writer)),
            None if aurora.writer_elsewhere => system.with_writer_elsewhere(),
            None => system,
        }))
    }
}

impl Aurora {
    fn of_recipes(&self) -> AuroraReads {
        let reads = AuroraReads::new(Arc::clone(&self.reads));
        match &self.writer {
            Some(writer) => reads.with_writer(Arc::clone(writer)),
            None => reads,
        }
    }

    fn to_change(&self) -> Option<AuroraWrites> {
        Some(AuroraWrites::new(Arc::clone(self.writes.as_ref()?), Arc::clone(&self.reads)))
    }
}

/// How the machines of a sandbox with this stack are configured.
pub(crate) fn in_sandbox(stack: Stack) -> Settings {
    Settings {
        region: "sandbox".into(),
        masters_group: Some(stack.mesos_master),
        machines_group: Some(stack.on_demand),
        ..Settings::default()
    }
}

/// How the journal of a sandbox's machine is read.
pub(crate) fn journal_in_sandbox() -> Vec<String> {
    ["printf", "the journal of %s, as the sandbox has it\n"].map(str::to_owned).to_vec()
}

/// A recipe, with the right to change where there is one.
fn with<R: Recipe>(registry: Registry, reads: R::Reads, writes: Option<R::Writes>) -> Registry {
    match writes {
        Some(writes) => registry.with::<R>(reads, writes),
        None => registry.reading::<R>(reads),
    }
}

fn aurora(
    way: &Way<'_>,
    urls: &[String],
    reader: Credential,
    writer: Option<Credential>,
    writer_elsewhere: bool,
) -> Result<Aurora, Failure> {
    let client = |credential| -> Result<Arc<AuroraClient>, Failure> {
        let client = AuroraClient::of(endpoints(way, AURORA, urls, &credential)?);
        Ok(Arc::new(client.map_err(|error| Failure::usage(error.to_string()))?))
    };
    let reads = client(reader)?;
    let writer = writer.map(client).transpose()?;
    Ok(Aurora {
        address: reads.addresses().collect::<Vec<_>>().join(", "),
        reads,
        writer: writer.clone().map(|writer| writer as Arc<dyn AuroraRead>),
        writes: writer.map(|writer| writer as Arc<dyn AuroraWrite>),
        writer_elsewhere,
    })
}

fn mesos(way: &Way<'_>, urls: &[String], credential: Credential, rights: Rights) -> Result<Mesos, Failure> {
    let client = MesosClient::of(endpoints(way, MESOS, urls, &credential)?);
    let client = Arc::new(client.map_err(|error| Failure::usage(error.to_string()))?);
    Ok(Mesos {
        address: client.addresses().collect::<Vec<_>>().join(", "),
        reads: Arc::clone(&client) as Arc<dyn MesosRead>,
        writes: (rights == Rights::Write).then_some(client as Arc<dyn MesosWrite>),
    })
}

fn endpoints(
    way: &Way<'_>,
    system: (&'static str, &'static str),
    urls: &[String],
    credential: &Credential,
) -> Result<Vec<Endpoint>, Failure> {
    urls.iter().map(|url| way.client::<Endpoint>(system, url, credential.clone())).collect()
}

/// Aurora knows no sessions: a user and a password go with every call.
async fn credential(way: &Way<'_>, login: Option<&Login>) -> Result<Credential, Failure> {
    let Some(login) = login else { return way.credential().await };
    Ok(match login.read().await? {
        Read::Credential(credential) => credential,
        Read::Account(user, password) => Credential::basic(user, password),
    })
}

/// The machines of a region. Nobody is asked who we are: no call is made.
#[cfg(feature = "aws")]
async fn machines(name: &str, fleet: &crate::config::Fleet, rights: Rights) -> Result<Fleet, Failure> {
    let (profile, endpoint) = (fleet.profile.as_deref(), fleet.endpoint.as_deref());
    let aws = super::way::aws(name, ("the machines", "fleet"), &fleet.region, profile, endpoint).await?;
    let address = aws.address();
    let client = Arc::new(fleet_ops::FleetClient::new(aws));
    Ok(Fleet {
        reads: Arc::clone(&client) as Arc<dyn FleetRead>,
        writes: (rights == Rights::Write).then_some(client as Arc<dyn FleetWrite>),
        address,
    })
}
