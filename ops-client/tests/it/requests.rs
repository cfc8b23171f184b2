//! What travels, byte for byte.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ops_client::http::{CallObserver, CallRecord, Credential, Idempotency};
use ops_client::{Effect, ErrorKind};
use serde::Deserialize;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::server::{Server, answer};
use crate::support::{builder, endpoint, retract};

#[tokio::test]
async fn an_empty_post_has_a_length_of_zero_and_no_content_type() {
    let server = Server::start(&[answer("200 OK", "", "")]).await;
    let endpoint = builder(&server.address).credential(Credential::bearer("a-token\n".into())).build().unwrap();
    let reply = retract(&endpoint, Idempotency::Write).send().await.unwrap();
    assert_eq!((reply.status(), reply.attempts(), reply.bytes()), (200, 1, &b""[..]));
    let request = server.seen().requests[0].to_lowercase();
    assert!(request.starts_with("post /api/retract/id-1 http/1.1\r\n"), "{request}");
    assert!(request.contains("\r\ncontent-length: 0\r\n"), "{request}");
    assert!(request.contains("\r\nauthorization: bearer a-token\r\n"), "{request}");
    assert!(request.contains("\r\nuser-agent: ops-client/"), "{request}");
    assert!(request.contains("\r\naccept: application/json\r\n"), "{request}");
    assert!(!request.contains("content-type") && !request.contains("transfer-encoding"), "{request}");
}

#[tokio::test]
async fn a_json_body_a_query_and_a_base_path() {
    let server = Server::start(&[answer("201 Created", "X-Request-Id: r-7\r\n", r#"{"id":"x"}"#)]).await;
    let endpoint = builder(&format!("{}/base/", server.address)).user_agent("tests/1").build().unwrap();
    let reply = endpoint
        .put("metapod.copy")
        .segments(&["api", "a/b"])
        .query("name", "a b&c")
        .query("next", "é")
        .header("x-mode", "fast")
        .json(&["one"])
        .send()
        .await
        .unwrap();
    #[derive(Deserialize)]
    struct Id<'a> {
        id: &'a str,
    }
    assert_eq!(reply.json::<Id<'_>>().unwrap().id, "x");
    assert_eq!((reply.status(), reply.header("x-request-id")), (201, Some("r-7")));
    let request = &server.seen().requests[0];
    assert!(request.starts_with("PUT /base/api/a%2Fb?name=a+b%26c&next=%C3%A9 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: application/json\r\n"), "{request}");
    assert!(request.contains("user-agent: tests/1\r\n") && request.contains("x-mode: fast\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n[\"one\"]"), "{request}");
}

#[tokio::test]
async fn a_segment_that_would_change_the_path_is_never_sent() {
    let server = Server::start(&[answer("200 OK", "", "")]).await;
    for wrong in ["", ".", ".."] {
        let call = endpoint(&server.address).post("metapod.retract").segments(&["api", wrong]);
        let error = call.send().await.unwrap_err();
        assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Invalid, Effect::None, 0));
    }
    assert!(server.seen().requests.is_empty());
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_never_sent() {
    let server = Server::start(&[answer("200 OK", "", "")]).await;
    let error = endpoint(&server.address).get("x.y").header("x-mode", "a\r\nb: c").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let split = Credential::bearer("a\r\nx: b".into());
    let endpoint = builder(&server.address).credential(split).build().unwrap();
    let error = endpoint.get("x.y").send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Invalid, 0));
    assert!(server.seen().requests.is_empty());
}

#[tokio::test]
async fn a_head_reads_and_its_answer_has_no_body_whatever_its_length() {
    let server = MockServer::start().await;
    let failed = Mock::given(method("HEAD")).respond_with(ResponseTemplate::new(500)).up_to_n_times(1);
    failed.with_priority(1).mount(&server).await;
    let told = ResponseTemplate::new(200).insert_header("content-length", "100000000000");
    Mock::given(method("HEAD")).respond_with(told).mount(&server).await;
    let reply = endpoint(&server.uri()).head("x.y").segments(&["a"]).send().await.unwrap();
    assert_eq!((reply.header("content-length"), reply.bytes().len()), (Some("100000000000"), 0));
    assert_eq!(reply.attempts(), 2);
}

#[tokio::test]
async fn the_observer_is_told_of_each_call_once() {
    #[derive(Default)]
    struct Records(Mutex<Vec<CallRecord>>);
    impl CallObserver for Records {
        fn on_call(&self, record: &CallRecord) {
            self.0.lock().unwrap().push(record.clone());
        }
    }
    let acts = [answer("503 Busy", "", ""), answer("200 OK", "", ""), answer("404 Gone", "", "")];
    let server = Server::start(&acts).await;
    let records = Arc::new(Records::default());
    let endpoint = builder(&server.address).observer(records.clone()).build().unwrap();
    retract(&endpoint, Idempotency::Write).send().await.unwrap();
    retract(&endpoint, Idempotency::Write).send().await.unwrap_err();
    let records = records.0.lock().unwrap();
    assert_eq!(records.len(), 2);
    let first = &records[0];
    assert_eq!((first.op, first.method, first.template), ("metapod.retract", "POST", "/api/retract/{id}"));
    assert_eq!((first.status, first.attempts, first.failure), (Some(200), 2, None));
    assert_eq!(first.environment.as_str(), "test");
    assert!(first.elapsed > Duration::ZERO);
    assert_eq!((records[1].status, records[1].failure), (Some(404), Some((ErrorKind::NotFound, Effect::None))));
}
