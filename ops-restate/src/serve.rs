//! How the engine reaches the handlers: HTTP/2 without TLS, the engine being the client.
//!
//! The accept loop is our own. The SDK's leaves Nagle's algorithm on, which costs 45 ms a step; and with the usual window a
//! long run cannot be taken up again: the engine replays every entry as a small frame, and the server takes that for a flood
//! and hangs up.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use restate_sdk::endpoint::Endpoint;
use restate_sdk::hyper::HyperEndpoint;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::gate::Gate;

/// What may be in flight towards us: 46,000 entries of a journal fit at once.
const WINDOW: u32 = 64 << 20;
/// How long calls that are out may take when serving ends.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the engine then has to hear what came of them. A run that waits for its parts has no end of its own by then.
const FAREWELL: Duration = Duration::from_secs(1);

/// Handlers that are served. Dropping it ends at once what is out, as a crash would: the engine calls again.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
    gate: Gate,
}

impl Serving {
    /// Where the engine is to call: what its deployment is registered with.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Begins no new call to any system, lets those that are out end (at most half a minute), and returns. Runs are not
    /// ended: the engine goes on with them where this address is served again.
    pub async fn stop(mut self) {
        // Who is kept out by it waits until the connections are gone.
        let closed = tokio::time::timeout(PATIENCE, self.gate.close()).await;
        self.stop.cancel();
        let _ = (&mut self.task).await;
        drop(closed);
    }

    /// Serves until the end of the process, or until the task is ended.
    pub async fn forever(mut self) {
        let _ = (&mut self.task).await;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn serve(endpoint: Endpoint, address: SocketAddr, gate: Gate) -> std::io::Result<Serving> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let task = tokio::spawn(accept(listener, HyperEndpoint::new(endpoint), stop.clone()));
    Ok(Serving { address, stop, task, gate })
}

async fn accept(listener: TcpListener, endpoint: HyperEndpoint, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, endpoint.clone(), stop.clone()))),
                // Out of descriptors, most likely: others end meanwhile.
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    let _ = tokio::time::timeout(FAREWELL, async { while connections.join_next().await.is_some() {} }).await;
}

async fn connection(stream: TcpStream, endpoint: HyperEndpoint, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::warn!(%error, "a connection stays slow");
    }
    let serving = http2::Builder::new(TokioExecutor::new())
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(WINDOW)
        .serve_connection(TokioIo::new(stream), endpoint);
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection of the engine ended");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use restate_sdk::prelude::*;

    use super::*;
    use crate::steps::Steps;

    /// So many steps, and then a word.
    struct Long(Arc<AtomicUsize>);

    #[restate_sdk::service(invocation_retry_policy(
        initial_interval = "100ms",
        max_interval = "1s",
        max_attempts = 100
    ))]
    impl Long {
        #[handler]
        async fn walk(&self, ctx: Context<'_>, steps: u64) -> HandlerResult<u64> {
            let mut remembered = Steps::new(&ctx);
            for _ in 0..steps {
                let done = Arc::clone(&self.0);
                remembered
                    .step("step", move |_| {
                        Box::pin(async move {
                            done.fetch_add(1, Ordering::Relaxed);
                            Ok(())
                        })
                    })
                    .await?;
            }
            Ok(steps)
        }
    }

    fn long(done: &Arc<AtomicUsize>) -> Endpoint {
        Endpoint::builder().bind(Long(Arc::clone(done))).build()
    }

    /// With the SDK's own accept loop, the server's replay of so many steps looks like a flood, and the run is stuck.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_run_of_five_thousand_steps_is_taken_up_again() {
        let Some(binary) = restate_peer::binary() else { return };
        let server = restate_peer::Engine::single(&binary).await.unwrap();
        let done = Arc::new(AtomicUsize::new(0));
        let mut serving = serve(long(&done), "127.0.0.1:0".parse().unwrap(), Gate::default()).await.unwrap();
        server.register(&serving.address()).await.unwrap();
        let environment = ops_client::Environment::new("test");
        let ingress = ops_client::http::Endpoint::builder(environment, &server.ingress()).build().unwrap();
        let call = ingress.post("test.walk").segments(&["Long", "walk"]).json(&5000_u64);
        let walk = tokio::spawn(call.timeout(Duration::from_secs(120)).send());
        // As a crash, when most of it is done.
        for mark in [3000, 4500] {
            let waited = tokio::time::timeout(Duration::from_secs(60), async {
                while done.load(Ordering::Relaxed) < mark {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            });
            waited.await.unwrap();
            let address = serving.address;
            drop(serving);
            // The port is free when the task is gone.
            serving = loop {
                match serve(long(&done), address, Gate::default()).await {
                    Ok(serving) => break serving,
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            };
        }
        assert_eq!(walk.await.unwrap().unwrap().json::<u64>().unwrap(), 5000);
        let done = done.load(Ordering::Relaxed);
        assert!((5000..=5002).contains(&done), "{done} steps: only those that were out may come twice");
    }
}
