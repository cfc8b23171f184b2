//! What the ladder is climbed for, and how, from flags, configuration, or the sandbox's night.

use airflow_client::{DagRun, RunFilter};
use aurora_client::JobKey;
use clap::Args;
use gocd_client::PipelineName;
use metapod_client::TransactionId;
use ops_recipes::aurora::{CycleMachines, Order, Scaling};
use ops_recipes::recover::{Class, Ladder, Patterns, Rules, Ways};
use ops_sandbox::scenario::{self, Recovery, TroubledNight};

use crate::airflow::WhichRun;
use crate::cluster::{Binding, Template, group};
use crate::connect::Reach;
use crate::exit::Failure;

/// Among so many of the newest runs the transaction's is looked for.
const RUNS: usize = 30;
/// Where a run's configuration may name its transaction.
const NAMED: [&str; 2] = ["transaction", "metapod_transaction"];

/// What the ladder is climbed for, and how.
#[derive(Args, Clone, Debug)]
pub struct WhichLadder {
    #[command(flatten)]
    which: WhichRun,
    /// The transaction of the run; without it, the one that the run's configuration names
    #[arg(long, value_name = "ID")]
    transaction: Option<TransactionId>,
    /// The job that is the whole run by hand: role/environment/name [default: `dagao`, of the configured role]
    #[arg(long, value_name = "KEY", help_heading = "The rungs")]
    job: Option<JobKey>,
    /// Its template: a file, or its name in the folder `job_templates` of the configuration
    #[arg(long, value_name = "TEMPLATE", default_value = "dagao.toml", help_heading = "The rungs")]
    template: String,
    /// What stands for {{KEY}} in it, besides the transaction (may come several times)
    #[arg(long, value_name = "KEY=VALUE", help_heading = "The rungs")]
    bind: Vec<Binding>,
    /// Which version stands for {{version.NAME}} in it [default: for the job's own name, the version that failed]
    #[arg(long, value_name = "NAME=VERSION", help_heading = "The rungs")]
    job_version: Vec<Binding>,
    /// The group of machines that is cycled and scaled [default: `fleet.machines_group` of the configuration]
    #[arg(long, value_name = "NAME", help_heading = "The rungs")]
    group: Option<String>,
    /// How many machines are cycled at a time
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "The rungs")]
    batch: usize,
    /// To how many machines the cluster is scaled up
    #[arg(long, value_name = "N", help_heading = "The rungs")]
    nodes: Option<u32>,
    /// Which machines are added: on-demand, spot-only, try-spot
    #[arg(long, value_name = "MODE", default_value = "on-demand", help_heading = "The rungs",
          value_parser = ["on-demand", "spot-only", "try-spot"])]
    mode: String,
    /// The template of the job that scales
    #[arg(long, value_name = "TEMPLATE", default_value = "scale.toml", help_heading = "The rungs")]
    scale_template: String,
    /// Which version stands for {{version.NAME}} in it [default: for `scale_cluster`, that of the last scaling that ended well]
    #[arg(long, value_name = "NAME=VERSION", help_heading = "The rungs")]
    scale_version: Vec<Binding>,
    /// From which share of generic failures on the ladder is climbed: 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = share, help_heading = "The evidence")]
    share: f64,
    /// Which words tell which kind of failure: generic=…, resources=…, code=… (may come several times)
    #[arg(long, value_name = "KIND=WORDS", value_parser = pattern, help_heading = "The evidence")]
    pattern: Vec<(Class, String)>,
    /// A pipeline of the build server that deploys the DAG or its jobs (may come several times)
    #[arg(long, value_name = "NAME", help_heading = "The evidence")]
    pipeline: Vec<PipelineName>,
    /// How many minutes before the first failure a deploy counts as recent
    #[arg(long, value_name = "MIN", default_value_t = 120, help_heading = "The evidence")]
    deploys_within: u32,
    /// Recent deploys were looked at, and are not why
    #[arg(long, help_heading = "The evidence")]
    deploys_looked_at: bool,
    /// A rung that stopped half-way is left as it is, and planned anew
    #[arg(long, help_heading = "The evidence")]
    anew: bool,
    /// What is wrong in the embedded sandbox: network, crowded, bad-version, code, live, quiet [default: network]
    #[arg(long, value_name = "NAME")]
    night: Option<TroubledNight>,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share between 0 and 1 belongs here".into()),
    }
}

fn pattern(text: &str) -> Result<(Class, String), String> {
    let (kind, words) = text.split_once('=').unwrap_or_default();
    let kind = Class::ALL.into_iter().find(|class| *class != Class::Unknown && class.to_string() == kind);
    match kind {
        Some(kind) if !words.trim().is_empty() => Ok((kind, words.trim().to_owned())),
        _ => Err("KIND=WORDS belongs here: generic, resources or code, and words of the message".into()),
    }
}

/// What the ladder is climbed for, and how.
#[derive(Clone, Debug)]
pub struct Goal {
    /// What for.
    pub ladder: Ladder,
    /// By which rules.
    pub rules: Rules,
    /// How.
    pub ways: Ways,
    /// Which pipelines deploy it.
    pub pipelines: Vec<PipelineName>,
}

