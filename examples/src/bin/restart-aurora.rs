//! Restarts Aurora, where its scheduler is dead.

use std::process::ExitCode;
use std::time::Duration;

use aurora_client::FrameworkId;
use clap::Parser;
use examples::cluster::group;
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use ops_recipes::aurora::RestartAurora;
use ops_sandbox::aurora::Trouble;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  restart-aurora                          the embedded sandbox, whose scheduler is down
  restart-aurora --trouble NotRegistered  the embedded sandbox, with another trouble: each explains itself
  restart-aurora --env prod --plan-only   what is wrong, from three sides; changes nothing

Alerts: «aurora is down», «aurora's page does not answer», «scheduler is down», «restart aurora»

";

/// Say what is wrong with Aurora, and replace the machine of a scheduler that is dead: the runbook's «Restart Aurora».
///
/// When: Aurora does not answer. The schedulers, the Mesos master and what the master says of Aurora's framework are read
/// first. Only a scheduler that is down is a plan by itself; where others answer, or Mesos sees a framework that works, it is
/// asked; everything else is refused, with what helps instead. The journal of the machine is kept before it is ended (the
/// configuration's `journal_command`). Tasks that run go on meanwhile.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// The group of the machines with the schedulers [default: `fleet.masters_group` of the configuration]
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Also tear down what an old scheduler left, with all its tasks: a framework's id (may come several times)
    #[arg(long, value_name = "ID", value_parser = framework)]
    teardown: Vec<FrameworkId>,
    /// What is wrong in the embedded sandbox [default: `SchedulerDown`]
    #[arg(long, value_name = "NAME", value_parser = trouble)]
    trouble: Option<Trouble>,
    #[command(flatten)]
    flags: RecipeFlags,
}

fn framework(text: &str) -> Result<FrameworkId, String> {
    if text.trim().is_empty() { Err("an id belongs here".into()) } else { Ok(FrameworkId::new(text)) }
}

fn trouble(text: &str) -> Result<Trouble, String> {
    let found = Trouble::ALL.into_iter().find(|one| one.name().eq_ignore_ascii_case(text));
    found.ok_or_else(|| Trouble::ALL.map(Trouble::name).join(", "))
}

impl Cli {
    async fn question(&self, reach: &Reach) -> Result<RestartAurora, Failure> {
        if self.trouble.is_some() || reach.sandbox.is_some() {
            let world = reach.sandbox_only("--trouble")?.world();
            world.aurora_trouble(self.trouble.unwrap_or(Trouble::SchedulerDown));
            // The sandbox closes its ports a moment later.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let configured = reach.settings.fleet.as_ref().and_then(|fleet| fleet.masters_group.as_deref());
        let group = group(self.group.as_deref(), configured, "masters_group")?;
        let restart = RestartAurora::new(group).with_framework(reach.settings.aurora_framework());
        Ok(restart.tearing_down(self.teardown.iter().cloned()))
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    examples::main_loop::run(&cli.flags, false, async |reach| cli.question(reach).await)
}
