use std::time::Duration;

use metapod_client::http::{ClientBuilder, RetryPolicy};
use metapod_client::{CommitDataset, CommitFormat, Environment, MetapodClient};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) const TRANSACTION: &str = "10b090f0-fd8a-5b34-b5c2-89fb29f0bf22";
pub(crate) const DATASET: &str = "59d180d4-e41a-4a30-ab34-bac476b95761";
pub(crate) const COPY: &str = "5a5fe3c0-a60c-42d2-8918-5d950ee88136";

pub(crate) fn builder(server: &MockServer) -> ClientBuilder<MetapodClient> {
    let hurried = RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(5));
    MetapodClient::builder(Environment::new("test"), &server.uri()).retry(hurried)
}

pub(crate) fn client(server: &MockServer) -> MetapodClient {
    builder(server).build().unwrap()
}

/// A server that answers everything alike.
pub(crate) async fn answering(status: u16, body: &str) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(status).set_body_string(body)).mount(&server).await;
    server
}

pub(crate) fn commit() -> CommitDataset {
    let (transaction, dataset) = (TRANSACTION.parse().unwrap(), DATASET.parse().unwrap());
    CommitDataset::new(transaction, dataset, CommitFormat::Parquet, "s3://bucket/empty".parse().unwrap())
}

/// How often the server was called.
pub(crate) async fn calls(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}
