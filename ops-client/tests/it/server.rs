//! A server made by hand: it does on each connection what the next act says, and the last act for ever after.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone)]
pub(crate) enum Act {
    /// Hangs up before reading.
    HangUp,
    /// Reads the request and hangs up.
    ReadAndHangUp,
    /// Reads the request, sends this, hangs up.
    Send(String),
    /// Reads the request, sends this, then nothing more for ever.
    Stall(String),
    /// Reads the request, sends this, then bytes without end.
    Flood(String),
}

#[derive(Clone, Default)]
pub(crate) struct Seen {
    /// The requests that were read, whole.
    pub(crate) requests: Vec<String>,
    /// How many bytes a flood brought before it was cut.
    pub(crate) flooded: usize,
}

pub(crate) struct Server {
    pub(crate) address: String,
    seen: Arc<Mutex<Seen>>,
}

impl Server {
    pub(crate) async fn start(acts: &[Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (acts, shared) = (acts.to_vec(), seen.clone());
        tokio::spawn(async move {
            for turn in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let act = acts[turn.min(acts.len() - 1)].clone();
                tokio::spawn(play(stream, act, shared.clone()));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }
}

async fn play(mut stream: TcpStream, act: Act, seen: Arc<Mutex<Seen>>) {
    if matches!(act, Act::HangUp) {
        return;
    }
    let request = read_request(&mut stream).await;
    seen.lock().unwrap().requests.push(request);
    match act {
        Act::HangUp | Act::ReadAndHangUp => {}
        Act::Send(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Act::Stall(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        Act::Flood(head) => {
            let _ = stream.write_all(head.as_bytes()).await;
            let block = vec![b'x'; 64 * 1024];
            while stream.write_all(&block).await.is_ok() {
                seen.lock().unwrap().flooded += block.len();
            }
        }
    }
}

/// Head and body, as long as the head says.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut block = [0; 4096];
    loop {
        let count = stream.read(&mut block).await.unwrap_or(0);
        request.extend_from_slice(&block[..count]);
        let text = String::from_utf8_lossy(&request);
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            body.len() >= length.unwrap_or(0)
        });
        if whole || count == 0 {
            return text.into_owned();
        }
    }
}

/// An answer with its length.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Act {
    Act::Send(format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))
}
