//! The configuration file: which environments there are, how they are reached, and what no system knows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use metapod_client::{CommitFormat, S3Path};
use ops_plan::Limits;
use ops_recipes::datasets::{EmptyFile, Knowledge, Owner, Successors, Writer};
use serde::Deserialize;

use crate::exit::Failure;
use crate::login::Login;
use crate::secrets::{Reference, read_bounded};
use crate::surroundings;

/// What is known of the tasks of a DAG; not looked at by programs that know no DAGs.
#[cfg(feature = "airflow")]
pub type Tasks = ops_recipes::airflow::DagKnowledge;
/// What is known of the tasks of a DAG; not looked at by programs that know no DAGs.
#[cfg(not(feature = "airflow"))]
pub type Tasks = serde::de::IgnoredAny;

/// A file of settings is written by people.
const MAX: u64 = 4 * 1024 * 1024;

/// What the file says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// By name.
    pub environments: BTreeMap<String, Environment>,
}

/// One environment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Environment {
    /// Its name is typed back before anything is changed.
    pub production: bool,
    /// Sonar's address.
    pub sonar_url: Option<String>,
    /// Metapod's address.
    pub metapod_url: Option<String>,
    /// Airflow's address.
    pub airflow_url: Option<String>,
    /// How to log in to Airflow; as everywhere else unless told.
    pub airflow_login: Option<Login>,
    /// Another login to Airflow for changes, where reading and changing are different rights.
    pub airflow_write_login: Option<Login>,
    /// The addresses of all of Aurora's schedulers.
    pub aurora_urls: Vec<String>,
    /// How to log in to Aurora; as everywhere else unless told.
    pub aurora_login: Option<Login>,
    /// Another login to Aurora for changes.
    pub aurora_write_login: Option<Login>,
    /// The role of the platform's jobs; `jobs` unless told.
    pub aurora_role: Option<String>,
    /// Their environment; `prod` unless told.
    pub aurora_environment: Option<String>,
    /// The name of Aurora's framework at Mesos; `Aurora` unless told.
    pub aurora_framework: Option<String>,
    /// The addresses of all Mesos masters.
    pub mesos_urls: Vec<String>,
    /// The folder of the job templates.
    pub job_templates: Option<PathBuf>,
    /// Where the machines are.
    pub fleet: Option<Fleet>,
    /// The warehouse.
    pub redshift: Option<Redshift>,
    /// The services: their stacks, where they answer, and who builds and deploys them.
    pub services: Option<Services>,
    /// The tables of DynamoDB.
    pub tables: Option<Tables>,
    /// Where runs are announced: a channel of Slack.
    pub slack: Option<Slack>,
    /// Metabase's address.
    pub metabase_url: Option<String>,
    /// How to log in to Metabase: a user and a password, or the header `x-api-key`.
    pub metabase_login: Option<Login>,
    /// Where Metabase shows what was loaded, as people say it; `Belo Monte - Meta - Loads` unless told.
    pub metabase_loads: Option<String>,
    /// A command that prints the scheduler's journal of a machine; the machine's id is its last argument.
    pub journal_command: Vec<String>,
    /// By DAG: what no system knows of its tasks.
    pub dags: BTreeMap<String, Tasks>,
    /// The bearer token.
    pub token: Option<Reference>,
    /// Another bearer token for changes, where reading and changing are different rights.
    pub write_token: Option<Reference>,
    /// A client certificate (PEM), instead of tokens.
    pub client_cert: Option<PathBuf>,
    /// Its key (PEM, without passphrase).
    pub client_key: Option<PathBuf>,
    /// Certificates (PEM) to trust besides those of the machine.
    pub ca_file: Option<PathBuf>,
    /// Whether plain http may leave this machine.
    pub allow_plain_http: bool,
    /// What is allowed without being asked.
    pub limits: Limits,
    /// Who owns which datasets, and which of them the business waits for.
    pub owners: Vec<Owner>,
    /// Which job writes which datasets.
    pub writers: Vec<Writer>,
    /// What is made from which dataset.
    pub successors: Option<Vec<Successors>>,
    /// The empty file that `commit-empty-dataset` commits.
    pub empty_file: Option<Empty>,
    /// The folder of a bucket below which `commit-empty-dataset` makes files that have the dataset's columns.
    pub empty_files: Option<S3Path>,
    /// A folder with a copy of the buckets, or where they are mounted.
    pub buckets: Option<PathBuf>,
    /// The buckets themselves.
    pub files: Option<Files>,
    /// The workspace of Databricks.
    pub databricks: Option<Databricks>,
    /// Who is told how runs go.
    pub notify: Notify,
    /// By recipe: what to read or do after a run.
    pub later: BTreeMap<String, Vec<String>>,
}

