//! The client of the Mesos master.

use async_trait::async_trait;
use jiff::Timestamp;
use ops_client::http::{Endpoint, Idempotency, Reply};
use ops_client::{Effect, Error, ErrorKind, Probe, Result};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{Agent, Framework, FrameworkId, MesosRead, MesosSeen, MesosWrite};

/// The masters of one Mesos cluster. Cheap to clone.
///
/// ```
/// use aurora_client::MesosClient;
/// use ops_client::Environment;
/// use ops_client::http::Endpoint;
///
/// let master = Endpoint::builder(Environment::new("prod"), "https://mesos-1.example.com:5050").build()?;
/// let mesos = MesosClient::of(vec![master])?;
/// # Ok::<(), ops_client::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MesosClient {
    masters: Vec<Endpoint>,
}

/// What `/state-summary` tells, as far as it is looked at. Numbers may come as real numbers.
#[derive(Deserialize)]
struct Summary {
    #[serde(default)]
    cluster: Option<String>,
    /// Every master tells them. An answer without them is of somebody else, and not that of a cluster without frameworks.
    frameworks: Vec<FrameworkShape>,
    #[serde(default)]
    slaves: Vec<AgentShape>,
}

#[derive(Deserialize)]
struct FrameworkShape {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    active: bool,
    connected: Option<bool>,
    hostname: Option<String>,
    webui_url: Option<String>,
    registered_time: Option<f64>,
    #[serde(rename = "TASK_RUNNING", default)]
    running: f64,
}

#[derive(Deserialize)]
struct AgentShape {
    id: String,
    #[serde(default)]
    hostname: String,
    #[serde(default)]
    active: bool,
    #[serde(default)]
    attributes: serde_json::Map<String, Value>,
    #[serde(rename = "TASK_RUNNING", default)]
    running: f64,
}

impl MesosClient {
    /// The cluster of these masters.
    ///
    /// # Errors
    /// `Invalid` where there is none.
    pub fn of(masters: Vec<Endpoint>) -> Result<Self> {
        if masters.is_empty() {
            return Err(Error::invalid("mesos.client", "no master is named").with_remedy("name at least one"));
        }
        Ok(Self { masters })
    }

    /// The addresses of the masters.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.masters.iter().map(Endpoint::address)
    }

    /// The leading master, as any of them tells it.
    async fn leader(&self, op: &'static str) -> Result<&Endpoint> {
        // What an answer says tells more than that there is none.
        let mut worst: Option<Error> = None;
        for master in &self.masters {
            let call = master.get(op).segments(&["redirect"]).template("/redirect").accept_status(307);
            match call.send().await {
                Ok(reply) => match self.listed(master, &reply) {
                    Some(leader) => return Ok(leader),
                    None => worst = Some(unlisted(&reply)),
                },
                Err(error) if error.kind() == ErrorKind::Connect => worst = worst.or(Some(error)),
                Err(error) => worst = Some(error),
            }
        }
        Err(worst.unwrap_or_else(|| Error::new(op, ErrorKind::Unavailable, Effect::None)))
    }

    /// The listed master that a redirect names: `//host:port`, without a scheme.
    fn listed(&self, from: &Endpoint, reply: &Reply) -> Option<&Endpoint> {
        let base = Url::parse(from.address()).ok()?;
        let url = base.join(reply.header("location")?).ok()?;
        let place = |url: &Url| (url.host_str().map(str::to_owned), url.port_or_known_default());
        let of = |endpoint: &&Endpoint| Url::parse(endpoint.address()).ok().map(|url| place(&url));
        let exact = self.masters.iter().find(|endpoint| of(endpoint) == Some(place(&url)));
        // Where there is one address for all, what stands before them finds the leader.
        exact.or(if let [only] = self.masters.as_slice() { Some(only) } else { None })
    }
}

fn unlisted(reply: &Reply) -> Error {
    reply
        .error(ErrorKind::Rejected, Effect::None, "")
        .with_message("the leading master is none that is listed")
        .with_remedy("list every master of the cluster")
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, and not negative")]
fn count(number: f64) -> u64 {
    number.max(0.0) as u64
}

fn attribute(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[async_trait]
impl MesosRead for MesosClient {
    async fn probe(&self) -> Result<Probe> {
        const OP: &str = "mesos.probe";
        let leader = self.leader(OP).await?;
        let reply = leader.get(OP).segments(&["version"]).template("/version").send().await?;
        let mut probe = Probe::new(leader.address(), reply.elapsed());
        probe.server_time = reply.server_time();
        let told: Value = reply.json()?;
        probe.version = told.get("version").and_then(Value::as_str).map(str::to_owned);
        Ok(probe)
    }

    async fn look(&self) -> Result<MesosSeen> {
        const OP: &str = "mesos.look";
        let leader = self.leader(OP).await?;
        let call = leader.get(OP).segments(&["state-summary"]).template("/state-summary");
        let told: Summary = call.send().await?.json()?;
        let mut seen = MesosSeen::new(leader.address());
        seen.cluster = told.cluster;
        seen.frameworks = told
            .frameworks
            .into_iter()
            .map(|one| {
                let mut framework = Framework::new(FrameworkId::new(one.id), one.name);
                framework.active = one.active;
                framework.connected = one.connected.unwrap_or(one.active);
                framework.hostname = one.hostname;
                framework.webui_url = one.webui_url;
                let at = one.registered_time.and_then(|at| Timestamp::from_second(i64::try_from(count(at)).ok()?).ok());
                framework.registered_at = at;
                framework.tasks_running = count(one.running);
                framework
            })
            .collect();
        seen.agents = told
            .slaves
            .into_iter()
            .map(|one| {
                let mut agent = Agent::new(one.id, one.hostname);
                agent.active = one.active;
                agent.attributes =
                    one.attributes.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
                agent.tasks_running = count(one.running);
                agent
            })
            .collect();
        Ok(seen)
    }
}

#[async_trait]
impl MesosWrite for MesosClient {
    async fn teardown(&self, framework: &FrameworkId) -> Result<()> {
        const OP: &str = "mesos.teardown";
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if framework.as_str().is_empty() || !framework.as_str().chars().all(plain) {
            return Err(Error::invalid(OP, "that is no id of a framework"));
        }
        let leader = self.leader(OP).await.map_err(|error| error.with_effect(Effect::None))?;
        let body = format!("frameworkId={framework}").into_bytes();
        let call = leader.post(OP).segments(&["master", "teardown"]).template("/master/teardown");
        let call = call.idempotency(Idempotency::Write).body("application/x-www-form-urlencoded", body);
        match call.send().await {
            Ok(_) => Ok(()),
            // It is gone already.
            Err(error) if error.status() == Some(400) && says_unknown(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn says_unknown(error: &Error) -> bool {
    error.words().is_some_and(|words| words.to_ascii_lowercase().contains("no framework found"))
}
