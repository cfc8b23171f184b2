//! A planted secret never shows: not in Debug, not in an error or below it, not in a log.

use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use ops_client::http::Idempotency::{Once, Write};
use ops_client::http::{Credential, Endpoint, Login, Pass, SecretString, TokenSource};
use ops_client::{Error, Result};

use crate::server::{Act, Server, answer};
use crate::support::{builder, retract};

const PLANTED: &str = "planted.c2VjcmV0.8cb1f2";

/// All that any library in this process logs, at the finest level.
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

fn logs() -> &'static Logs {
    static LOGS: OnceLock<Logs> = OnceLock::new();
    LOGS.get_or_init(|| {
        let logs = Logs::default();
        let writer = logs.clone();
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
        subscriber.with_ansi(false).with_writer(move || writer.clone()).init();
        logs
    })
}

struct Issuer(String);

#[async_trait]
impl TokenSource for Issuer {
    async fn token(&self) -> Result<SecretString> {
        Ok(self.0.clone().into())
    }
}

struct Door;

#[async_trait]
impl Login for Door {
    async fn log_in(&self) -> Result<Pass> {
        Ok(Pass::cookie("session", PLANTED.into()))
    }

    fn has_ended(&self, refusal: &Error) -> bool {
        refusal.status() == Some(403)
    }
}

fn check(text: &str) {
    assert!(!text.contains(PLANTED), "{text}");
    assert!(!text.contains("c29tZW9uZTpwbGFudGVk"), "{text}");
}

fn check_error(error: &Error) {
    check(&format!("{error} {error:?} {error:#?}"));
    let mut below = error.source();
    while let Some(cause) = below {
        check(&format!("{cause} {cause:?}"));
        below = cause.source();
    }
}

fn credentials() -> [Credential; 6] {
    [
        Credential::login(Arc::new(Door)),
        Credential::header("x-someone", PLANTED.into()),
        Credential::bearer(PLANTED.into()),
        Credential::bearer_with_refresh(Some(PLANTED.into()), Arc::new(Issuer(format!("{PLANTED}-renewed")))),
        Credential::bearer_with_refresh(None, Arc::new(Issuer(PLANTED.into()))),
        Credential::basic("someone", PLANTED.into()),
    ]
}

fn endpoints(address: &str) -> impl Iterator<Item = Endpoint> {
    credentials().into_iter().map(move |credential| builder(address).credential(credential).build().unwrap())
}

#[tokio::test]
async fn a_secret_never_shows() {
    let logs = logs();
    // Servers that echo what they were sent wherever they can.
    let echo = format!("{{\"you sent\": \"Bearer {PLANTED}-renewed or {PLANTED}\"}}");
    let headers = format!("x-request-id: {PLANTED}\r\nlocation: /login/{PLANTED}?token={PLANTED}\r\n");
    let acts = [
        answer("200 OK", &headers, &echo),
        answer("302 Found", &headers, &echo),
        answer("400 Bad Request", &headers, &echo),
        answer("401 Unauthorized", &headers, &echo),
        answer("403 Forbidden", &headers, &format!("<title>{PLANTED}</title>")),
        answer("503 Busy", &headers, &echo),
        Act::ReadAndHangUp,
        Act::Send(format!("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{PLANTED}")),
        Act::Send(format!("{PLANTED}\r\n\r\n")),
    ];
    for act in acts {
        let server = Server::start(&[act]).await;
        for endpoint in endpoints(&server.address) {
            check(&format!("{endpoint:?} {endpoint:#?} {:?}", endpoint.credential().describe()));
            let call = retract(&endpoint, Write).query("token", PLANTED);
            check(&format!("{call:?}"));
            match call.send().await {
                Ok(reply) => {
                    check(&format!("{reply:?}"));
                    check_error(&reply.json::<Vec<u8>>().unwrap_err());
                    check_error(&reply.json::<std::collections::BTreeMap<String, u8>>().unwrap_err());
                }
                Err(error) => check_error(&error),
            }
        }
        let sent = server.seen().requests.join("\n");
        assert!(sent.contains(PLANTED), "the secret was never sent: {sent}");
    }
    for credential in [Credential::bearer(format!("{PLANTED}\r\nx").into()), Credential::basic("a", PLANTED.into())] {
        let endpoint = builder("http://127.0.0.1:1").credential(credential).build().unwrap();
        check(&format!("{:?}", builder("https://x").credential(endpoint.credential().clone())));
        check_error(&retract(&endpoint, Once).send().await.unwrap_err());
    }
    let logged = String::from_utf8_lossy(&logs.0.lock().unwrap()).into_owned();
    assert!(logged.contains("metapod.retract") && logged.contains("elapsed_ms"), "nothing was logged: {logged}");
    check(&logged);
}
