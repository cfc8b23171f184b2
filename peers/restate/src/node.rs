//! One server: its configuration, its process, and whether it is well.

use std::fs::{self, File};
use std::io::{Error, Result};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::http;

/// How many shards an engine has, as `node.toml.in` says: few, since each costs memory, and more than nodes.
pub(crate) const PARTITIONS: u64 = 4;

/// The ports of one node on 127.0.0.1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) ingress: u16,
    pub(crate) admin: u16,
    /// Between nodes; here it also says how it is.
    pub(crate) fabric: u16,
}

/// Ports that are free now, all different. Another process may take one before the server does: who starts it tries again.
pub(crate) fn free_ports(nodes: usize) -> Result<Vec<Ports>> {
    // Held until all are found, or one would be found twice.
    let mut held = Vec::new();
    let mut port = || {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        held.push(listener);
        Ok::<u16, Error>(port)
    };
    (0..nodes).map(|_| Ok(Ports { ingress: port()?, admin: port()?, fabric: port()? })).collect()
}

/// One server, running or not.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) ports: Ports,
    folder: PathBuf,
    process: Option<Child>,
}

impl Node {
    /// Writes the configuration of node `index` of a cluster below `folder`; nothing runs yet.
    pub(crate) fn new(folder: &Path, cluster: &str, index: usize, all: &[Ports]) -> Result<Self> {
        let name = format!("node-{}", index + 1);
        let ports = *all.get(index).ok_or_else(|| Error::other("a node without ports"))?;
        let node = Self { name, ports, folder: folder.to_owned(), process: None };
        fs::write(node.file("toml"), node.configuration(cluster, index, all))?;
        Ok(node)
    }

    fn configuration(&self, cluster: &str, index: usize, all: &[Ports]) -> String {
        let fabrics: Vec<String> = all.iter().map(|ports| format!("\"http://127.0.0.1:{}\"", ports.fabric)).collect();
        let alone = all.len() == 1;
        include_str!("../node.toml.in")
            .replace("@NAME@", &self.name)
            .replace("@CLUSTER@", cluster)
            .replace("@FIRST@", if index == 0 { "true" } else { "false" })
            .replace("@COPIES@", if alone { "1" } else { "2" })
            .replace("@MEMORY@", if alone { "512MB" } else { "256MB" })
            .replace("@FOLDER@", &self.folder.display().to_string())
            .replace("@FABRICS@", &fabrics.join(", "))
            .replace("@FABRIC@", &self.ports.fabric.to_string())
            .replace("@INGRESS@", &self.ports.ingress.to_string())
            .replace("@ADMIN@", &self.ports.admin.to_string())
    }

    fn file(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.name))
    }

    /// Starts the process; it is not well yet.
    pub(crate) fn start(&mut self, binary: &Path) -> Result<()> {
        self.kill();
        let log = File::options().create(true).append(true).open(self.file("log"))?;
        let mut command = Command::new(binary);
        // Each of these would be a setting, stronger than the file's.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("RESTATE_")) {
            command.env_remove(name);
        }
        command.arg("--no-logo").arg("--config-file").arg(self.file("toml"));
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.process = Some(command.spawn()?);
        Ok(())
    }

    /// Ends the process at once, as a power cut would. Its data stay.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Neither fails but for a process that has ended already.
            drop(process.kill());
            drop(process.wait());
        }
    }

    /// Whether the process was started, and was not killed by us.
    pub(crate) fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Whether the process ended by itself.
    pub(crate) fn ended(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| !matches!(process.try_wait(), Ok(None)))
    }

    pub(crate) fn ingress(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.ingress)
    }

    pub(crate) fn admin(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.admin)
    }

    /// What the node says of itself.
    pub(crate) async fn status(&self, client: &reqwest::Client) -> Result<Value> {
        let text = http::get(client, &format!("http://127.0.0.1:{}/health", self.ports.fabric)).await?;
        serde_json::from_str(&text).map_err(Error::other)
    }

    /// Whether every part of it serves, and it is ours: another engine's may have got its port.
    pub(crate) async fn is_well(&self, client: &reqwest::Client, cluster: &str) -> bool {
        let Ok(status) = self.status(client).await else { return false };
        let ready = ["admin_status", "worker_status", "log_server_status"].iter().all(|part| status[part] == "Ready");
        ready
            && status["cluster_name"] == cluster
            && http::get(client, &format!("{}/restate/health", self.ingress())).await.is_ok()
            && http::get(client, &format!("{}/health", self.admin())).await.is_ok()
    }

    /// How many partitions it leads; none while it does not answer.
    pub(crate) async fn led(&self, client: &reqwest::Client) -> u64 {
        let url = format!("http://127.0.0.1:{}/metrics", self.ports.fabric);
        let Ok(text) = http::get(client, &url).await else { return 0 };
        let line = text.lines().find(|line| line.starts_with("restate_num_active_partition_leaders{"));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.file("log")).unwrap_or_default()).into_owned()
    }

    /// Whether it ended because somebody else had its port.
    pub(crate) fn missed_its_port(&self) -> bool {
        self.log().contains("failed binding to address")
    }

    /// The end of its log.
    pub(crate) fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        format!("{}:\n{}\n", self.name, lines[lines.len().saturating_sub(30)..].join("\n"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}
