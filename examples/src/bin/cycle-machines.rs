//! Replaces the machines of a group.

use std::process::ExitCode;

use clap::Parser;
use examples::cluster::group;
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use fleet_ops::InstanceId;
use ops_recipes::aurora::CycleMachines;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  cycle-machines                          the embedded sandbox, to see how it goes
  cycle-machines --env prod --group cantareira-stable-mesos-on-demand --batch 2 --exclude i-0a1b2c3d --plan-only

Alerts: «cycle all machines», «replace the machines»

";

/// Replace the machines of a group, some at a time: the runbook's «Cycle all machines».
///
/// When: machines misbehave, or must take up a new image. The next ones go only when as many work again as there should be.
/// Jobs that run on them die with them, and are asked about; `--exclude` leaves machines alone that somebody looks at.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// The group [default: `fleet.machines_group` of the configuration]
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// How many at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    batch: usize,
    /// Leave these machines alone
    #[arg(long, value_name = "ID", num_args = 1.., value_parser = machine)]
    exclude: Vec<InstanceId>,
    #[command(flatten)]
    flags: RecipeFlags,
}

fn machine(text: &str) -> Result<InstanceId, String> {
    if text.starts_with("i-") { Ok(InstanceId::new(text)) } else { Err("a machine's id begins with i-".into()) }
}

impl Cli {
    fn question(&self, reach: &Reach) -> Result<CycleMachines, Failure> {
        let configured = reach.settings.fleet.as_ref().and_then(|fleet| fleet.machines_group.as_deref());
        let group = group(self.group.as_deref(), configured, "machines_group")?;
        Ok(CycleMachines::new(group).with_batch(self.batch).without(self.exclude.iter().cloned()))
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    examples::main_loop::run(&cli.flags, false, async |reach| cli.question(reach))
}
