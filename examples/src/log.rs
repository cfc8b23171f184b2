//! What is called and how it went, on standard error, for whoever wants to know.

use tracing_subscriber::EnvFilter;

use crate::surroundings;

/// Begins to log. `OPS_LOG` chooses more finely what (`info,ops_client=debug`).
pub fn start(verbose: bool) {
    let usual = if verbose { "info,ops_client=debug,ops_plan=debug,hyper=warn" } else { "off" };
    let wanted = surroundings::variable("OPS_LOG");
    let filter = wanted.and_then(|wanted| EnvFilter::try_new(wanted).ok()).unwrap_or_else(|| EnvFilter::new(usual));
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).finish();
    // Only the first one counts; a second start changes nothing.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
