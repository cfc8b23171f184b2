//! Real servers: they start, they are killed, they come back with what they knew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::convert::Infallible;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use restate_peer::{Engine, binary};
use serde_json::json;
use tokio::net::TcpListener;

/// A handler that only says what it would serve.
async fn handler() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let serve = service_fn(async |_: Request<Incoming>| Ok::<_, Infallible>(manifest()));
            tokio::spawn(
                hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), serve),
            );
        }
    });
    address
}

fn manifest() -> Response<String> {
    let services = json!([{ "name": "Counter", "ty": "VIRTUAL_OBJECT", "handlers": [{ "name": "add" }] }]);
    let body = json!({
        "protocolMode": "BIDI_STREAM", "minProtocolVersion": 5, "maxProtocolVersion": 6, "services": services,
    });
    let kind = "application/vnd.restate.endpointmanifest.v3+json";
    Response::builder().header("content-type", kind).body(body.to_string()).unwrap()
}

async fn services(engine: &Engine) -> String {
    engine.query("select name from sys_service").await.unwrap().to_string()
}

/// Until it is so, which must be soon.
async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < Duration::from_secs(60), "not in a minute: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    begin.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_comes_back_with_its_data() {
    let Some(binary) = binary() else { return };
    let begin = Instant::now();
    let mut engine = Engine::single(&binary).await.unwrap();
    println!("one node well: {:?}", begin.elapsed());
    assert_eq!(engine.leader().await, Some(0));
    assert_eq!(engine.ingresses(), [engine.ingress()]);
    assert_eq!(services(&engine).await, "[]");
    engine.register(&handler().await).await.unwrap();
    assert_eq!(services(&engine).await, r#"[{"name":"Counter"}]"#);

    let (ingress, admin) = (engine.ingress(), engine.admin());
    engine.kill(0).await;
    assert!(engine.query("select 1").await.is_err(), "it answers from the dead");
    assert_eq!(engine.leader().await, None);
    let begin = Instant::now();
    engine.restart(0).await.unwrap();
    println!("well again: {:?}", begin.elapsed());
    assert_eq!((engine.ingress(), engine.admin()), (ingress, admin));
    assert_eq!(services(&engine).await, r#"[{"name":"Counter"}]"#);

    // Another process has its port for a while.
    engine.kill(0).await;
    let port = engine.admin().rsplit(':').next().unwrap().parse::<u16>().unwrap();
    let other = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        drop(other);
    });
    engine.restart(0).await.unwrap();
    assert_eq!(services(&engine).await, r#"[{"name":"Counter"}]"#);

    let folder = engine.folder().to_owned();
    drop(engine);
    assert!(!folder.exists(), "its data stayed");
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "its process stayed");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_do_without_their_leader() {
    let Some(binary) = binary() else { return };
    let begin = Instant::now();
    let mut engine = Engine::three(&binary).await.unwrap();
    println!("three nodes well: {:?}", begin.elapsed());
    engine.register(&handler().await).await.unwrap();
    let leader = engine.leader().await.unwrap();

    engine.kill(leader).await;
    assert_ne!(engine.ingress(), engine.ingresses()[leader], "a dead node's address");
    let begin = Instant::now();
    // It asks every partition.
    let answers =
        eventually("the others answer", async || engine.query("select * from sys_invocation").await.is_ok()).await;
    engine.settle().await.unwrap();
    println!("the others answer: {answers:?}, lead every partition: {:?}", begin.elapsed());
    assert!(engine.leader().await.is_some_and(|node| node != leader));
    assert_eq!(services(&engine).await, r#"[{"name":"Counter"}]"#);

    let begin = Instant::now();
    engine.restart(leader).await.unwrap();
    println!("three again: {:?}", begin.elapsed());
    assert_eq!(services(&engine).await, r#"[{"name":"Counter"}]"#);
}

#[tokio::test]
async fn what_is_no_server_is_no_engine() {
    let error = Engine::single("/nowhere/restate-server".as_ref()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    // A program that ends at once, after some words.
    let error = Engine::single("/bin/echo".as_ref()).await.unwrap_err();
    assert!(error.to_string().contains("--config-file"), "{error}");
}
