//! A stand-in for AWS, `peers/aws`, whose address is in `AWS_PEER_URL`; and servers that answer as told.

use std::io::Write;
use std::time::Duration;

use ops_aws::Aws;
use ops_client::http::{Endpoint, Idempotency};
use redshift_ops::conformance::Fault;
use redshift_ops::{Environment, Error, Result};
use wiremock::matchers::body_string_contains;
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) const SECRET: &str = "planted/secret+4711";

/// AWS at this address, as one who does not wait long between attempts.
pub(crate) async fn aws(address: &str, region: &str, key: &str) -> Aws {
    let quick = ops_aws::patient().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    let aws = Aws::builder(Environment::new("test"), region).endpoint(address).retry(quick);
    aws.keys(key, SECRET.to_owned().into(), Some(SECRET.repeat(9).into())).build().await.unwrap()
}

/// The stand-in, of which each test takes a region.
pub(crate) struct Peer {
    pub(crate) address: String,
    pub(crate) region: &'static str,
    orders: Endpoint,
}

impl Peer {
    /// `None`, said aloud, where no peer runs. In CI that is a failure.
    #[expect(clippy::disallowed_methods, reason = "where the peer listens is known to the script that started it")]
    #[expect(clippy::explicit_write, reason = "what a passing test prints is not shown, unless it goes straight out")]
    pub(crate) fn there_is(region: &'static str) -> Option<Self> {
        let Ok(address) = std::env::var("AWS_PEER_URL") else {
            assert!(std::env::var_os("CI").is_none(), "in CI the peer must run: AWS_PEER_URL is not set");
            writeln!(std::io::stderr(), "skipped: start peers/aws and set AWS_PEER_URL").unwrap();
            return None;
        };
        let orders = Endpoint::builder(Environment::new("test"), &address).build().unwrap();
        Some(Self { address, region, orders })
    }

    pub(crate) async fn aws(&self, key: &str) -> Aws {
        aws(&self.address, self.region, key).await
    }

    /// Everything as it was at first.
    pub(crate) async fn play(&self) -> Result<()> {
        self.order(&["peer", "play"]).await
    }

    pub(crate) async fn fault(&self, fault: Fault) -> Result<()> {
        let name = match fault {
            Fault::Unavailable => "unavailable",
            Fault::ExpiredToken => "expired",
            Fault::Html => "html",
            Fault::LostAnswer => "lost",
            _ => return Err(Error::invalid("peer.fault", "it does not fail in this way")),
        };
        self.order(&["peer", "fault", name]).await
    }

    async fn order(&self, path: &[&str]) -> Result<()> {
        let call = self.orders.post("peer.order").segments(path).query("region", self.region);
        call.idempotency(Idempotency::Write).empty().send().await.map(drop)
    }
}

/// The answer to an action, by what its request holds.
pub(crate) fn on(action: &str, answer: ResponseTemplate) -> Mock {
    Mock::given(body_string_contains(format!("Action={action}&"))).respond_with(answer)
}

/// A result, as the query protocol wraps it.
pub(crate) fn result(action: &str, inner: &str) -> ResponseTemplate {
    let body = format!("<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>");
    ResponseTemplate::new(200).insert_header("x-amzn-requestid", "r").set_body_raw(body, "text/xml")
}

pub(crate) fn refusal(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    );
    ResponseTemplate::new(status).set_body_raw(body, "text/xml")
}

/// What the server was sent, a line each, its fields sorted.
pub(crate) async fn seen(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let line = |body: &[u8]| {
        let text = String::from_utf8(body.to_vec()).unwrap();
        let mut fields: Vec<&str> = text.split('&').filter(|field| !field.starts_with("Version=")).collect();
        fields.sort_unstable();
        fields.join("&")
    };
    requests.iter().map(|request| line(&request.body)).collect()
}
