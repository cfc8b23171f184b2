//! The ports of Aurora's schedulers and of the Mesos master: one each, which closes where its process is down.

use std::io;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::App;
use super::listen::guarded;
use crate::aurora;

/// Where they are, until this is dropped.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) schedulers: Vec<String>,
    pub(super) mesos: String,
    accepting: Vec<JoinHandle<()>>,
}

impl Cluster {
    /// Opens a port for each scheduler of the world, and one for the master.
    pub(super) async fn start(app: &App) -> io::Result<Self> {
        let count = app.world().state().aurora.schedulers.len();
        let (mut schedulers, mut accepting) = (Vec::with_capacity(count), Vec::with_capacity(count + 1));
        for at in 0..count {
            let (listener, address) = open().await?;
            schedulers.push(address);
            let (router, app) = (aurora::scheduler(app.clone(), at), app.clone());
            accepting.push(tokio::spawn(guarded(listener, router, move || aurora::scheduler_door(&app, at))));
        }
        let (listener, mesos) = open().await?;
        let (router, master) = (aurora::master(app.clone()), app.clone());
        accepting.push(tokio::spawn(guarded(listener, router, move || aurora::master_door(&master))));
        let mut state = app.world().state();
        for (one, address) in state.aurora.schedulers.iter_mut().zip(&schedulers) {
            one.address.clone_from(address);
        }
        Ok(Self { schedulers, mesos, accepting })
    }
}

async fn open() -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = format!("http://{}", listener.local_addr()?);
    Ok((listener, address))
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.accepting.iter().for_each(JoinHandle::abort);
    }
}
