//! The sockets. axum's own server always answers; ours can also hang up.

use std::fmt;
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::stacks::Pin;

/// Ends the connection without an answer: an error for the socket's task, or the mark of a response that asks for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HangUp;

impl HangUp {
    pub(crate) fn response() -> Response {
        let mut response = ().into_response();
        response.extensions_mut().insert(Self);
        response
    }
}

impl fmt::Display for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sandbox was asked to hang up")
    }
}

impl std::error::Error for HangUp {}

/// Serves until the task is aborted; the connections end with it.
pub(crate) async fn accept(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone()));
                }
                // Out of file descriptors, most likely: better in a moment.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// What becomes of whoever comes to a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// He is let in.
    Open,
    /// Nobody listens.
    Closed,
    /// He waits, and hears nothing.
    Silent,
}

/// How often a door is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Serves behind a door, until the task is aborted. Where it closes, so does the port, and what was open breaks; where it opens
/// again, the port is the same.
pub(crate) async fn guarded(listener: TcpListener, router: Router, door: impl Fn() -> Door) {
    let Ok(address) = listener.local_addr() else { return };
    let mut listener = Some(listener);
    let (mut connections, mut waiting) = (JoinSet::new(), Vec::new());
    loop {
        let now = door();
        if now != Door::Open {
            connections.abort_all();
        }
        if now != Door::Silent {
            waiting.clear();
        }
        match (&listener, now) {
            (Some(_), Door::Closed) => listener = None,
            (None, Door::Closed) => tokio::time::sleep(LOOK).await,
            (None, _) => match TcpListener::bind(address).await {
                Ok(again) => listener = Some(again),
                Err(_) => tokio::time::sleep(LOOK).await,
            },
            (Some(open), _) => tokio::select! {
                accepted = open.accept() => match (accepted, door()) {
                    (Ok((stream, _)), Door::Open) => {
                        connections.spawn(connection(stream, router.clone()));
                    }
                    (Ok((stream, _)), Door::Silent) => waiting.push(stream),
                    (Ok(_), Door::Closed) => {}
                    (Err(_), _) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
                () = tokio::time::sleep(LOOK) => {}
                Some(_) = connections.join_next() => {}
            },
        }
    }
}

async fn connection(stream: TcpStream, router: Router) {
    // Without it small answers may wait 40 ms; that it failed is no reason not to serve.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let pin = Pin::default();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(pin.clone());
        let answered = router.call(request);
        async move {
            match answered.await {
                Ok(response) if response.extensions().get::<HangUp>().is_some() => Err(HangUp),
                Ok(response) => Ok(response),
                Err(never) => match never {},
            }
        }
    });
    // Its error is a client that went away, or a fault that was asked for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
