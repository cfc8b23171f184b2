//! The client against servers that answer as told.

#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod connections;

use version_probe::{ServiceAddress, VersionsClient};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

const GOOD: &str = "6c957ed851d82103e2b151b04aa8a5ede042c3c5";
const BAD: &str = "b4dc0de4b1a9c7e5d3f20681947a5bce8d60f1e2";

fn client() -> VersionsClient {
    VersionsClient::builder().build().unwrap()
}

/// A server that answers at these places, and 404 elsewhere.
async fn server(answers: &[(&str, u16, &str)]) -> (MockServer, ServiceAddress) {
    let server = MockServer::start().await;
    for (place, status, body) in answers {
        let answer = ResponseTemplate::new(*status).set_body_raw(*body, "application/json");
        Mock::given(path(*place)).respond_with(answer).mount(&server).await;
    }
    let address = server.uri().parse().unwrap();
    (server, address)
}
