//! [`WorkspaceRead`] over HTTP.

use async_trait::async_trait;
use ops_client::http::{Call, Reply};
use ops_client::{Error, Probe, Result};

use crate::client::{fit, found, send};
use crate::wire::{self, FileHeaders};
use crate::{
    Cluster, DatabricksClient, Effect, ErrorKind, Listing, Me, Notebook, NotebookPath, PathStatus, Place, Run, RunId,
    RunOutput, Statement, StatementId, WorkspacePath, WorkspaceRead,
};

/// How many clusters a page has, at most: the workspace's own limit.
const CLUSTERS: &str = "100";
/// How many files a page has, at most: the workspace's own limit.
const FILES: usize = 1000;
/// A list that goes on for ever is none.
const MOST_PAGES: usize = 1000;
/// Rows of so many bytes are kept, and no more: an inline answer has 25 MiB by the workspace's own limit.
const MOST_ROWS: usize = 64 << 20;

impl DatabricksClient {
    fn me_call(&self, op: &'static str) -> Call {
        let call = self.endpoint.get(op).segments(&["api", "2.0", "preview", "scim", "v2", "Me"]);
        call.template("/api/2.0/preview/scim/v2/Me")
    }

    fn dbfs(&self, op: &'static str, what: &'static str, path: &WorkspacePath) -> Call {
        self.endpoint.get(op).segments(&["api", "2.0", "dbfs", what]).query("path", path.absolute())
    }

    /// A path of a volume, part by part: `files` or `directories`.
    fn fs(call: Call, what: &'static str, path: &WorkspacePath) -> Call {
        let parts: Vec<&str> = path.absolute().split('/').skip(1).collect();
        call.segments(&["api", "2.0", "fs", what]).segments(&parts)
    }

    /// A file of a volume.
    async fn file(&self, op: &'static str, path: &WorkspacePath) -> Result<Option<PathStatus>> {
        let call = Self::fs(self.endpoint.head(op), "files", path).template("/api/2.0/fs/files/{path}");
        match found(send(call).await)? {
            Some(reply) => fit(&reply, FileHeaders::told(path, &reply)).map(Some),
            None => Ok(None),
        }
    }

    async fn folder(&self, path: &WorkspacePath, limit: usize) -> Result<Listing> {
        let op = "databricks.list";
        let (mut entries, mut token) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let size = (limit - entries.len()).clamp(1, FILES).to_string();
            let call = Self::fs(self.endpoint.get(op), "directories", path).query("page_size", &size);
            let call = match &token {
                Some(token) => call.query("page_token", token),
                None => call,
            };
            let reply = send(call.template("/api/2.0/fs/directories/{path}")).await?;
            let (page, next) = fit(&reply, reply.json::<wire::Directory>()?.told())?;
            entries.extend(page);
            if next.is_none() || entries.len() >= limit {
                return Ok(cut(entries, limit, next.is_some()));
            }
            if next == token {
                return Err(same_page(&reply));
            }
            token = next;
        }
        Ok(cut(entries, limit, true))
    }

    /// Older workspaces know only version 2.0 of the list, which has no pages.
    async fn all_clusters(&self, version: &'static str) -> Result<Vec<Cluster>> {
        let (mut clusters, mut token) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let call = self.endpoint.get("databricks.clusters").segments(&["api", version, "clusters", "list"]);
            let call = if version == "2.0" { call } else { call.query("page_size", CLUSTERS) };
            let call = match &token {
                Some(token) => call.query("page_token", token),
                None => call,
            };
            let reply = send(call.template("/api/{version}/clusters/list")).await?;
            let (page, next) = fit(&reply, reply.json::<wire::Clusters>()?.told())?;
            clusters.extend(page);
            if next.is_none() {
                return Ok(clusters);
            }
            if next == token {
                return Err(same_page(&reply));
            }
            token = next;
        }
        let endless = Error::new("databricks.clusters", ErrorKind::Decode, Effect::None);
        Err(endless.with_message("the list of clusters does not end"))
    }
}

fn same_page(reply: &Reply) -> Error {
    reply.error(ErrorKind::Decode, Effect::None, "").with_message("the answer leads to this very page again")
}

/// Ordered by name, and no more than that.
fn cut(mut entries: Vec<PathStatus>, limit: usize, more: bool) -> Listing {
    entries.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    let truncated = more || entries.len() > limit;
    entries.truncate(limit);
    Listing::new(entries, truncated)
}

#[async_trait]
impl WorkspaceRead for DatabricksClient {
    async fn probe(&self) -> Result<Probe> {
        let reply = send(self.me_call("databricks.probe")).await?;
        reply.json::<wire::MeIn>()?;
        let probe = Probe::new(self.endpoint.address(), reply.elapsed());
        Ok(match reply.server_time() {
            Some(time) => probe.with_server_time(time),
            None => probe,
        })
    }

