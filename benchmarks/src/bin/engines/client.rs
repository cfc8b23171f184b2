//! The recipe through the engine, as its client sees it: submit, approve, watch.

use std::path::Path;
use std::time::{Duration, Instant};

use benchmarks::retraction::{approval, check, recipe, registry, target};
use benchmarks::sandbox::{Clients, Sandbox};
use benchmarks::{Result, disk, process};
use ops_client::Environment;
use ops_plan::Registry;
use ops_recipes::datasets::Facts;
use ops_restate::{Engine, Stage};

use crate::handlers;
use crate::rounds::Took;
use crate::server::Server;

/// How often it is asked how far the run is: as a bar would.
const EVERY: Duration = Duration::from_millis(100);

/// Runs it against a sandbox, on an engine.
pub(crate) async fn measure(sandbox: &Sandbox, server: &Server, datasets: usize, archive: &Path) -> Result<Took> {
    let (handlers, address) = handlers::start(sandbox, archive)?;
    server.register(&address).await?;
    let (empty, before) = (server.disk()?, server.memory()?);
    let engine = Engine::builder(Environment::new("benchmark"), &server.ingress()).build()?;
    let registry: Registry = registry(&Clients::of(&sandbox.metapod, &sandbox.sonar)?);

    let begun = Instant::now();
    let plan = registry.propose(&recipe(sandbox.transaction, Facts::WithoutSchema), target()).await?;
    let planned = begun.elapsed();

    let begun = Instant::now();
    let submitted = engine.submit(&plan, None, "benchmark").await?;
    let submission = begun.elapsed();

    let (own, nodes) = (process::on_processors(handlers.id())?, server.on_processors()?);
    let begun = Instant::now();
    engine.approve(&submitted.run, &approval(submitted.digest, datasets)).await?;
    loop {
        let status = engine.status(&submitted.run).await?.ok_or("the engine does not know the run")?;
        eprint!("\r  {} called, {} seen of {datasets} ", status.progress.performed, status.progress.done);
        if matches!(status.stage, Stage::Ended { .. }) {
            break;
        }
        tokio::time::sleep(EVERY).await;
    }
    let ran = begun.elapsed();
    eprint!("\r{:60}\r", "");

    let report = engine.report(&submitted.run).await?.ok_or("the run left no report")?;
    check(&report, datasets)?;
    Ok(Took {
        plan: planned.as_secs_f64(),
        submit: submission.as_secs_f64(),
        run: ran.as_secs_f64(),
        own_memory: process::peak_of(handlers.id())?,
        server_before: before,
        server_memory: server.memory()?,
        own_processor: process::on_processors(handlers.id())? - own,
        server_processor: server.on_processors()? - nodes,
        own_disk: disk::bytes(archive)?,
        server_disk: server.disk()?.saturating_sub(empty),
    })
}
