//! The client against a GraphQL server by another hand, `peers/graphql`, whose address is in `GRAPHQL_PEER_URL`.

use std::io::Write;

use async_trait::async_trait;
use ops_client::http::Endpoint;
use serde_json::json;
use sonar_client::conformance::{Change, Fault, Needs, Prepare, Scenario, Stage, run_all};
use sonar_client::{Environment, Error, Result, SonarClient, SonarRead, TransactionId};

struct Peer(SonarClient);

#[async_trait]
impl Prepare for Peer {
    type Scenario = Scenario;
    type Start = TransactionId;

    fn name(&self) -> &str {
        "graphql-js"
    }

    fn can(&self, what: Needs) -> bool {
        what == Needs::Prepare
    }

    /// The peer has read the scenario's file by itself, and nothing changes it.
    async fn prepare(&self, scenario: &Scenario) -> Result<TransactionId> {
        Ok(scenario.plays[0].transaction.id)
    }
}

#[async_trait]
impl Stage for Peer {
    fn sonar(&self) -> &dyn SonarRead {
        &self.0
    }

    async fn change(&self, _: Change) -> Result<()> {
        Err(Error::invalid("peer.change", "it only reads"))
    }

    async fn fault(&self, _: Fault) -> Result<()> {
        Err(Error::invalid("peer.fault", "it does not fail on demand"))
    }
}

/// `None`, said aloud, where no peer runs. In CI that is a failure.
#[expect(clippy::disallowed_methods, reason = "where the peer listens is known to the script that started it")]
#[expect(clippy::explicit_write, reason = "what a passing test prints is not shown, unless it goes straight out")]
fn address() -> Option<String> {
    let address = std::env::var("GRAPHQL_PEER_URL").ok();
    if address.is_none() {
        assert!(std::env::var_os("CI").is_none(), "in CI the peer must run: GRAPHQL_PEER_URL is not set");
        writeln!(std::io::stderr(), "skipped: start peers/graphql and set GRAPHQL_PEER_URL").unwrap();
    }
    address
}

#[tokio::test]
async fn conforms() {
    let Some(address) = address() else { return };
    let report = run_all(&Peer(SonarClient::builder(Environment::new("test"), &address).build().unwrap())).await;
    assert!(report.failed().is_empty(), "{report}");
    assert_eq!(
        report.not_possible(),
        [
            "a retract is seen",
            "a commit is seen",
            "a system that is away is Unavailable",
            "an expired token is Unauthenticated",
            "a page of HTML is no answer",
        ]
    );
}

/// Or that it accepted every query would mean nothing.
#[tokio::test]
async fn checks_what_it_is_asked() {
    let Some(address) = address() else { return };
    let endpoint = Endpoint::builder(Environment::new("test"), &address).build().unwrap();
    let query = json!({"query": "{ transaction(transactionId: 7) { id pathh } }"});
    let reply = endpoint.post("peer.ask").segments(&["api", "graphql", "query"]).json(&query).send().await.unwrap();
    assert!(reply.text().contains("Cannot query field \\\"pathh\\\""), "{}", reply.text());
}
