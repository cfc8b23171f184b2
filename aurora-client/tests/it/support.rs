//! Schedulers that answer as told, in the encoding that they are asked in.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aurora_client::wire::{self, Answer, Encoding, Message, Response, ResponseCode, ResponseDetail};
use aurora_client::{AuroraClient, Environment, JobKey, NewJob, PlacesBuilder, Process, Resources};
use ops_client::http::{Credential, RetryPolicy};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) const BOTH: [Encoding; 2] = [Encoding::Json, Encoding::Binary];

/// What a scheduler says to every call.
#[derive(Clone, Default)]
pub(crate) struct Says {
    pub(crate) response: Response,
    /// Another name or number than that of the call.
    pub(crate) name: Option<&'static str>,
    pub(crate) off_by: i32,
}

impl Says {
    pub(crate) fn code(code: ResponseCode) -> Self {
        Self { response: Response { response_code: Some(code), ..Response::default() }, ..Self::default() }
    }

    pub(crate) fn ok() -> Self {
        Self::code(ResponseCode::Ok)
    }

    pub(crate) fn answer(answer: Answer) -> Self {
        let mut says = Self::ok();
        says.response.result = Some(answer);
        says
    }

    pub(crate) fn words(mut self, words: &str) -> Self {
        self.response.details = Some(vec![ResponseDetail { message: Some(words.into()) }, ResponseDetail::default()]);
        self
    }
}

pub(crate) fn encoding_of(request: &Request) -> Encoding {
    Encoding::of_content_type(request.headers.get("content-type").and_then(|kind| kind.to_str().ok())).unwrap()
}

impl Respond for Says {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let encoding = encoding_of(request);
        let Ok(call) = Message::open(encoding, &request.body) else { return ResponseTemplate::new(404) };
        let name = self.name.unwrap_or(&call.name);
        let body = wire::reply(encoding, name, call.seq + self.off_by, self.response.clone());
        ResponseTemplate::new(200).set_body_raw(body, encoding.content_type())
    }
}

/// A failure before there could be an answer.
pub(crate) struct Throws(pub(crate) i32);

impl Respond for Throws {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let encoding = encoding_of(request);
        let Ok(call) = Message::open(encoding, &request.body) else { return ResponseTemplate::new(404) };
        let thrown = wire::ApplicationException { message: Some("its words".into()), kind: Some(self.0) };
        let body = wire::exception(encoding, &call.name, call.seq, &thrown);
        ResponseTemplate::new(200).set_body_raw(body, encoding.content_type())
    }
}

pub(crate) fn api(answer: impl Respond + 'static) -> Mock {
    Mock::given(method("POST")).and(path("/api")).respond_with(answer)
}

pub(crate) fn leaderhealth(status: u16) -> Mock {
    Mock::given(method("GET")).and(path("/leaderhealth")).respond_with(ResponseTemplate::new(status))
}

pub(crate) async fn scheduler(answer: impl Respond + 'static) -> MockServer {
    let server = MockServer::start().await;
    api(answer).mount(&server).await;
    server
}

/// A client that does not wait long between its tries.
pub(crate) fn builder(addresses: &[&str]) -> PlacesBuilder<AuroraClient> {
    let quick = RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    AuroraClient::builder(Environment::new("test"), addresses.iter().copied())
        .credential(Credential::basic("ops", "a-password".into()))
        .retry(quick)
}

pub(crate) fn client(server: &MockServer) -> AuroraClient {
    builder(&[&server.uri()]).build().unwrap()
}

/// How often a server was asked this.
pub(crate) async fn asked(server: &MockServer, place: &str) -> usize {
    server.received_requests().await.unwrap().iter().filter(|request| request.url.path() == place).count()
}

pub(crate) fn key() -> JobKey {
    "jobs/prod/dagao".parse().unwrap()
}

pub(crate) fn job() -> NewJob {
    let mut job = NewJob::new(key(), Resources::new(0.5, 64, 32), vec![Process::new("work", "./run")]);
    job.nonce = "n-1".into();
    job
}

/// A scheduler that leads, and that goes away during each call: it reads it, and closes.
pub(crate) struct Dying {
    pub(crate) address: String,
    calls: Arc<AtomicUsize>,
}

impl Dying {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || {
                    let mut seen = Vec::new();
                    let mut some = [0; 4096];
                    while let Ok(count @ 1..) = stream.read(&mut some) {
                        seen.extend_from_slice(&some[..count]);
                        let text = String::from_utf8_lossy(&seen);
                        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                        if head.starts_with("GET") {
                            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
                            seen.clear();
                        } else if !body.is_empty() {
                            counted.fetch_add(1, Ordering::SeqCst);
                            return;
                        }
                    }
                });
            }
        });
        Self { address, calls }
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}
