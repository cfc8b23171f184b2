//! A planted token never shows: not in Debug, not in an error or below it, not in a log.

use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex};

use metapod_client::http::Credential;
use metapod_client::{CreateTransaction, CreateType, Error, MetapodRead, MetapodWrite, Result};
use tracing_subscriber::filter::LevelFilter;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{DATASET, TRANSACTION, builder, commit};

const PLANTED: &str = "planted-8cb1f2c2VjcmV0";

#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn check(text: &str) {
    assert!(!text.contains(PLANTED), "{text}");
}

fn check_all<T>(result: Result<T>) {
    let Err(error) = result else { return };
    check(&format!("{error} {error:?}"));
    let below = std::iter::successors(Error::source(&error), |&cause| cause.source());
    below.for_each(|cause| check(&format!("{cause} {cause:?}")));
}

#[tokio::test]
async fn a_token_never_shows() {
    let logs = Logs::default();
    let writer = logs.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
    subscriber.with_writer(move || writer.clone()).init();
    let echoes = [
        (200, format!("Bearer {PLANTED}")),
        (200, format!("{{\"version\":[\"{PLANTED}\"],\"data\":{{\"transaction\":\"{PLANTED}\"}}}}")),
        (200, format!("{{\"errors\":[{{\"message\":\"{PLANTED}\"}}]}}")),
        (200, format!("<title>{PLANTED}</title>")),
        (401, PLANTED.to_owned()),
        (503, PLANTED.to_owned()),
    ];
    for (status, body) in echoes {
        let server = MockServer::start().await;
        let echo = ResponseTemplate::new(status).set_body_string(body).insert_header("x-request-id", PLANTED);
        Mock::given(any()).respond_with(echo).mount(&server).await;
        let client = builder(&server).credential(Credential::bearer(PLANTED.into())).build().unwrap();
        check(&format!("{client:?} {client:#?} {:?}", builder(&server).credential(Credential::bearer(PLANTED.into()))));
        check_all(client.probe().await);
        check_all(client.health().await);
        check_all(client.transaction(TRANSACTION.parse().unwrap()).await);
        check_all(client.retract_committed_dataset(DATASET.parse().unwrap()).await);
        check_all(client.retract_attribute(DATASET.parse().unwrap()).await);
        check_all(client.retract_indexed_attribute(DATASET.parse().unwrap()).await);
        check_all(client.commit_dataset(&commit()).await);
        check_all(client.copy_transaction(TRANSACTION.parse().unwrap(), &[]).await);
        let create = CreateTransaction::new(CreateType::Custom, vec!["dataset/a".parse().unwrap()]);
        check_all(client.create_transaction(&create).await);
        let sent = server.received_requests().await.unwrap();
        assert!(sent.iter().all(|request| request.headers["authorization"] == format!("Bearer {PLANTED}").as_str()));
    }
    // The test's own server logs what it received; only what stands before it in the line is ours.
    let logged = String::from_utf8_lossy(&logs.0.lock().unwrap()).into_owned();
    assert!(logged.contains("metapod.retract_committed_dataset"), "nothing was logged");
    logged.lines().filter(|line| !line.contains("wiremock")).for_each(check);
}
