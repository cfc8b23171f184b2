//! The program that an engine calls: the recipes of each environment, with the credentials of each.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use ops_client::Environment;
use ops_client::http::{ClientBuilder, Endpoint, Idempotency};
use ops_plan::Registry;
use ops_restate::{Archive, Handlers};
use serde::Deserialize;
use serde_json::json;

use crate::config::Config;
use crate::connect::{Reach, Rights, connect};
use crate::exit::{Exit, Failure, told};
use crate::place::Place;
use crate::screen::{Ending, Screen};
use crate::signals;
use crate::text::count;

/// What is served, and to whom.
#[derive(Clone, Debug)]
pub struct Hosting {
    /// Where the engine calls.
    pub listen: SocketAddr,
    /// How the engine reaches that, where it is not the address that is listened on.
    pub reached_at: Option<String>,
    /// The folder of plans, reports and debts.
    pub archive: PathBuf,
    /// The engine's admin port, to be registered there.
    pub admin: Option<String>,
    /// Whether the admin port of another machine may be called by plain http.
    pub allow_plain_http: bool,
    /// The engine's public key: calls of others are refused.
    pub identity_key: Option<String>,
    /// The configuration.
    pub config: Option<PathBuf>,
    /// Which of its environments; all unless said.
    pub environments: Vec<String>,
}

/// Serves until a signal comes.
///
/// # Errors
/// Where an environment cannot be reached, nothing can be listened on, or the engine does not take the registration.
pub async fn host(hosting: Hosting, screen: Screen) -> Result<Ending, Failure> {
    let reached = reach(&hosting).await?;
    let archive = Archive::folder(&hosting.archive)?;
    let mut handlers = Handlers::new(archive);
    for (reach, registry) in &reached {
        handlers = handlers.with(reach.target.clone(), Arc::clone(registry) as Arc<dyn ops_plan::Host>);
    }
    let busy = |error| Failure::refused(format!("cannot listen on {}: {error}", hosting.listen));
    let serving = match &hosting.identity_key {
        Some(key) => handlers.listen_as(hosting.listen, key).await,
        None => handlers.listen(hosting.listen).await,
    };
    let serving = serving.map_err(busy)?;
    // From here on a signal ends what was begun, and not the process.
    let tokens = signals::listen();
    let address = hosting.reached_at.clone().unwrap_or_else(|| serving.address());
    screen.say(&format!("listening for the engine on {}", serving.address()));
    for (reach, registry) in &reached {
        tell(reach, registry, screen);
    }
    screen.say(&format!("archive: {}", hosting.archive.display()));
    match &hosting.admin {
        Some(admin) => {
            register(admin, hosting.allow_plain_http, &address).await?;
            screen.say(&format!("registered with {admin} as {address}"));
        }
        None => screen.say("not registered with an engine: --admin URL does that"),
    }
    tokens.stop.cancelled().await;
    // A second signal leaves behind what is in flight; the engine calls again.
    tokio::select! {
        () = serving.stop() => {}
        () = tokens.abort.cancelled() => {}
    }
    Ok(Ending::new(Exit::Done, "stopped"))
}

/// Every environment of the configuration, with its own credentials; without one the sandbox inside of this process.
async fn reach(hosting: &Hosting) -> Result<Vec<(Reach, Arc<Registry>)>, Failure> {
    let path = hosting.config.clone().or_else(Config::usual);
    let config = path.as_deref().map_or_else(|| Ok(Config::default()), Config::read)?;
    let mut names: Vec<String> = hosting.environments.clone();
    if names.is_empty() {
        names.extend(config.environments.keys().cloned());
    }
    if names.is_empty() {
        names.push("sandbox".to_owned());
    }
    let mut reached = Vec::new();
    for name in names {
        let place = Place { env: Some(name.clone()), config: path.clone(), ..Place::default() };
        // A host that silently lacks an environment would be found out at night.
        let reach = connect(place, Rights::Write).await.map_err(|failure| Failure {
            text: format!("{name} cannot be hosted: {}\n  → or name those that can with --env", failure.text),
            ..failure
        })?;
        let reach = reach.keeping_beside(&hosting.archive);
        let registry = Arc::new(reach.registry());
        reached.push((reach, registry));
    }
    Ok(reached)
}

fn tell(reach: &Reach, registry: &Registry, screen: Screen) {
    let recipes = registry.recipes();
    let text = format!("{}: {}: {}", reach.target, count(recipes.len(), "recipe"), recipes.join(", "));
    screen.say(&screen.layout.wrap("", &text));
    if let Some(sandbox) = &reach.sandbox {
        let question = json!({ "transaction": sandbox.transaction, "selection": "all-committed" });
        screen.say(&format!("try: engine submit retract-datasets '{question}' --env {}", reach.target.environment));
    }
}

/// Tells the engine where its handlers are. It calls them at once, to ask what they serve.
async fn register(admin: &str, plain: bool, address: &str) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Registered {
        services: Vec<serde::de::IgnoredAny>,
    }
    const OP: &str = "engine.register";
    let builder = ClientBuilder::new(Environment::new("engine"), admin);
    let builder = if plain { builder.allow_plain_http() } else { builder };
    let endpoint: Endpoint = builder.build().map_err(|error| Failure::usage(format!("--admin: {}", told(&error))))?;
    // Forced: after a change of the program the same address serves something else.
    let body = json!({ "uri": address, "force": true });
    let call = endpoint.post(OP).segments(&["deployments"]).idempotency(Idempotency::Write).json(&body);
    let trouble = |error: ops_client::Error| {
        Failure::refused(format!(
            "{}\n  → start an engine with peers/restate/start.sh FOLDER, or see that it reaches {address}",
            told(&error)
        ))
    };
    let registered: Registered = call.send().await.map_err(trouble)?.json().map_err(trouble)?;
    if registered.services.is_empty() {
        return Err(Failure::refused(format!("the engine finds no service at {address}: is another program there?")));
    }
    Ok(())
}

/// Runs this on as many threads as there are: many runs are served side by side.
///
/// # Errors
/// What the program ends with; or that threads cannot be had.
pub fn on_many_threads(program: impl Future<Output = Result<Ending, Failure>>) -> Result<Ending, Failure> {
    crate::main_loop::on(tokio::runtime::Builder::new_multi_thread(), program)
}

/// Whether the engine could not reach this address as it stands.
///
/// # Errors
/// Where it is «everywhere», and nobody says which of this machine's addresses is meant.
pub fn check_reachable(listen: SocketAddr, admin: Option<&str>, reached_at: Option<&str>) -> Result<(), Failure> {
    if listen.ip().is_unspecified() && admin.is_some() && reached_at.is_none() {
        let text = format!(
            "{listen} means every address of this machine: say by which the engine reaches it, --reached-at URL"
        );
        return Err(Failure::usage(text));
    }
    Ok(())
}
