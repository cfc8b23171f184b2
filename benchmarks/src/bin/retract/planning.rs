//! Planning, against a plain parse of the same reply.

use std::path::Path;
use std::time::{Duration, Instant};

use ops_recipes::datasets::Facts;
use serde_json::Value;

use crate::Result;
use crate::canned::Canned;
use crate::recipe::Retraction;
use benchmarks::sandbox::{Clients, Sandbox};

/// What planning took.
pub(crate) struct Planning {
    /// One value a round: the reply over a loopback socket, decoded, planned, sealed.
    pub(crate) plan: Vec<Duration>,
    /// One value a round: the reply, in memory, parsed by `serde_json` to a `Value`.
    pub(crate) parse: Vec<Duration>,
    /// The size of the reply, in bytes.
    pub(crate) reply: usize,
}

pub(crate) async fn measure(datasets: usize, rounds: u64, runs: &Path) -> Result<Planning> {
    let sandbox = Sandbox::start(datasets, false)?;
    let canned = Canned::before(&sandbox.metapod)?;
    let sonar = sandbox.sonar.replacen(&sandbox.metapod, &canned.url, 1);
    let clients = Clients::of(&canned.url, &sonar)?;
    let retraction = Retraction::new(&clients, sandbox.transaction, Facts::WithoutSchema, runs);
    // The first plan teaches the server its answers.
    let first = retraction.plan().await?;
    if first.len() != datasets {
        return Err(format!("{} actions were planned for {datasets} datasets", first.len()).into());
    }
    drop(first);
    drop(sandbox);
    let reply = canned.longest();
    let (mut plan, mut parse) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let begun = Instant::now();
        let planned = retraction.plan().await?;
        plan.push(begun.elapsed());
        drop(planned);
        let begun = Instant::now();
        let parsed: Value = serde_json::from_slice(&reply)?;
        parse.push(begun.elapsed());
        drop(parsed);
    }
    Ok(Planning { plan, parse, reply: reply.len() })
}
