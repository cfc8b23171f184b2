//! The real servers: who logs in there how, and a run to list.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use airflow_client::{
    AirflowClient, AirflowRead, AirflowReadExt, AirflowTrigger, DagId, RunFilter, RunKey, RunState, TaskFilter, Trigger,
};
use ops_client::Environment;
use ops_client::http::{Credential, ExposeSecret, SecretString};

use crate::Result;

/// The user of test servers, and the password.
const USER: &str = "admin";

/// How a listing shows who lists. All of them show the same: what logging in costs is not measured.
#[derive(Clone)]
pub(crate) enum Login {
    /// The cookie of a web session, as a header: Airflow 2.
    Session(SecretString),
    /// A user and a password at every call, as the documentation of Airflow 2's Python client has it.
    Basic(SecretString),
    /// A token: Airflow 3.
    Token(SecretString),
}

impl Login {
    pub(crate) fn named(name: &str, secret: String) -> Result<Self> {
        match name {
            "session" => Ok(Self::Session(secret.into())),
            "basic" => Ok(Self::Basic(secret.into())),
            "token" => Ok(Self::Token(secret.into())),
            other => Err(format!("there is no login {other:?}").into()),
        }
    }

    pub(crate) fn basic() -> Self {
        Self::Basic(format!("{USER}:{USER}").into())
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Basic(_) => "basic",
            Self::Token(_) => "token",
        }
    }

    pub(crate) fn secret(&self) -> &str {
        match self {
            Self::Session(secret) | Self::Basic(secret) | Self::Token(secret) => secret.expose_secret(),
        }
    }

    pub(crate) fn credential(&self) -> Credential {
        match self {
            Self::Session(cookie) => Credential::header("cookie", cookie.clone()),
            Self::Basic(_) => Credential::basic(USER, USER.into()),
            Self::Token(token) => Credential::bearer(token.clone()),
        }
    }
}

/// A server with a run on it that has ended.
pub(crate) struct Airflow {
    pub(crate) major: u32,
    pub(crate) version: String,
    pub(crate) address: String,
    pub(crate) login: Login,
    pub(crate) run: RunKey,
    pub(crate) tasks: usize,
}

impl Airflow {
    pub(crate) async fn find(major: u32, address: &str, dag: &str, folder: &Path) -> Result<Self> {
        let login = if major == 2 { session(address, folder)? } else { token(address)? };
        let client =
            AirflowClient::builder(Environment::new("benchmark"), address).credential(login.credential()).build()?;
        let version = client.probe().await?.version.unwrap_or_default();
        let run = ended_run(&client, &dag.parse()?).await?;
        let tasks = client.task_instances(&run, &TaskFilter::all()).await?.len();
        Ok(Self { major, version, address: address.to_owned(), login, run, tasks })
    }
}

/// The newest run that ended well, or one that is made now.
async fn ended_run(client: &AirflowClient, dag: &DagId) -> Result<RunKey> {
    let well = RunFilter::of(dag.clone()).in_state(RunState::Success).at_most(1);
    if let Some(run) = client.dag_runs(&well).await?.pop() {
        return Ok(run.key);
    }
    let id = format!("benchmark-{}", jiff::Timestamp::now().as_second());
    let made = client.clone().into_trigger().trigger(&Trigger::new(dag.clone(), id.parse()?)).await?;
    eprintln!("waiting for {} to end", made.key);
    let pause = || tokio::time::sleep(Duration::from_secs(1));
    let ended = client.wait_for_run(&made.key, |run| run.state.is_final(), pause);
    Ok(tokio::time::timeout(Duration::from_secs(300), ended).await??.key)
}

/// A session by curl and Airflow 2's form, since ours keeps its own to itself.
fn session(address: &str, folder: &Path) -> Result<Login> {
    let (form, jar) = (format!("{address}/login/"), folder.join("jar"));
    let curl = || {
        let mut command = Command::new("curl");
        command.args(["-sS", "-b"]).arg(&jar).arg("-c").arg(&jar).arg(&form);
        command
    };
    let page = String::from_utf8(curl().output()?.stdout)?;
    let csrf =
        page.split("name=\"csrf_token\"").nth(1).and_then(|rest| rest.split("value=\"").nth(1)?.split('"').next());
    let csrf = csrf.ok_or("the login page of Airflow 2 has no form")?;
    let fields = [format!("csrf_token={csrf}"), format!("username={USER}"), format!("password={USER}")];
    let mut post = curl();
    fields.iter().for_each(|field| {
        post.args(["--data-urlencode", field]);
    });
    post.output()?;
    let cookies = std::fs::read_to_string(&jar)?;
    let session = cookies.lines().find_map(session_of);
    Ok(Login::Session(format!("session={}", session.ok_or("Airflow 2 gave no session")?).into()))
}

/// A line of curl's jar ends with the name and the value.
fn session_of(line: &str) -> Option<&str> {
    let (before, value) = line.rsplit_once('\t')?;
    before.ends_with("\tsession").then_some(value)
}

fn token(address: &str) -> Result<Login> {
    let body = serde_json::json!({"username": USER, "password": USER}).to_string();
    let url = format!("{address}/auth/token");
    let output =
        Command::new("curl").args(["-sS", "-H", "content-type: application/json", "-d", &body, &url]).output()?;
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let token = answer["access_token"].as_str().ok_or("Airflow 3 gave no token")?;
    Ok(Login::Token(token.into()))
}
