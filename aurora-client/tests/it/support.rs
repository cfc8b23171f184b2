use std::time::Duration;

use aurora_client::wire::{self, Answer, Encoding, Message, Response, ResponseCode, ResponseDetail};
use aurora_client::{AuroraClient, Environment, JobKey, NewJob, Process, Resources};
use ops_client::http::{Credential, Endpoint, Limits, RetryPolicy};
use wiremock::matchers::{method, path};
use wiremock::{Match, Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) const PASSWORD: &str = "a-password-of-nobody";

/// A scheduler that is asked thrice, and not for long.
pub(crate) fn endpoint(address: &str) -> Endpoint {
    let hurried = RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    Endpoint::builder(Environment::new("test"), address)
        .credential(Credential::basic("ops", PASSWORD.into()))
        .limits(Limits::default().with_total(Duration::from_millis(250)))
        .retry(hurried)
        .build()
        .unwrap()
}

pub(crate) fn client(address: &str) -> AuroraClient {
    cluster(&[address])
}

pub(crate) fn cluster(addresses: &[&str]) -> AuroraClient {
    AuroraClient::of(addresses.iter().map(|address| endpoint(address)).collect()).unwrap()
}

pub(crate) fn job() -> JobKey {
    JobKey::new("jobs", "prod", "dagao").unwrap()
}

pub(crate) fn wire_job() -> wire::JobKey {
    let text = |text: &str| Some(text.to_owned());
    wire::JobKey { role: text("jobs"), environment: text("prod"), name: text("dagao") }
}

pub(crate) fn new_job() -> NewJob {
    NewJob::new(job(), Resources::new(0.5, 128, 64), vec![Process::new("run", "./run --it")])
}

pub(crate) fn code(code: ResponseCode) -> Response {
    Response { response_code: Some(code), ..Response::default() }
}

pub(crate) fn ok(result: Answer) -> Response {
    Response { result: Some(result), ..code(ResponseCode::Ok) }
}

pub(crate) fn with_words(mut response: Response, words: &[Option<&str>]) -> Response {
    let detail = |words: &Option<&str>| ResponseDetail { message: words.map(str::to_owned) };
    response.details = Some(words.iter().map(detail).collect());
    response
}

/// Which call a request is: its encoding, method and number.
pub(crate) fn head(request: &Request) -> (Encoding, String, i32) {
    let kind = request.headers.get("content-type").map(|kind| kind.to_str().unwrap());
    let encoding = Encoding::of_content_type(kind).unwrap();
    let message = Message::open(encoding, &request.body).unwrap();
    (encoding, message.name, message.seq)
}

pub(crate) fn body(encoding: Encoding, bytes: Vec<u8>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(bytes, encoding.content_type())
}

/// A reply to whatever was called, in the same encoding.
pub(crate) fn replying(response: Response) -> impl Respond {
    move |request: &Request| {
        let (encoding, name, seq) = head(request);
        body(encoding, wire::reply(encoding, &name, seq, response.clone()))
    }
}

pub(crate) struct Calls(pub(crate) &'static str);

impl Match for Calls {
    fn matches(&self, request: &Request) -> bool {
        head(request).1 == self.0
    }
}

pub(crate) fn api() -> wiremock::MockBuilder {
    Mock::given(method("POST")).and(path("/api"))
}

/// A scheduler that says this to every call.
pub(crate) async fn scheduler(respond: impl Respond + 'static) -> MockServer {
    let server = MockServer::start().await;
    api().respond_with(respond).mount(&server).await;
    server
}

/// What a scheduler says about whether it leads.
pub(crate) async fn leading(server: &MockServer, status: u16) {
    let health = Mock::given(method("GET")).and(path("/leaderhealth"));
    health.respond_with(ResponseTemplate::new(status)).mount(server).await;
}

/// The requests that went to this path.
pub(crate) async fn sent(server: &MockServer, to: &str) -> Vec<Request> {
    let all = server.received_requests().await.unwrap();
    all.into_iter().filter(|request| request.url.path() == to).collect()
}
