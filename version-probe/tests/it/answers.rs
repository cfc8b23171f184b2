//! What an answer says.

use std::net::TcpListener;
use std::time::Duration;

use ops_client::http::{Credential, Limits};
use version_probe::{Answer, ErrorKind, VersionsClient, VersionsRead, VersionsReadExt};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{GOOD, client, server};

const TOLD: (&str, u16, &str) = ("/api/version", 200, r#"{"version": "6c957ed851d82103e2b151b04aa8a5ede042c3c5"}"#);

async fn ask(answers: &[(&str, u16, &str)]) -> Answer {
    let (_server, address) = server(answers).await;
    client().ask(&address).await.unwrap()
}

fn told(answer: &Answer) -> (Option<&str>, bool, Option<u16>, Option<&str>) {
    (answer.version.as_deref(), answer.healthy, answer.status, answer.why.as_deref())
}

#[tokio::test]
async fn a_version_without_a_health_document() {
    let (server, address) = server(&[TOLD]).await;
    let answer = client().ask(&address).await.unwrap();
    assert_eq!(told(&answer), (Some(GOOD), true, Some(200), None));
    assert!(answer.elapsed > Duration::ZERO);
    let asked: Vec<String> =
        server.received_requests().await.unwrap().iter().map(|request| request.url.path().to_owned()).collect();
    assert_eq!(asked, ["/api/version", "/api/health", "/ops/health"]);
}

#[tokio::test]
async fn a_version_as_text() {
    let (server, address) = server(&[]).await;
    Mock::given(wiremock::matchers::path("/api/version"))
        .respond_with(ResponseTemplate::new(200).set_body_string("6c957ed\n"))
        .with_priority(1)
        .mount(&server)
        .await;
    assert_eq!(client().ask(&address).await.unwrap().version.as_deref(), Some("6c957ed"));
}

#[tokio::test]
async fn a_health_document_decides() {
    let ill = r#"[false, {"datomic": {"healthy": false, "checks": []}, "http": {"healthy": true}}]"#;
    for (place, status, body, healthy, why) in [
        ("/api/health", 200, "[true, {}]", true, None),
        ("/ops/health", 200, r#"{"status": "ok"}"#, true, None),
        ("/ops/health", 200, ill, false, Some("not healthy: datomic")),
        ("/api/health", 503, ill, false, Some("not healthy: datomic")),
        ("/api/health", 503, "[true, {}]", false, Some("it says that it is not healthy")),
        ("/api/health", 500, "x", false, Some("500 Unavailable: x")),
        ("/api/health", 403, "", false, Some("403 Forbidden")),
    ] {
        let answer = ask(&[TOLD, (place, status, body)]).await;
        assert_eq!(told(&answer), (Some(GOOD), healthy, Some(status), why), "{place} {status} {body}");
    }
}

#[tokio::test]
async fn paths_and_keys_of_ones_own() {
    let (_server, address) =
        server(&[("/v/now", 200, r#"{"build": "6c957ed", "version": "1.0"}"#), ("/up", 200, "false")]).await;
    let own = || VersionsClient::builder().version_path("/v/now").version_key("build");
    let ill = own().health_paths(["/nothing", "/up"]).build().unwrap().ask(&address).await.unwrap();
    assert_eq!((ill.version.as_deref(), ill.healthy), (Some("6c957ed"), false));
    let well = own().health_paths([]).build().unwrap().ask(&address).await.unwrap();
    assert!(well.healthy, "only the version counts");
}

#[test]
fn what_cannot_be_is_refused_when_it_is_built() {
    for wrong in ["", "/", "api/version", "/api//version", "/api/../version", "/api?x"] {
        let error = VersionsClient::builder().version_path(wrong).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{wrong}");
        assert!(VersionsClient::builder().health_paths([wrong]).build().is_err(), "{wrong}");
    }
    assert!(VersionsClient::builder().ca_bundle_pem("no certificate").build().is_err());
}

#[tokio::test]
async fn no_version_is_an_answer_that_is_not_healthy() {
    for (status, body, why) in [
        (200, "{}", "the answer tells no version"),
        (200, "<html><title>Sign in</title></html>", "the answer is an HTML page, \"Sign in\""),
        (200, "<title>\u{1b}[2JSign in</title>", "the answer is an HTML page, \"[2JSign in\""),
        (502, "", "502 Unavailable"),
        (404, "", "404 NotFound"),
        (401, "who are you?", "401 Unauthenticated: who are you?"),
    ] {
        let answer = ask(&[("/api/version", status, body), ("/api/health", 200, "[true, {}]")]).await;
        assert_eq!(told(&answer), (None, false, Some(status), Some(why)), "{status} {body}");
    }
    let long = ask(&[("/api/version", 500, &"x".repeat(5000))]).await;
    assert!(long.why.unwrap().len() < 200);
    let large = ask(&[("/api/version", 200, &"x".repeat(100_000))]).await;
    assert!(large.why.unwrap().contains("larger than the limit"));
}

#[tokio::test]
async fn nothing_is_asked_twice() {
    let (server, address) = server(&[("/api/version", 503, "")]).await;
    client().ask(&address).await.unwrap();
    assert_eq!(server.received_requests().await.unwrap().len(), 1, "a failure that is tried again is hidden");
}

#[tokio::test]
async fn nobody_answers() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let sample = client().sample(&format!("http://127.0.0.1:{port}").parse().unwrap(), 7).await.unwrap();
    assert_eq!(sample.to_string(), "none of 7 answers a version; 7 unhealthy: no connection");
    assert!(sample.answers.iter().all(|answer| answer.status.is_none()));
}

#[tokio::test]
async fn who_is_too_slow_is_not_healthy() {
    let server = MockServer::start().await;
    let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
    Mock::given(any()).respond_with(late).mount(&server).await;
    let hasty = VersionsClient::builder().limits(Limits::default().with_total(Duration::from_millis(20)));
    let hasty = hasty.build().unwrap();
    let answer = hasty.ask(&server.uri().parse().unwrap()).await.unwrap();
    assert!(!answer.healthy && answer.why.unwrap().contains("no whole answer within"));
}

#[tokio::test]
async fn an_address_that_cannot_be_asked_is_an_error() {
    for address in ["http://metapod.example.com", "https://exa%mple.com", "https://example.com:99999"] {
        let error = client().ask(&address.parse().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{address}");
        assert!(client().sample(&address.parse().unwrap(), 3).await.is_err());
    }
}

#[tokio::test]
async fn a_planted_secret_never_shows() {
    let planted = "planted-secret-4711";
    let mut seen = String::new();
    let words = format!("you sent {planted}");
    let page = format!("<html><title>{words}</title></html>");
    let ill = format!(r#"[false, {{"{planted}": {{"healthy": false}}}}]"#);
    for answers in [
        &[("/api/version", 401, words.as_str())][..],
        &[("/api/version", 200, page.as_str())],
        &[TOLD, ("/api/health", 403, &words)],
        &[TOLD, ("/api/health", 200, &page)],
        &[TOLD, ("/api/health", 200, &ill)],
    ] {
        let (server, address) = server(answers).await;
        let client = VersionsClient::builder().credential(Credential::bearer(planted.to_owned().into()));
        let client = client.build().unwrap();
        let sample = client.sample(&address, 1).await.unwrap();
        assert!(!sample.all_healthy());
        seen.push_str(&format!("{client:?} {sample:?} {sample}"));
        let sent = format!("{:?}", server.received_requests().await.unwrap()[0].headers);
        assert!(sent.contains(planted), "or the test shows nothing");
    }
    assert_eq!(seen.find(planted).map(|at| &seen[at.saturating_sub(200)..at]), None);
}
