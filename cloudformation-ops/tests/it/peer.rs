//! The client against a stand-in for AWS, `peers/aws`: the address of its CloudFormation is in
//! `CLOUDFORMATION_PEER_URL`, and that of what it is told to do in `AWS_PEER_URL`.

use std::io::Write;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_cloudformation::types::{Capability, Parameter};
use cloudformation_ops::conformance::{CASES, Fault, Needs, Prepare, Scenario, Stage, run_all};
use cloudformation_ops::{Environment, Error, Result, Stack, StackName, StacksClient, StacksRead, StacksWrite};
use ops_client::http::{Endpoint, Idempotency};

use crate::client_as;

/// A world of its own: other tests have others.
const REGION: &str = "me-central-1";

struct Peer {
    stacks: StacksClient,
    /// No fault applies to it.
    behind: StacksClient,
    orders: Endpoint,
}

impl Peer {
    /// Tells the peer itself what to do.
    async fn order(&self, path: &[&str], stack: Option<&StackName>, body: Option<&serde_json::Value>) -> Result<()> {
        let call =
            self.orders.post("peer.order").segments(path).query("region", REGION).idempotency(Idempotency::Write);
        let call = match stack {
            Some(stack) => call.query("stack", stack.as_str()),
            None => call,
        };
        let call = match body {
            Some(body) => call.json(body),
            None => call.empty(),
        };
        call.timeout(Duration::from_secs(60)).send().await.map(drop)
    }
}

#[async_trait]
impl Prepare for Peer {
    type Scenario = Scenario;
    type Start = ();

    fn name(&self) -> &str {
        "a stand-in for AWS"
    }

    fn can(&self, what: Needs) -> bool {
        matches!(what, Needs::Prepare | Needs::Change | Needs::Fault)
    }

    async fn prepare(&self, _: &Scenario) -> Result<()> {
        let play = serde_json::from_str(Scenario::JSON).unwrap();
        self.order(&["peer", "play"], None, Some(&play)).await
    }
}

#[async_trait]
impl Stage for Peer {
    fn reads(&self) -> &dyn StacksRead {
        &self.stacks
    }

    fn writes(&self) -> &dyn StacksWrite {
        &self.stacks
    }

    async fn look(&self, stack: &StackName) -> Result<Stack> {
        self.behind.stack(stack).await
    }

    async fn update(&self, stack: &StackName, key: &str, value: &str) -> Result<()> {
        let keep = |other: &String| {
            let parameter = Parameter::builder().parameter_key(other);
            if other == key { parameter.parameter_value(value) } else { parameter.use_previous_value(true) }.build()
        };
        let parameters = self.behind.stack(stack).await?.parameters.keys().map(keep).collect();
        let theirs = aws_sdk_cloudformation::Client::new(self.behind.aws().sdk()).update_stack();
        let theirs = theirs.stack_name(stack.as_str()).use_previous_template(true).set_parameters(Some(parameters));
        theirs.capabilities(Capability::CapabilityIam).send().await.unwrap();
        Ok(())
    }

    async fn hold(&self, stack: &StackName) -> Result<()> {
        self.order(&["peer", "hold"], Some(stack), None).await
    }

    async fn release(&self, stack: &StackName) -> Result<()> {
        self.order(&["peer", "release"], Some(stack), None).await
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn fault(&self, fault: Fault) -> Result<()> {
        let name = match fault {
            Fault::Unavailable => "unavailable",
            Fault::ExpiredToken => "expired",
            Fault::Html => "html",
            Fault::LostAnswer => "lost",
            _ => return Err(Error::invalid("peer.fault", "it does not fail in this way")),
        };
        self.order(&["peer", "fault", name], None, None).await
    }
}

/// `None`, said aloud, where no peer runs. In CI that is a failure.
#[expect(clippy::disallowed_methods, reason = "where the peer listens is known to the script that started it")]
#[expect(clippy::explicit_write, reason = "what a passing test prints is not shown, unless it goes straight out")]
async fn peer() -> Option<Peer> {
    let (Ok(address), Ok(control)) = (std::env::var("CLOUDFORMATION_PEER_URL"), std::env::var("AWS_PEER_URL")) else {
        let missing = "CLOUDFORMATION_PEER_URL and AWS_PEER_URL are not both set";
        assert!(std::env::var_os("CI").is_none(), "in CI the peer must run: {missing}");
        writeln!(std::io::stderr(), "skipped: start peers/aws; {missing}").unwrap();
        return None;
    };
    let orders = Endpoint::builder(Environment::new("test"), &control).build().unwrap();
    let stacks = client_as("AKIAIOSFODNN7EXAMPLE", REGION, &address).await;
    Some(Peer { stacks, behind: client_as("BEHIND", REGION, &address).await, orders })
}

#[tokio::test]
async fn a_stand_in_for_aws_conforms() {
    let Some(peer) = peer().await else { return };
    let report = run_all(&peer).await;
    // Others find no fault there.
    peer.prepare(&Scenario::shipped().unwrap()).await.unwrap();
    assert!(report.failed().is_empty(), "{report}");
    // It shows hidden values in change sets; AWS does not.
    assert_eq!(report.passed().len(), CASES.len() - 1, "{report}");
    assert_eq!(report.not_possible(), ["a hidden value is not shown in a change set"], "{report}");
}