/// Where the machines are, and which groups matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fleet {
    /// The region of AWS.
    pub region: String,
    /// The profile of AWS's own configuration; as AWS's own programs find it unless told.
    pub profile: Option<String>,
    /// Another address than that of AWS: a stand-in's.
    pub endpoint: Option<String>,
    /// The group of the machines with the schedulers of the cluster: what `restart-aurora` replaces.
    pub masters_group: Option<String>,
    /// The group of the machines that run jobs: what `cycle-machines` and `scale-cluster` mean unless told.
    pub machines_group: Option<String>,
}

/// The buckets with the files of datasets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Files {
    /// The region of AWS.
    pub region: String,
    /// Another address than that of AWS: a stand-in's, or another store that speaks S3.
    pub endpoint: Option<String>,
}

/// The workspace of Databricks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Databricks {
    /// Its address.
    pub url: String,
    /// How to log in there: a personal access token, or the id and the secret of a service principal as user and password.
    #[serde(default)]
    pub login: Option<Login>,
    /// From prefixes of buckets to what Spark reads; each bucket mounted by its name unless told.
    #[serde(default)]
    pub mapping: Option<Mapping>,
}

/// How Spark reads buckets; not looked at by programs that know no Databricks.
#[cfg(feature = "databricks")]
pub type Mapping = databricks_client::Mapping;
/// How Spark reads buckets; not looked at by programs that know no Databricks.
#[cfg(not(feature = "databricks"))]
pub type Mapping = BTreeMap<String, String>;

/// Where runs are announced: a channel of Slack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Slack {
    /// The channel's id.
    pub channel: String,
    /// Where the token of the app's bot is found.
    pub token: Option<Reference>,
    /// Another address than Slack's: a proxy's.
    pub address: Option<String>,
    /// How many messages are asked for at once: 200 unless told.
    pub page_size: Option<u32>,
    /// What links to the page on which people follow transactions have in them; `sonar`, and Sonar's address, in any case.
    pub links: Option<String>,
}

impl Slack {
    /// Where it is.
    pub fn address(&self) -> &str {
        self.address.as_deref().unwrap_or("https://slack.com")
    }
}

/// The services: their stacks, where they answer, and who builds and deploys them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Services {
    /// The region of AWS with their stacks.
    pub region: String,
    /// The profile of AWS's own configuration; as AWS's own programs find it unless told.
    pub profile: Option<String>,
    /// Another address than that of AWS: a stand-in's.
    pub endpoint: Option<String>,
    /// Where a service answers, with places for `{environment}`, `{prototype}`, `{suffix}` and `{service}`.
    pub addresses: Option<String>,
    /// GoCD's address, with or without the `/go` below which it lies.
    pub gocd_url: Option<String>,
    /// How to log in there: a user and a password, or a personal access token.
    pub gocd_login: Option<Login>,
    /// The pipelines that deploy: nothing is rolled back while one of them runs.
    pub deploys: Vec<String>,
    /// The pipelines of services that are not called like them.
    pub pipelines: BTreeMap<String, String>,
    /// Services of which only one instance may be there.
    pub single: Vec<String>,
    /// What the parameters of a side are called after its colour.
    pub parameters: Parameters,
}

/// The tables of DynamoDB: where they are, and which of them matter.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tables {
    /// The region of AWS.
    pub region: String,
    /// The profile of AWS's own configuration; as AWS's own programs find it unless told.
    pub profile: Option<String>,
    /// Another address than that of AWS: a stand-in's.
    pub endpoint: Option<String>,
    /// Which ones `triage` looks at; those behind Datomic databases unless told.
    pub names: Vec<String>,
    /// What a unit costs for an hour, where the public price list does not count.
    pub prices: Option<TablePrices>,
}

/// What a unit costs for an hour.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablePrices {
    /// A read unit.
    pub read_hour: f64,
    /// A write unit.
    pub write_hour: f64,
    /// In this currency.
    pub currency: String,
}

/// What the parameters of a side are called after its colour; not looked at by programs that know no services.
#[cfg(feature = "services")]
pub type Parameters = ops_recipes::services::ParameterNames;
/// What the parameters of a side are called after its colour; not looked at by programs that know no services.
#[cfg(not(feature = "services"))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Parameters {}