    async fn me(&self) -> Result<Me> {
        Ok(send(self.me_call("databricks.me")).await?.json::<wire::MeIn>()?.into())
    }

    async fn path_status(&self, path: &WorkspacePath) -> Result<Option<PathStatus>> {
        let op = "databricks.path_status";
        if path.place() == Place::Dbfs {
            let call = self.dbfs(op, "get-status", path).template("/api/2.0/dbfs/get-status");
            let Some(reply) = found(send(call).await)? else { return Ok(None) };
            let mut status = fit(&reply, reply.json::<wire::DbfsEntry>()?.told())?;
            status.path = path.clone();
            return Ok(Some(status));
        }
        // A dataset is a folder, mostly.
        let call = Self::fs(self.endpoint.head(op), "directories", path).template("/api/2.0/fs/directories/{path}");
        match found(send(call).await)? {
            Some(_) => Ok(Some(PathStatus::folder(path.clone()))),
            None => self.file(op, path).await,
        }
    }

    async fn list(&self, path: &WorkspacePath, limit: usize) -> Result<Listing> {
        let op = "databricks.list";
        if limit == 0 {
            return Err(crate::client::refuse(op, "a list of nothing tells nothing"));
        }
        if path.place() == Place::Dbfs {
            let reply = send(self.dbfs(op, "list", path).template("/api/2.0/dbfs/list")).await?;
            let entries = fit(&reply, reply.json::<wire::DbfsList>()?.told())?;
            return Ok(cut(entries, limit, false));
        }
        match self.folder(path, limit).await {
            // It may be a file.
            Err(error) if error.is_not_found() => match self.file(op, path).await? {
                Some(file) => Ok(Listing::new(vec![file], false)),
                None => Err(error),
            },
            listed => listed,
        }
    }

    async fn clusters(&self) -> Result<Vec<Cluster>> {
        match self.all_clusters("2.1").await {
            Err(error) if error.is_not_found() => self.all_clusters("2.0").await,
            told => told,
        }
    }

    async fn notebook(&self, path: &NotebookPath) -> Result<Option<Notebook>> {
        let call = self.endpoint.get("databricks.notebook").segments(&["api", "2.0", "workspace", "get-status"]);
        let call = call.query("path", path.as_str()).template("/api/2.0/workspace/get-status");
        match found(send(call).await)? {
            Some(reply) => Ok(Some(reply.json::<wire::Object>()?.told(path))),
            None => Ok(None),
        }
    }

    async fn run(&self, run: RunId) -> Result<Run> {
        let call = self.endpoint.get("databricks.run").segments(&["api", "2.1", "jobs", "runs", "get"]);
        let call = call.query("run_id", run.to_string()).template("/api/2.1/jobs/runs/get");
        Ok(send(call).await?.json::<wire::RunIn>()?.into())
    }

    async fn run_output(&self, run: RunId) -> Result<RunOutput> {
        let call = self.endpoint.get("databricks.run_output").segments(&["api", "2.1", "jobs", "runs", "get-output"]);
        let call = call.query("run_id", run.to_string()).template("/api/2.1/jobs/runs/get-output");
        Ok(send(call).await?.json::<wire::OutputIn>()?.into())
    }

    async fn statement(&self, statement: &StatementId) -> Result<Statement> {
        let op = "databricks.statement";
        let at = ["api", "2.0", "sql", "statements", statement.as_str()];
        let call = self.endpoint.get(op).segments(&at).template("/api/2.0/sql/statements/{id}");
        let reply = send(call).await?;
        let (mut told, mut next) = fit(&reply, reply.json::<wire::StatementIn>()?.told())?;
        let Some(table) = &mut told.table else { return Ok(told) };
        let (mut last, mut bytes) = (0, reply.bytes().len());
        while let Some(part) = next {
            if bytes > MOST_ROWS {
                table.truncated = true;
                break;
            }
            // Parts are numbered upwards: one that does not grow would go on for ever.
            if part <= last {
                let error = reply.error(ErrorKind::Decode, Effect::None, "");
                return Err(error.with_message("a part of the rows does not follow the one before"));
            }
            let call = self.endpoint.get(op).segments(&at).segments(&["result", "chunks", &part.to_string()]);
            let reply = send(call.template("/api/2.0/sql/statements/{id}/result/chunks/{n}")).await?;
            let (rows, after) = reply.json::<wire::Chunk>()?.told();
            table.rows.extend(rows);
            bytes = bytes.saturating_add(reply.bytes().len());
            (last, next) = (part, after);
        }
        Ok(told)
    }
}
