//! Signals: the first one stops, the second one aborts.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What signals set off.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// Nothing new starts; what is in flight is awaited.
    pub stop: CancellationToken,
    /// What is in flight is left behind, as by a crash.
    pub abort: CancellationToken,
}

/// Listens from now on to Ctrl-C, SIGTERM and SIGHUP (the terminal is gone). Before, they end the process, which is right
/// as long as nothing was changed.
pub fn listen() -> Tokens {
    let tokens = Tokens::default();
    tokio::spawn(wait(signals(), tokens.clone()));
    tokens
}

/// Waits for the first signal: for a program that may be left at any time, because nothing outlives it.
pub async fn first() {
    one_of(&mut signals()).await;
}

type Signals = [Option<Signal>; 3];

fn signals() -> Signals {
    [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(|kind| signal(kind).ok())
}

async fn wait(mut signals: Signals, tokens: Tokens) {
    for (token, text) in [
        (&tokens.stop, "stopping: what is in flight is awaited; once more leaves it behind"),
        (&tokens.abort, "leaving what is in flight behind; resuming looks first"),
    ] {
        one_of(&mut signals).await;
        // After a hang-up nobody may be there to read it.
        let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("\n{text}\n"));
        token.cancel();
    }
}

async fn one_of([interrupt, terminate, hangup]: &mut Signals) {
    tokio::select! {
        () = next(interrupt) => {}
        () = next(terminate) => {}
        () = next(hangup) => {}
    }
}

async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