/// The warehouse: its cluster, and the way to it by SQL.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redshift {
    /// The cluster's identifier, or a beginning that only one has.
    pub cluster: String,
    /// The region of AWS.
    pub region: String,
    /// The profile of AWS's own configuration; as AWS's own programs find it unless told.
    pub profile: Option<String>,
    /// Another address than that of AWS: a stand-in's.
    pub endpoint: Option<String>,
    /// The host, for the way over PostgreSQL's wire. Without it, SQL goes through the Data API.
    pub host: Option<String>,
    /// Its port; 5439 unless told.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The user who looks, and who ends sessions: one who sees all.
    pub user: String,
    /// Where the password is found; without it AWS is asked for one each time.
    pub password: Option<Reference>,
    /// The user as whom the loader works.
    pub loader: String,
    /// Users whose sessions are never ended.
    pub protected: Vec<String>,
    /// The schemas that the loader swaps.
    pub schemas: Vec<String>,
    /// Where the loader writes its log.
    pub loader_log: Option<PathBuf>,
    /// Who starts the loader again after a reboot: a task and its job.
    pub restarter: Option<String>,
    /// Where loads are logged.
    pub loads: Loads,
}

impl Default for Redshift {
    fn default() -> Self {
        Self {
            cluster: String::new(),
            region: String::new(),
            profile: None,
            endpoint: None,
            host: None,
            port: 5439,
            database: "dev".into(),
            user: String::new(),
            password: None,
            loader: "loader".into(),
            protected: Vec::new(),
            schemas: ["fact", "dimension"].map(str::to_owned).to_vec(),
            loader_log: None,
            restarter: None,
            loads: Loads::default(),
        }
    }
}

/// The Loads table: its name and its columns.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Loads {
    /// `schema.table`.
    pub table: String,
    /// The column with the name of a table.
    pub name: String,
    /// The column with the transaction.
    pub transaction: String,
    /// The column with the time.
    pub time: String,
}

impl Default for Loads {
    fn default() -> Self {
        let [table, name, transaction, time] =
            ["meta.loads", "table_name", "metapod_transaction_id", "load_time"].map(str::to_owned);
        Self { table, name, transaction, time }
    }
}

/// An empty file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Empty {
    /// Where it lies.
    pub path: S3Path,
    /// `PARQUET` unless told.
    #[serde(default)]
    pub format: Option<CommitFormat>,
}

impl Empty {
    /// As the recipe takes it.
    pub fn file(&self) -> EmptyFile {
        match self.format {
            Some(CommitFormat::Avro) => EmptyFile::avro(self.path.clone()),
            _ => EmptyFile::parquet(self.path.clone()),
        }
    }
}

/// Who is told how runs go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notify {
    /// A program and its arguments; the news is JSON on its standard input.
    pub command: Vec<String>,
    /// Where the address of a webhook is found: such addresses are secrets themselves. The news is its JSON body.
    pub webhook: Option<Reference>,
}

impl Environment {
    /// What no system knows.
    pub fn knowledge(&self) -> Knowledge {
        let mut knowledge = Knowledge::new();
        knowledge.owners.clone_from(&self.owners);
        knowledge.writers.clone_from(&self.writers);
        knowledge.successors.clone_from(&self.successors);
        knowledge
    }

    /// The role of the platform's jobs.
    pub fn aurora_role(&self) -> &str {
        self.aurora_role.as_deref().unwrap_or("jobs")
    }

    /// The environment of the platform's jobs.
    pub fn aurora_environment(&self) -> &str {
        self.aurora_environment.as_deref().unwrap_or("prod")
    }

    /// The name of Aurora's framework at Mesos.
    pub fn aurora_framework(&self) -> &str {
        self.aurora_framework.as_deref().unwrap_or("Aurora")
    }

    /// What no system knows of a DAG's tasks.
    #[cfg(feature = "airflow")]
    pub fn tasks_of(&self, dag: &airflow_client::DagId) -> Tasks {
        self.dags.get(dag.as_str()).cloned().unwrap_or_default()
    }
}

