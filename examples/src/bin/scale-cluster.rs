//! Scales the cluster, up and down.

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use examples::cluster::{Binding, Template, group};
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use examples::main_loop::run;
use ops_recipes::aurora::{ScaleDown, ScaleUp, Scaling};

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  scale-cluster up 5                      the embedded sandbox: from 3 machines to 5
  scale-cluster up 120 --mode on-demand --job-version scale_cluster=4945885 --env prod --plan-only
  scale-cluster down 60 --job-version scale_cluster=4945885 --env prod
Flags come after the subcommand.

Alerts: «increase the cluster size», «not enough machines», «scale the cluster back»

";

/// Make more machines, or fewer, by the job that does it: the runbook's «Increase the cluster size», and back.
///
/// When: jobs wait for a place (`triage` says so), and after the rush. A scale-up is ended by its scale-down: until that was
/// done it is owed, and `runs due` says so. The job's template asks for `MODE`, `N_NODES` and `SCALE_TIMEOUT`, which are bound
/// here.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// To more machines
    #[command(after_help = format!("{EXAMPLES}{CODES}"))]
    Up(Box<How>),
    /// To fewer machines
    #[command(after_help = format!("{EXAMPLES}{CODES}"))]
    Down(Box<How>),
}

#[derive(Args, Debug)]
struct How {
    /// How many machines there shall be
    #[arg(value_name = "N")]
    nodes: Option<u32>,
    /// Their group [default: `fleet.machines_group` of the configuration]
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Which machines: on-demand, spot-only, try-spot
    #[arg(long, value_name = "MODE", default_value = "on-demand", value_parser = ["on-demand", "spot-only", "try-spot"])]
    mode: String,
    /// The job's template: a file, or its name in the folder `job_templates` of the configuration
    #[arg(long, value_name = "TEMPLATE", default_value = "scale.toml")]
    template: String,
    /// Which version stands for {{version.NAME}} in it (may come several times)
    #[arg(long, value_name = "NAME=VERSION")]
    job_version: Vec<Binding>,
    #[command(flatten)]
    flags: RecipeFlags,
}

impl How {
    fn scaling(&self, reach: &Reach) -> Result<(Scaling, u32), Failure> {
        let nodes =
            self.nodes.ok_or_else(|| Failure::usage("say how many machines there shall be: scale-cluster up 5"))?;
        let configured = reach.settings.fleet.as_ref().and_then(|fleet| fleet.machines_group.as_deref());
        let group = group(self.group.as_deref(), configured, "machines_group")?;
        let order = Template::Scale.order(reach, Some(&self.template), &[], &self.job_version)?;
        Ok((Scaling::new(order, &self.mode, group), nodes))
    }
}

fn main() -> ExitCode {
    match Cli::parse().verb {
        Verb::Up(how) => run(&how.flags, false, async |reach| {
            how.scaling(reach).map(|(scaling, nodes)| ScaleUp::new(scaling, nodes))
        }),
        Verb::Down(how) => run(&how.flags, false, async |reach| {
            how.scaling(reach).map(|(scaling, nodes)| ScaleDown::new(scaling, nodes))
        }),
    }
}
