//! The night: a platform that is well, and what the chapters break.

use airflow_client::{DagRunId, ExecutionDate, RunKey};
use cloudformation_ops::{ServiceStack, StackName};
use dynamodb_ops::{Place, TableName, Unit};
use jiff::{SignedDuration, Timestamp};
use ops_plan::Target;
use ops_sandbox::World;
use ops_sandbox::airflow::RunSpec;
use ops_sandbox::aurora::OnAurora;
use ops_sandbox::gocd::{Builds, builds};
use ops_sandbox::scenario::{Nightly, dagao_with, nightly, stack};
use ops_sandbox::stacks::StackSpec;
use ops_sandbox::tables::{Demand, TableSpec};

use crate::config::{Environment, Tables};
use crate::connect::{cluster_in_sandbox, journal_in_sandbox, services_in_sandbox, warehouse_in_sandbox};
use crate::exit::Failure;

const SEED: u64 = 1;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// When the tour begins.
const BEGINS: SignedDuration = SignedDuration::from_mins(110);
/// Until then the version that will be deployed tonight was built: so long ago that nobody thinks of it as new.
const BUILT: SignedDuration = SignedDuration::from_hours(14);

/// How long the jobs of the nightly run take: together, until shortly after two.
const TAKES: [(&str, f64); 10] = [
    ("itaipu-contracts", 2_400.0),
    ("itaipu-core", 3_600.0),
    ("core-checks", 600.0),
    ("scale-ec2-policy-model", 60.0),
    ("itaipu-policy-model", 2_400.0),
    ("policy-model", 1_200.0),
    ("scale-ec2-fx-model", 60.0),
    ("itaipu-fx-model", 2_700.0),
    ("fx-model", 2_100.0),
    ("downscale-fx-model", 20.0),
];

/// The world of the tour, and what chapters break in it.
#[derive(Clone, Debug)]
pub(super) struct Night {
    pub(super) world: World,
    pub(super) nightly: Nightly,
    /// How its systems are configured.
    pub(super) settings: Environment,
    /// The nightly run of the DAG.
    pub(super) run: RunKey,
    /// What was built.
    pub(super) builds: Builds,
    /// The service that will be deployed.
    pub(super) service: StackName,
    /// The table of which too much will be asked.
    pub(super) table: TableName,
    midnight: Timestamp,
}

impl Night {
    /// A platform that is well, at ten to two. The model of its nightly run is to fail, or not.
    pub(super) fn begin(model_fails: bool) -> Result<Self, Failure> {
        // Last night as a whole: whatever happens in it has happened by our own clock, too.
        let midnight = yesterday(Timestamp::now());
        let begins = midnight + BEGINS;
        let world = World::seeded(SEED).at(begins - BUILT);
        let builds = builds(&world).map_err(wrong)?;
        world.set_time(begins);
        let environment = Target::sandbox().environment;
        let nightly = nightly(&world);
        let stack = stack(&world);
        let settings = Environment {
            fleet: Some(cluster_in_sandbox(stack)),
            redshift: Some(warehouse_in_sandbox(&world)),
            services: Some(services_in_sandbox(&world, &builds)),
            tables: Some(Tables { region: "sandbox".into(), ..Tables::default() }),
            journal_command: journal_in_sandbox(),
            ..Environment::default()
        };
        let service = serving(&world, &environment, &builds)?;
        let table = format!("{environment}-s3-analytics-datomic").parse().map_err(wrong)?;
        let asked = Demand::wanted(12.0);
        world.put_table_of_dynamodb(
            TableSpec::new(TableName::clone(&table))
                .units(50, 20)
                .asked(Place::Table, Unit::Read, asked.clone())
                .asked(Place::Table, Unit::Write, asked),
        );
        let run = nightly_run(&world, &nightly, midnight, model_fails)?;
        Ok(Self { world, nightly, settings, run, builds, service, table, midnight })
    }

    /// Lets time pass until this time of the night; it never goes back.
    pub(super) fn until(&self, hours: i64, minutes: i64) {
        let at = self.midnight + SignedDuration::from_mins(60 * hours + minutes);
        if at > self.world.now() {
            self.world.set_time(at);
        }
    }
}

pub(super) fn wrong(error: impl std::fmt::Display) -> Failure {
    Failure::refused(format!("the sandbox cannot be made: {error}"))
}

fn yesterday(now: Timestamp) -> Timestamp {
    let today = now.as_second() - now.as_second().rem_euclid(86_400);
    Timestamp::from_second(today - 86_400).unwrap_or(now)
}

/// The service `metapod`: two instances of the good commit on the blue side.
fn serving(world: &World, environment: &str, builds: &Builds) -> Result<StackName, Failure> {
    let name = ServiceStack::new(environment, "global", "k", "metapod").name().map_err(wrong)?;
    let spec = StackSpec::new(name.clone()).blue(2, short(builds.good.as_str())).green(0, short(builds.good.as_str()));
    let tags = [("environment", environment), ("prototype", "global"), ("service", "metapod")];
    world.put_stack(tags.iter().fold(spec, |spec, (key, value)| spec.tag(*key, *value)));
    Ok(name)
}

/// As stacks have a commit.
pub(super) fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

/// The nightly run as it began after midnight: every task of it is a job on Aurora.
fn nightly_run(world: &World, nightly: &Nightly, midnight: Timestamp, fails: bool) -> Result<RunKey, Failure> {
    let on_aurora = OnAurora::new().version("e4b90d2").slave_type("on-demand");
    let dag = dagao_with(world, |dag| dag.on_aurora(on_aurora)).ok_or_else(|| wrong("no DAG"))?;
    let day = midnight - HOUR * 24;
    let id: DagRunId = format!("scheduled__{}", day.strftime("%Y-%m-%dT%H:%M:%S+00:00")).parse().map_err(wrong)?;
    let run = RunKey::new(dag.clone(), id.clone());
    world.order(&run, fails.then_some("fx-model"), TAKES);
    let began = world.started_at(nightly.transaction)?;
    let spec = RunSpec::new(id).scheduled().about(ExecutionDate::new(day)).made_at(began);
    world.add_run(&dag, spec.transaction(nightly.transaction))?;
    Ok(run)
}
