//! Each answer has a connection of its own: behind a load balancer, a connection is an instance.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use version_probe::{ServiceAddress, VersionsRead, VersionsReadExt};

use crate::{BAD, GOOD, client};

/// A load balancer: every fourth connection leads to an instance of the bad version. Connections are kept open.
struct Balancer {
    address: ServiceAddress,
    /// How often each connection was used.
    used: Arc<Mutex<Vec<usize>>>,
}

async fn balancer() -> Balancer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let used = Arc::new(Mutex::new(Vec::new()));
    let counted = used.clone();
    tokio::spawn(async move {
        for place in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            counted.lock().unwrap().push(0);
            let counted = counted.clone();
            tokio::spawn(async move {
                serve(stream, if place % 4 == 3 { BAD } else { GOOD }, || counted.lock().unwrap()[place] += 1).await;
            });
        }
    });
    Balancer { address, used }
}

/// Answers every request on a connection, until the other side closes it.
async fn serve(mut stream: TcpStream, version: &str, count: impl Fn()) {
    let (mut request, mut block) = (Vec::new(), [0; 1024]);
    loop {
        let read = stream.read(&mut block).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        request.extend_from_slice(&block[..read]);
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        count();
        let health = String::from_utf8_lossy(&request).contains("/health");
        let body = if health { "[true, {}]".to_owned() } else { format!(r#"{{"version": "{version}"}}"#) };
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        request.clear();
    }
}

#[tokio::test]
async fn each_answer_has_a_connection_of_its_own() {
    let balancer = balancer().await;
    let client = client();
    for _ in 0..4 {
        client.ask(&balancer.address).await.unwrap();
    }
    assert_eq!(*balancer.used.lock().unwrap(), [2, 2, 2, 2], "version and health over one, and nothing more");
}

#[tokio::test]
async fn a_sample_sees_every_instance() {
    let balancer = balancer().await;
    let sample = client().sample(&balancer.address, 20).await.unwrap();
    assert_eq!(sample.to_string(), "15 of 20 answer 6c957ed, 5 b4dc0de; all healthy");
    assert_eq!(balancer.used.lock().unwrap().len(), 20);
}

#[tokio::test]
async fn no_more_than_a_few_are_asked_at_once() {
    /// Counts who asks at the same time; each waits until the others had their chance to begin.
    #[derive(Default)]
    struct Crowd {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    #[async_trait::async_trait]
    impl VersionsRead for Crowd {
        async fn ask(&self, _: &ServiceAddress) -> version_probe::Result<version_probe::Answer> {
            self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            Ok(version_probe::Answer::healthy(GOOD))
        }
    }

    let crowd = Crowd::default();
    let sample = crowd.sample(&"https://example.com".parse().unwrap(), 50).await.unwrap();
    assert_eq!((sample.answers.len(), crowd.most.load(Ordering::SeqCst)), (50, 5));
}