impl Config {
    /// Reads a file of settings.
    ///
    /// # Errors
    /// Where it cannot be read, or something in it is not understood: what, where, and what to do.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let bytes = read_bounded(path, MAX).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        let text = String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{name}: no text in UTF-8")))?;
        Self::parse(&text)
            .map_err(|what| Failure::usage(format!("{name}, {what}\n  → ops.sample.toml shows every setting")))
    }

    /// Understands a text. The offending line is counted, not quoted: somebody may have written a secret there.
    fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            format!("line {}: {}", before.matches('\n').count() + 1, error.message().trim())
        })?;
        for (name, environment) in &config.environments {
            if environment.client_cert.is_some() != environment.client_key.is_some() {
                return Err(format!("[environments.{name}]: client_cert and client_key belong together"));
            }
            if environment.client_cert.is_some() && environment.token.is_some() {
                return Err(format!("[environments.{name}]: a token or a client certificate, not both"));
            }
        }
        Ok(config)
    }

    /// The file that is used where none is named: `ops.toml` here, or among a person's settings.
    pub fn usual() -> Option<PathBuf> {
        let here = PathBuf::from("ops.toml");
        let home = || surroundings::config_home().map(|home| home.join("ops-recipes").join("ops.toml"));
        std::iter::once(here).chain(home()).find(|path| path.is_file())
    }

    /// What there is, one environment a line.
    pub fn list(&self) -> String {
        let line = |(name, environment): (&String, &Environment)| {
            let production = if environment.production { " (production)" } else { "" };
            let address = environment.sonar_url.as_deref().or(environment.airflow_url.as_deref());
            let address = address.or(environment.aurora_urls.first().map(String::as_str));
            let address = address.unwrap_or("no address");
            format!("\n  --env {name}{production}: {address}")
        };
        self.environments.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_understood() {
        let text = include_str!("../../ops.sample.toml");
        let config = Config::parse(text).unwrap();
        let prod = &config.environments["prod"];
        assert!(prod.production && !config.environments["staging"].production);
        assert_eq!(prod.limits.max_count, 50);
        assert!(prod.knowledge().is_critical(&"dataset/fx-rates".parse().unwrap()));
        assert!(prod.successors.is_some() && prod.empty_file.is_some());
        #[cfg(feature = "airflow")]
        assert!(prod.tasks_of(&"dagao".parse().unwrap()).is_critical(&"policy-model".parse().unwrap()));
        // What is commented out must be right, too: each such line is a setting with one blank after the sign.
        let whole: String = text
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(setting)
                    if setting.split(" = ").next().is_some_and(|name| {
                        name.chars().all(|c| c == '_' || c.is_ascii_lowercase()) && setting.contains(" = ")
                    }) =>
                {
                    setting
                }
                _ => line,
            })
            .filter(|line| !line.starts_with("client_"))
            .map(|line| format!("{line}\n"))
            .collect();
        let whole = Config::parse(&whole).unwrap();
        assert!(prod.airflow_login.is_some() && whole.environments["prod"].airflow_write_login.is_some());
        assert_ne!(whole.environments["prod"].notify, Notify::default());
        let prod = &whole.environments["prod"];
        assert!(prod.aurora_login.is_some() && prod.aurora_write_login.is_some() && !prod.mesos_urls.is_empty());
        assert!(prod.fleet.as_ref().is_some_and(|fleet| fleet.masters_group.is_some()));
        assert!(prod.metabase_url.is_some() && prod.metabase_login.is_some() && prod.metabase_loads.is_some());
        let slack = prod.slack.as_ref().unwrap();
        assert!(slack.token.is_some() && slack.page_size.is_some() && slack.links.is_some());
        assert_eq!(slack.address(), Slack::default().address());
        let redshift = prod.redshift.as_ref().unwrap();
        assert!(redshift.host.is_some() && redshift.password.is_some() && redshift.restarter.is_some());
        // What is commented out says what is so unless told.
        let usual = Redshift::default();
        assert_eq!((&redshift.loads, redshift.port), (&usual.loads, usual.port));
        assert_eq!((&redshift.loader, &redshift.schemas), (&usual.loader, &usual.schemas));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, wants) in [
            ("[environments.prod]\nsonar = 1", "line 2: unknown field `sonar`"),
            ("[environments.prod]\nlimits = { max = 1 }", "unknown field `max`"),
            ("[environments.prod]\nclient_cert = \"a.pem\"", "belong together"),
            ("[environments.prod]\nproduction = \"yes\"", "line 2: "),
            ("environments", "line 1"),
        ] {
            let error = Config::parse(text).unwrap_err();
            assert!(error.contains(wants), "{error}");
        }
    }

    #[test]
    fn a_secret_in_the_file_is_never_repeated() {
        for text in ["[environments.prod]\ntoken = \"planted\"", "[environments.prod]\npassword = \"planted\""] {
            let error = Config::parse(text).unwrap_err();
            assert!(!error.contains("planted"), "{error}");
        }
    }
}
