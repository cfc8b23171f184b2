//! The client against real Airflows, `peers/airflow`, whose addresses are in `AIRFLOW2_URL` and `AIRFLOW3_URL`.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use airflow_client::conformance::{
    CASES, Fault, Needs, Night, Orders, Prepare, RESTART, Report, Scenario, Stage, User, Whose, make,
};
use airflow_client::{
    AirflowClient, AirflowRead, AirflowTriggerClient, AirflowWrite, Environment, Error, NewRunState, Result, RunKey,
    Variable,
};
use async_trait::async_trait;
use futures_util::StreamExt;
use serde_json::json;
use tokio::sync::OnceCell;

/// How many cases go side by side: most of them wait for a scheduler.
const SIDE_BY_SIDE: usize = 8;

type Account = (AirflowClient, AirflowTriggerClient);

struct Peer {
    major: u32,
    admin: Account,
    viewer: Account,
    stranger: Account,
    shared: Mutex<BTreeMap<Night, Arc<OnceCell<RunKey>>>>,
    /// Whatever was begun here.
    runs: Mutex<Vec<RunKey>>,
}

impl Peer {
    fn new(major: u32, address: &str) -> Self {
        let account = |user: &str, password: &str| {
            let client = AirflowClient::builder(Environment::new("test"), address).build().unwrap();
            let client = client.with_login(user, password.into());
            (client.clone(), client.into_trigger())
        };
        Self {
            major,
            admin: account("admin", "admin"),
            viewer: account("viewer", "viewer"),
            stranger: account("admin", "not the password"),
            shared: Mutex::default(),
            runs: Mutex::default(),
        }
    }

    /// Cases here do not disturb one another: each looks at runs of its own, or at ones that nobody changes.
    async fn run_all(&self) -> Report {
        let mut reports = futures_util::stream::iter(CASES.chunks(1))
            .map(|case| ops_client::conformance::run_all(self as &dyn Stage, Scenario::shipped(), case))
            .buffered(SIDE_BY_SIDE);
        let mut whole = reports.next().await.unwrap();
        while let Some(report) = reports.next().await {
            whole.outcomes.extend(report.outcomes);
        }
        whole
    }

    /// Ends what still sleeps, and forgets what it was told.
    async fn sweep(&self) {
        let runs = std::mem::take(&mut *self.runs.lock().unwrap());
        for run in runs {
            self.admin.0.delete_variable(&variable(&run)).await.unwrap();
            if self.admin.0.dag_run(&run).await.is_ok_and(|run| !run.state.is_final()) {
                self.admin.0.set_run_state(&run, NewRunState::Failed).await.unwrap();
            }
        }
    }
}

fn variable(run: &RunKey) -> String {
    format!("orders.{}", run.run)
}

#[async_trait]
impl Prepare for Peer {
    type Scenario = Scenario;
    type Start = ();

    fn name(&self) -> &str {
        if self.major == 2 { "Airflow 2" } else { "Airflow 3" }
    }

    fn can(&self, what: Needs) -> bool {
        what != Needs::Fault && (what != RESTART || self.major > 2)
    }

    /// The peer has read the scenario's file by itself.
    async fn prepare(&self, _: &Scenario) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Stage for Peer {
    fn admin(&self) -> User<'_> {
        User::new("admin", &self.admin.0, &self.admin.1)
    }

    fn viewer(&self) -> User<'_> {
        User::new("viewer", &self.viewer.0, &self.viewer.1)
    }

    fn stranger(&self) -> User<'_> {
        User::new("admin", &self.stranger.0, &self.stranger.1)
    }

    async fn order(&self, run: &RunKey, orders: &Orders) -> Result<()> {
        self.runs.lock().unwrap().push(run.clone());
        let text = json!({"fail": orders.fail, "sleep": orders.sleep}).to_string();
        self.admin.0.set_variable(&Variable::new(variable(run), text)).await
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn night(&self, night: Night, whose: Whose) -> Result<RunKey> {
        match whose {
            Whose::Own => make(self, night).await,
            Whose::Shared => {
                let cell = self.shared.lock().unwrap().entry(night).or_default().clone();
                cell.get_or_try_init(|| make(self, night)).await.cloned()
            }
        }
    }

    async fn fault(&self, _: Option<Fault>) -> Result<()> {
        Err(Error::invalid("peer.fault", "it does not fail on demand"))
    }
}

/// `None`, said aloud, where no peer runs. In CI that is a failure.
#[expect(clippy::disallowed_methods, reason = "where the peer listens is known to the script that started it")]
#[expect(clippy::explicit_write, reason = "what a passing test prints is not shown, unless it goes straight out")]
fn peer(major: u32) -> Option<Peer> {
    let name = format!("AIRFLOW{major}_URL");
    let Ok(address) = std::env::var(&name) else {
        assert!(std::env::var_os("CI").is_none(), "in CI the peer must run: {name} is not set");
        writeln!(std::io::stderr(), "skipped: start it with scripts/airflow {major} and set {name}").unwrap();
        return None;
    };
    Some(Peer::new(major, &address))
}

const NO_FAULTS: [&str; 4] = [
    "a system that is away is Unavailable",
    "an expired token is Unauthenticated",
    "a page of HTML is no answer",
    "a change whose answer is lost may have happened",
];

#[tokio::test]
async fn airflow_2_conforms() {
    let Some(peer) = peer(2) else { return };
    let report = peer.run_all().await;
    peer.sweep().await;
    assert!(report.failed().is_empty(), "{report}");
    let not_possible = [&["what is running is restarted where that is asked for"][..], &NO_FAULTS].concat();
    assert_eq!(report.not_possible(), not_possible);
}

#[tokio::test]
async fn airflow_3_conforms() {
    let Some(peer) = peer(3) else { return };
    let report = peer.run_all().await;
    peer.sweep().await;
    assert!(report.failed().is_empty(), "{report}");
    assert_eq!(report.not_possible(), NO_FAULTS);
}
