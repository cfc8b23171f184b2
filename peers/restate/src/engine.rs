//! One server or three, as tests see them.

use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::http;
use crate::node::{Node, PARTITIONS, free_ports};

/// How long a start may take, on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a handler may take to be found, and every node to know it.
const REGISTRATION: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);
/// How often a start is begun anew, because another process took a port meanwhile.
const STARTS: usize = 5;

/// One node or three, on 127.0.0.1, with its data in a folder of its own. Dropped, its processes are killed and its data are gone.
#[derive(Debug)]
pub struct Engine {
    // Dropped in this order: the processes end before their folder goes.
    nodes: Vec<Node>,
    binary: PathBuf,
    client: reqwest::Client,
    cluster: String,
    folder: TempDir,
}

impl Engine {
    /// One node. Returns when it is well and leads all partitions.
    ///
    /// # Errors
    /// The binary cannot be run, or the node was not well after 60 s: with the last lines of its log.
    pub async fn single(binary: &Path) -> Result<Self> {
        Self::start(binary, 1).await
    }

    /// Three nodes that keep every record twice, so that any one may go. Returns when all are well and each partition has a leader.
    ///
    /// # Errors
    /// The binary cannot be run, or the nodes were not well after 60 s: with the last lines of their logs.
    pub async fn three(binary: &Path) -> Result<Self> {
        Self::start(binary, 3).await
    }

