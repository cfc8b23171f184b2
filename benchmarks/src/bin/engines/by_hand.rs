//! What somebody would write for the engine without these crates: a workflow that has children retract 250 datasets each, ten
//! children at once, one remembered step a dataset. No plan, no approval, no look, no report.

use std::time::Instant;

use benchmarks::own::{Own, say, until_told};
use benchmarks::sandbox::{Clients, Sandbox};
use benchmarks::{Result, process};
use clap::Args;
use metapod_client::{DatasetId, MetapodClient, MetapodWrite};
use restate_sdk::context::DurableFuturesUnordered;
use restate_sdk::http_server::HttpServer;
use restate_sdk::prelude::*;
use sonar_client::{DatasetFilter, SonarRead};
use tokio::net::TcpSocket;

use crate::rounds::Took;
use crate::server::Server;

/// How many datasets a child retracts: what the engine's journals bear well, and what the recipe's parts have.
const CHILD: usize = 250;
/// Children at once: as wide as the recipe.
const AT_ONCE: usize = 10;

struct Retract(MetapodClient);

/// A child.
#[restate_sdk::service(name = "Retract", client_visibility = "pub(crate)")]
impl Retract {
    #[handler]
    async fn these(&self, ctx: Context<'_>, ids: Json<Vec<DatasetId>>) -> HandlerResult<()> {
        for id in ids.0 {
            let metapod = self.0.clone();
            ctx.run(move || async move { Ok(metapod.retract_committed_dataset(id).await?) }).await?;
        }
        Ok(())
    }
}

struct RetractAll;

/// The parent, by a name of one's own.
#[restate_sdk::workflow(name = "RetractAll", client_visibility = "pub(crate)")]
impl RetractAll {
    #[handler]
    async fn run(&self, ctx: WorkflowContext<'_>, ids: Json<Vec<DatasetId>>) -> HandlerResult<()> {
        let mut children = ids.0.chunks(CHILD);
        let mut out = DurableFuturesUnordered::new();
        loop {
            while out.len() < AT_ONCE {
                let Some(ids) = children.next() else { break };
                out.push(ctx.service_client::<RetractClient<'_>>().these(Json(ids.to_vec())).call());
            }
            match out.next().await? {
                Some((_, done)) => done?,
                None => return Ok(()),
            }
        }
    }
}

/// The process: serves until its standard input ends.
#[derive(Args)]
pub(crate) struct Handle {
    #[arg(long)]
    metapod: String,
    #[arg(long)]
    sonar: String,
    /// Sends small frames at once.
    #[arg(long)]
    no_delay: bool,
}

impl Handle {
    pub(crate) async fn run(self) -> Result<()> {
        let clients = Clients::of(&self.metapod, &self.sonar)?;
        let endpoint = Endpoint::builder().bind(Retract(clients.metapod)).bind(RetractAll).build();
        let socket = TcpSocket::new_v4()?;
        // Accepted connections inherit it.
        socket.set_nodelay(self.no_delay)?;
        socket.bind(([127, 0, 0, 1], 0).into())?;
        let listener = socket.listen(1024)?;
        say(&[&format!("http://{}", listener.local_addr()?)])?;
        tokio::select! {
            () = HttpServer::new(endpoint).serve(listener) => Ok(()),
            told = until_told() => told,
        }
    }
}

/// Runs it against a sandbox, on an engine.
pub(crate) async fn measure(sandbox: &Sandbox, server: &Server, no_delay: bool) -> Result<Took> {
    let mut arguments = vec!["by-hand", "--metapod", &sandbox.metapod, "--sonar", &sandbox.sonar];
    arguments.extend(no_delay.then_some("--no-delay"));
    let mut handlers = Own::start(&arguments)?;
    server.register(&handlers.line()?).await?;
    let (empty, before) = (server.disk()?, server.memory()?);
    let clients = Clients::of(&sandbox.metapod, &sandbox.sonar)?;
    let begun = Instant::now();
    let datasets = clients.sonar.datasets(sandbox.transaction, &DatasetFilter::committed()).await?;
    let ids: Vec<DatasetId> = datasets.into_iter().map(|dataset| dataset.id).collect();
    let plan = begun.elapsed();
    let (own, nodes) = (process::on_processors(handlers.id())?, server.on_processors()?);
    let begun = Instant::now();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let call = client.post(format!("{}/RetractAll/benchmark/run", server.ingress()));
    let answer = call.header("content-type", "application/json").body(serde_json::to_vec(&ids)?).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    let ran = begun.elapsed();
    if !status.is_success() {
        return Err(format!("the workflow answered {status}: {text}").into());
    }
    Ok(Took {
        plan: plan.as_secs_f64(),
        run: ran.as_secs_f64(),
        own_memory: process::peak_of(handlers.id())?,
        server_before: before,
        server_memory: server.memory()?,
        own_processor: process::on_processors(handlers.id())? - own,
        server_processor: server.on_processors()? - nodes,
        server_disk: server.disk()?.saturating_sub(empty),
        ..Took::default()
    })
}