impl WhichLadder {
    /// What is meant.
    ///
    /// # Errors
    /// Where something is not named, or not found.
    pub async fn goal(&self, reach: &Reach) -> Result<Goal, Failure> {
        let night = self.night(reach)?;
        let (transaction, run) = match &night {
            Some(night) => (self.transaction.unwrap_or(night.transaction).to_string(), Some(night.run.clone())),
            None => self.run(reach).await?,
        };
        let configured = reach.settings.fleet.as_ref().and_then(|fleet| fleet.machines_group.as_deref());
        let group = group(self.group.as_deref(), configured, "machines_group")?;
        let job = match &self.job {
            Some(job) => job.clone(),
            None => JobKey::new(reach.settings.aurora_role(), reach.settings.aurora_environment(), "dagao")
                .map_err(|error| Failure::usage(error.to_string()))?,
        };
        let order = Template::Dagao.order(reach, Some(&self.template), &self.bind, &self.job_version)?;
        let scaling = Template::Scale.order(reach, Some(&self.scale_template), &[], &self.scale_version)?;
        let (order, scaling) = match &night {
            // The sandbox's templates come with a version; here the evidence says which.
            Some(_) => (bare(order, &self.job_version), bare(scaling, &self.scale_version)),
            None => (order, scaling),
        };
        let order = order.bind("profile.metapod_transaction", &transaction);
        let mut ladder = Ladder::new(transaction, job.clone(), &group);
        if let Some(key) = scale_job(&scaling, &self.mode) {
            ladder = ladder.with_scale_job(key);
        }
        if let Some(run) = run {
            ladder = ladder.with_run(run);
        }
        let mut ways = Ways::new(
            CycleMachines::new(&group).with_batch(self.batch),
            order,
            Scaling::new(scaling, &self.mode, &group),
        );
        ways.version = job.name().to_owned();
        Ok(Goal { ladder, rules: self.rules(night.as_ref()), ways, pipelines: self.pipelines(reach, night.as_ref()) })
    }

    fn rules(&self, night: Option<&Recovery>) -> Rules {
        let patterns = self.pattern.iter();
        let patterns = patterns.fold(Patterns::new(), |all, (class, words)| all.with(words, *class));
        let rules = Rules::new()
            .with_share(self.share)
            .with_patterns(patterns)
            .with_deploys_within(i64::from(self.deploys_within) * 60)
            .with_deploys_looked_at(self.deploys_looked_at)
            .anew(self.anew);
        match self.nodes.or(night.map(|night| night.nodes)) {
            Some(nodes) => rules.with_nodes(nodes),
            None => rules,
        }
    }

    fn pipelines(&self, reach: &Reach, night: Option<&Recovery>) -> Vec<PipelineName> {
        if !self.pipeline.is_empty() {
            return self.pipeline.clone();
        }
        if let Some(night) = night {
            return vec![night.pipeline.clone()];
        }
        let configured = reach.settings.services.iter().flat_map(|services| &services.deploys);
        configured.filter_map(|name| name.parse().ok()).collect()
    }

    /// The night of the embedded sandbox takes the place of what is there.
    fn night(&self, reach: &Reach) -> Result<Option<Recovery>, Failure> {
        if self.night.is_none() && reach.sandbox.is_none() {
            return Ok(None);
        }
        let world = reach.sandbox_only("--night")?.world();
        world.clear();
        Ok(Some(scenario::recovery(world, self.night.unwrap_or(TroubledNight::Network))?))
    }

    /// The transaction and its run in Airflow, each found by the other where only one is named.
    async fn run(&self, reach: &Reach) -> Result<(String, Option<airflow_client::RunKey>), Failure> {
        let named = self.transaction.map(|id| id.to_string());
        let by_run = self.which.run.is_some() || self.which.target_date.is_some();
        if by_run {
            let run = self.which.find(reach).await?;
            let told = transaction_of(&run);
            return match (named, told) {
                (Some(named), Some(told)) if named != told => Err(Failure::refused(format!(
                    "{} is of the transaction {told}, and --transaction says {named}",
                    run.key.run
                ))),
                (Some(named), _) => Ok((named, Some(run.key))),
                (None, Some(told)) => Ok((told.to_owned(), Some(run.key.clone()))),
                (None, None) => Err(Failure::usage(format!(
                    "{} does not say its transaction: add --transaction ID (find-transaction finds it)",
                    run.key.run
                ))),
            };
        }
        let Some(named) = named else {
            return Err(Failure::usage(
                "say which run: --transaction ID, or --dag DAG with --run ID or --target-date DATE",
            ));
        };
        let run = match (&self.which.dag, reach.airflow()) {
            (Some(dag), Ok(airflow)) => {
                let runs = airflow.reads.dag_runs(&RunFilter::of(dag.clone()).at_most(RUNS)).await?;
                runs.into_iter().find(|run| transaction_of(run) == Some(&named)).map(|run| run.key)
            }
            _ => None,
        };
        Ok((named, run))
    }
}

fn bare(mut order: Order, versions: &[Binding]) -> Order {
    order.versions = versions.iter().map(|version| (version.name.clone(), version.value.clone())).collect();
    order
}

/// The key of the job that scales: what it is filled with does not matter for that.
fn scale_job(order: &Order, mode: &str) -> Option<JobKey> {
    let order = order.clone().bind("MODE", mode).bind("N_NODES", "1").bind("SCALE_TIMEOUT", "0");
    let filled = order.job().or_else(|_| order.version("scale_cluster", "any").job());
    filled.ok().map(|job| job.key)
}

fn transaction_of(run: &DagRun) -> Option<&str> {
    let conf = run.conf.as_ref()?;
    NAMED.iter().find_map(|name| conf.get(name)?.as_str().filter(|id| !id.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_given_with_their_kind() {
        assert_eq!(pattern("generic=quorum lost"), Ok((Class::Generic, "quorum lost".to_owned())));
        for wrong in ["", "generic", "generic=", "unknown=x", "other=x"] {
            assert!(pattern(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_share_is_one() {
        assert_eq!(share("0.5"), Ok(0.5));
        for wrong in ["1.1", "-0.1", "half", "NaN"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }
}