    async fn start(binary: &Path, nodes: usize) -> Result<Self> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut engine = Self::prepare(binary, nodes)?;
            for node in &mut engine.nodes {
                node.start(binary)?;
            }
            match engine.settle().await {
                Err(error) if error.kind() == ErrorKind::AddrInUse && tries < STARTS => {}
                settled => return settled.map(|()| engine),
            }
        }
    }

    /// Folder, ports and configurations of an engine of which nothing runs.
    fn prepare(binary: &Path, nodes: usize) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("restate-").tempdir()?;
        // A name of its own, so that no other engine is taken for this one.
        let cluster = folder.path().file_name().unwrap_or_default().to_string_lossy().replace('.', "-");
        let ports = free_ports(nodes)?;
        let nodes = (0..nodes).map(|index| Node::new(folder.path(), &cluster, index, &ports));
        let nodes = nodes.collect::<Result<Vec<Node>>>()?;
        Ok(Self { nodes, binary: binary.to_owned(), client: http::client()?, cluster, folder })
    }

    /// Waits until all running nodes are well, and every partition has its leader: after a kill, until the others do without.
    ///
    /// # Errors
    /// It was not so after 60 s, or a node ended by itself: with the last lines of the logs.
    pub async fn settle(&mut self) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            if self.is_well().await {
                return Ok(());
            }
            if let Some(node) = self.nodes.iter_mut().find_map(|node| node.ended().then_some(node)) {
                let kind = if node.missed_its_port() { ErrorKind::AddrInUse } else { ErrorKind::Other };
                return Err(Error::new(kind, format!("the server ended: {}", node.last_words())));
            }
            if Instant::now() > until {
                let logs: String = self.nodes.iter().map(Node::last_words).collect();
                return Err(Error::new(ErrorKind::TimedOut, format!("not well after {PATIENCE:?}: {logs}")));
            }
            sleep(PAUSE).await;
        }
    }

    async fn is_well(&self) -> bool {
        let well = join_all(self.up().map(|node| node.is_well(&self.client, &self.cluster))).await;
        let led = join_all(self.up().map(|node| node.led(&self.client))).await;
        well.iter().all(|well| *well) && led.iter().sum::<u64>() >= PARTITIONS
    }

    fn up(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.is_up())
    }

    fn first_up(&self) -> &Node {
        // Where all are killed, any: its port refuses, which is what the caller should see.
        self.up().next().unwrap_or(&self.nodes[0])
    }

    /// Where handlers are called: the address of a node that was not killed.
    pub fn ingress(&self) -> String {
        self.first_up().ingress()
    }

    /// Where handlers are called: the addresses of all nodes, also of killed ones.
    pub fn ingresses(&self) -> Vec<String> {
        self.nodes.iter().map(Node::ingress).collect()
    }

    /// Where the engine is administered: the address of a node that was not killed.
    pub fn admin(&self) -> String {
        self.first_up().admin()
    }

    /// The folder of configurations, logs (`node-1.log`) and data. It goes with the engine.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes the services of a handler known to all running nodes. `handler` is where it listens, as the servers reach it.
    /// Tried again until the handler answers.
    ///
    /// # Errors
    /// After 30 s: with what the server said of the handler the last time.
    pub async fn register(&self, handler: &str) -> Result<()> {
        let until = Instant::now() + REGISTRATION;
        let what = json!({ "uri": handler, "force": true });
        let deployment = loop {
            match http::post(&self.client, &format!("{}/deployments", self.admin()), &what).await {
                Ok(deployment) => break deployment["id"].as_str().unwrap_or_default().to_owned(),
                Err(error) if Instant::now() > until => return Err(error),
                Err(_) => sleep(PAUSE).await,
            }
        };
        // Each node learns it by itself, and knows no such service until then.
        while !self.all_know(&deployment).await {
            if Instant::now() > until {
                return Err(Error::new(ErrorKind::TimedOut, "not all nodes know the handler"));
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Whether all running nodes know a deployment, and the same services.
    async fn all_know(&self, deployment: &str) -> bool {
        let know = join_all(self.up().map(async |node| {
            http::get(&self.client, &format!("{}/deployments/{deployment}", node.admin())).await.is_ok()
        }));
        if know.await.contains(&false) {
            return false;
        }
        let states = join_all(self.up().map(|node| node.status(&self.client))).await;
        let versions: Option<Vec<u64>> =
            states.iter().map(|state| state.as_ref().ok()?["schema_version"].as_u64()).collect();
        versions.is_some_and(|versions| versions.windows(2).all(|pair| pair[0] == pair[1]))
    }

    /// Kills a node (counted from 0) as a power cut would. Nothing happens where it is killed already.
    pub async fn kill(&mut self, node: usize) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.kill();
        }
    }

    /// Starts a node again, with its data and its ports; kills it first where it runs. Returns when all nodes that run are well
    /// and every partition has a leader.
    ///
    /// # Errors
    /// There is no such node, or it was not well after 60 s: with the last lines of the logs.
    pub async fn restart(&mut self, node: usize) -> Result<()> {
        for last in (0..STARTS).map(|index| index + 1 == STARTS) {
            let found = self.nodes.get_mut(node).ok_or_else(|| Error::new(ErrorKind::NotFound, "no such node"))?;
            found.start(&self.binary)?;
            match self.settle().await {
                // Its ports are told to the others, so it waits for them.
                Err(error) if error.kind() == ErrorKind::AddrInUse && !last => sleep(Duration::from_secs(1)).await,
                settled => return settled,
            }
        }
        Ok(())
    }

    /// The node that leads most partitions now, counted from 0; `None` while none leads any.
    pub async fn leader(&self) -> Option<usize> {
        let led =
            join_all(self.nodes.iter().map(async |node| if node.is_up() { node.led(&self.client).await } else { 0 }));
        let (node, led) = led.await.into_iter().enumerate().max_by_key(|(_, led)| *led)?;
        (led > 0).then_some(node)
    }

    /// Asks a running node by SQL; the rows, as an array of objects.
    ///
    /// # Errors
    /// The node refuses the question, or does not answer within 30 s, as it may while a partition has no leader.
    pub async fn query(&self, sql: &str) -> Result<Value> {
        let mut answer = http::post(&self.client, &format!("{}/query", self.admin()), &json!({ "query": sql })).await?;
        Ok(answer["rows"].take())
    }
}
