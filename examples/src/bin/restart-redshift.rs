//! Frees a loader that hangs, or restarts its cluster.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use examples::warehouse::{load, log_of, trouble};
use metapod_client::TransactionId;
use ops_recipes::redshift::RestartRedshift;
use ops_sandbox::scenario::LoadTrouble;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  restart-redshift                            the embedded sandbox, whose loader hangs on a reader
  restart-redshift --trouble SecondBlocker    the embedded sandbox, with another trouble (ProtectedReader, OtherLoader,
                                              NobodyBlocks, Healthy)
  restart-redshift --env prod --plan-only     who blocks the loader; changes nothing
  restart-redshift --env prod --log capivara.log
  tail -n 10000 capivara.log | restart-redshift --env prod --log - --plan-only

Alerts: «capivara hangs», «the loader hangs», «restart redshift», a log whose last lines have «:wip-count 0»

";

/// Free a loader that hangs: end the sessions that block it, or reboot the cluster where they cannot be ended: the runbook's
/// «Restart redshift cluster».
///
/// When: the loader's log repeats «:wip-count 0» after a DROP SCHEMA, or the warehouse's queries all wait. Evidence comes first:
/// the log, and who waits for whom. Only sessions that block the loader and wait for nobody are ended, never one of the loader, of
/// rdsdb or of a protected user. A reboot is planned where that is not possible or did not help (--reboot); it ends every
/// session.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// The cluster's identifier, or a beginning that only one has [default: `redshift.cluster` of the configuration]
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// The loader's log; - is the standard input [default: `redshift.loader_log` of the configuration]
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The transaction that is loaded, where the log does not tell
    #[arg(long, value_name = "ID")]
    transaction: Option<TransactionId>,
    /// Leave the sessions of this user alone (may come several times)
    #[arg(long, value_name = "USER")]
    protect: Vec<String>,
    /// Reboot, though sessions could be ended: that did not help
    #[arg(long)]
    reboot: bool,
    /// What is wrong in the embedded sandbox [default: `Reader`]
    #[arg(long, value_name = "NAME", value_parser = trouble)]
    trouble: Option<LoadTrouble>,
    #[command(flatten)]
    flags: RecipeFlags,
}

impl Cli {
    fn reads_input(&self) -> bool {
        self.log.as_deref() == Some(Path::new("-"))
    }

    fn question(&self, reach: &Reach) -> Result<RestartRedshift, Failure> {
        if self.trouble.is_some() {
            reach.sandbox_only("--trouble")?;
        }
        if let Some(sandbox) = &reach.sandbox {
            load(sandbox, self.trouble.unwrap_or_default())?;
        }
        let settings = reach.settings.redshift.clone().unwrap_or_default();
        let cluster = self.cluster.clone().unwrap_or(settings.cluster);
        if cluster.is_empty() {
            let how = "say which cluster: --cluster NAME, or redshift.cluster in the configuration";
            return Err(Failure::usage(how));
        }
        let mut restart = RestartRedshift::new(cluster)
            .with_loader(settings.loader)
            .with_schemas(settings.schemas)
            .protecting(settings.protected.into_iter().chain(self.protect.iter().cloned()));
        if let Some(who) = settings.restarter {
            restart = restart.restarted_by(who);
        }
        if let Some(transaction) = self.transaction {
            restart = restart.of_transaction(transaction.to_string());
        }
        if let Some(seen) = log_of(reach, self.log.as_deref())? {
            restart = restart.with_log(seen);
        }
        Ok(if self.reboot { restart.rebooting() } else { restart })
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    examples::main_loop::run(&cli.flags, cli.reads_input(), async |reach| cli.question(reach))
}
