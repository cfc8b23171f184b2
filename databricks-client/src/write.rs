//! [`WorkspaceWrite`] over HTTP.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ops_client::Result;
use ops_client::http::{Call, Idempotency};
use serde_json::{Value, json};

use crate::client::{fit, found, refuse, send};
use crate::wire;
use crate::{
    ClusterId, Command, CommandId, Context, ContextStatus, DatabricksClient, IdempotencyToken, Language, NotebookPath,
    RunId, Sql, Statement, StatementId, Submit, WorkspaceWrite,
};

/// The workspace takes no larger notebook, in bytes.
const LARGEST_NOTEBOOK: usize = 10 << 20;

impl DatabricksClient {
    /// A POST, sent once unless said.
    fn change(&self, op: &'static str, at: &[&str], template: &'static str, body: &Value) -> Call {
        self.endpoint.post(op).segments(at).template(template).json(body)
    }

    /// A change that may be made twice, and whose answer says nothing.
    async fn again(&self, op: &'static str, at: &[&str], template: &'static str, body: &Value) -> Result<()> {
        let call = self.change(op, at, template, body).idempotency(Idempotency::Write);
        send(call).await?.refuse_page()
    }
}

#[async_trait]
impl WorkspaceWrite for DatabricksClient {
    async fn create_context(&self, cluster: &ClusterId, language: Language) -> Result<Context> {
        let body = json!({"clusterId": cluster, "language": language.as_str()});
        let at = ["api", "1.2", "contexts", "create"];
        let call = self.change("databricks.create_context", &at, "/api/1.2/contexts/create", &body);
        let reply = send(call).await?;
        let id = fit(&reply, reply.json::<wire::Created>()?.told())?;
        Ok(Context::new(cluster.clone(), id, language))
    }

    async fn context_status(&self, context: &Context) -> Result<ContextStatus> {
        let call = self.endpoint.get("databricks.context_status").segments(&["api", "1.2", "contexts", "status"]);
        let call = call.query("clusterId", context.cluster.as_str()).query("contextId", context.id.as_str());
        Ok(send(call.template("/api/1.2/contexts/status")).await?.json::<wire::ContextIn>()?.told())
    }

    async fn destroy_context(&self, context: &Context) -> Result<()> {
        let body = json!({"clusterId": context.cluster, "contextId": context.id});
        let at = ["api", "1.2", "contexts", "destroy"];
        let done = self.again("databricks.destroy_context", &at, "/api/1.2/contexts/destroy", &body).await;
        found(done).map(|_| ())
    }

    async fn execute(&self, context: &Context, command: &str) -> Result<CommandId> {
        let body = json!({"clusterId": context.cluster, "contextId": context.id,
                          "language": context.language.as_str(), "command": command});
        let at = ["api", "1.2", "commands", "execute"];
        let reply = send(self.change("databricks.execute", &at, "/api/1.2/commands/execute", &body)).await?;
        fit(&reply, reply.json::<wire::Created>()?.told())
    }

    async fn command_status(&self, context: &Context, command: &CommandId) -> Result<Command> {
        let call = self.endpoint.get("databricks.command_status").segments(&["api", "1.2", "commands", "status"]);
        let call = call.query("clusterId", context.cluster.as_str()).query("contextId", context.id.as_str());
        let call = call.query("commandId", command.as_str()).template("/api/1.2/commands/status");
        let reply = send(call).await?;
        fit(&reply, reply.json::<wire::CommandIn>()?.told())
    }

    async fn cancel_command(&self, context: &Context, command: &CommandId) -> Result<()> {
        let body = json!({"clusterId": context.cluster, "contextId": context.id, "commandId": command});
        let at = ["api", "1.2", "commands", "cancel"];
        self.again("databricks.cancel_command", &at, "/api/1.2/commands/cancel", &body).await
    }

    async fn import_notebook(
        &self,
        path: &NotebookPath,
        language: Language,
        source: &str,
        overwrite: bool,
    ) -> Result<()> {
        let op = "databricks.import_notebook";
        if source.len() > LARGEST_NOTEBOOK {
            return Err(refuse(op, "a notebook has at most 10 MiB"));
        }
        let body = json!({"path": path, "format": "SOURCE", "language": language.of_notebook(),
                          "content": STANDARD.encode(source), "overwrite": overwrite});
        let call = self.change(op, &["api", "2.0", "workspace", "import"], "/api/2.0/workspace/import", &body);
        // Without it, a second time is refused for what the first one did.
        let call = if overwrite { call.idempotency(Idempotency::Write) } else { call };
        send(call).await?.refuse_page()
    }

    async fn delete_notebook(&self, path: &NotebookPath) -> Result<()> {
        let body = json!({"path": path, "recursive": false});
        let at = ["api", "2.0", "workspace", "delete"];
        let done = self.again("databricks.delete_notebook", &at, "/api/2.0/workspace/delete", &body).await;
        found(done).map(|_| ())
    }

    async fn submit(&self, submit: &Submit, token: &IdempotencyToken) -> Result<RunId> {
        let (at, template) = (["api", "2.1", "jobs", "runs", "submit"], "/api/2.1/jobs/runs/submit");
        let call = self.change("databricks.submit", &at, template, &wire::submission(submit, token));
        Ok(send(call.idempotency(Idempotency::Write)).await?.json::<wire::Submitted>()?.run_id)
    }

    async fn cancel_run(&self, run: RunId) -> Result<()> {
        let (at, template) = (["api", "2.1", "jobs", "runs", "cancel"], "/api/2.1/jobs/runs/cancel");
        self.again("databricks.cancel_run", &at, template, &json!({"run_id": run})).await
    }

    async fn execute_statement(&self, sql: &Sql) -> Result<Statement> {
        let (at, template) = (["api", "2.0", "sql", "statements"], "/api/2.0/sql/statements");
        let call = self.change("databricks.execute_statement", &at, template, &wire::question(sql));
        let reply = send(call).await?;
        let (mut statement, next) = fit(&reply, reply.json::<wire::StatementIn>()?.told())?;
        // What is there at once is the first part: who wants all rows looks at the statement.
        if let Some(table) = statement.table.as_mut().filter(|_| next.is_some()) {
            table.truncated = true;
        }
        Ok(statement)
    }

    async fn cancel_statement(&self, statement: &StatementId) -> Result<()> {
        let at = ["api", "2.0", "sql", "statements", statement.as_str(), "cancel"];
        self.again("databricks.cancel_statement", &at, "/api/2.0/sql/statements/{id}/cancel", &json!({})).await
    }
}
