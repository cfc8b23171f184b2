//! The recipes as a service, for a Restate engine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use examples::engine::host::{Hosting, check_reachable, host, on_many_threads};
use examples::exit::{CODES, Failure};
use examples::log;
use examples::screen::{Ending, Screen};
use examples::text::Layout;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  engine-host --admin http://127.0.0.1:9070
  engine-host --config ops.toml --env staging --archive /srv/ops --admin http://127.0.0.1:9070
  engine-host --listen 0.0.0.0:9080 --reached-at http://ops.example.com:9080 --identity-key publickeyv1_…

The engine has to reach this program, and nobody else should: whoever does can start runs. Credentials stay here; through the
engine go plans, approvals and answers.

";

/// Serve all recipes for a Restate engine: plans, approvals and runs come through it, calls to the systems go out from here.
///
/// Without a configuration it hosts the sandbox inside of this process, which ends with it. With one it hosts every environment,
/// each with its own credentials. SIGTERM or Ctrl-C: takes no new calls, and lets those in flight end; a run goes on when the
/// program is there again, at the same address.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// Where to listen for the engine; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9080")]
    listen: SocketAddr,
    /// How the engine reaches this program, where it is not by the address that is listened on
    #[arg(long, value_name = "URL")]
    reached_at: Option<String>,
    /// Where plans, reports and debts are kept; all hosts of one engine share it
    #[arg(long, value_name = "FOLDER", env = "OPS_ARCHIVE", default_value = "archive")]
    archive: PathBuf,
    /// The engine's admin port: register there
    #[arg(long, value_name = "URL", env = "OPS_ENGINE_ADMIN")]
    admin: Option<String>,
    /// Allow plain http to an admin port on another machine
    #[arg(long)]
    allow_plain_http: bool,
    /// Take only calls that the engine with this public key has signed
    #[arg(long, value_name = "KEY")]
    identity_key: Option<String>,
    /// The configuration [default: ops.toml here, or ops-recipes/ops.toml among your settings]
    #[arg(long, value_name = "FILE", env = "OPS_CONFIG")]
    config: Option<PathBuf>,
    /// Host this environment only (may come several times)
    #[arg(long = "env", value_name = "NAME")]
    environments: Vec<String>,
    /// Say on standard error what is called and how it went
    #[arg(long, short)]
    verbose: bool,
}

fn go(cli: Cli, screen: Screen) -> Result<Ending, Failure> {
    check_reachable(cli.listen, cli.admin.as_deref(), cli.reached_at.as_deref())?;
    let hosting = Hosting {
        listen: cli.listen,
        reached_at: cli.reached_at,
        archive: cli.archive,
        admin: cli.admin,
        allow_plain_http: cli.allow_plain_http,
        identity_key: cli.identity_key,
        config: cli.config,
        environments: cli.environments,
    };
    on_many_threads(host(hosting, screen))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    log::start(cli.verbose);
    let screen = Screen::full(Layout::of_terminal());
    screen.end(go(cli, screen))
}
