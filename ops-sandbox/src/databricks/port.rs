//! A workspace in memory.

use std::time::Duration;

use async_trait::async_trait;
use databricks_client::{
    Cluster, ClusterId, Command, CommandId, Context, ContextStatus, IdempotencyToken, Language, Listing, Me, Notebook,
    NotebookPath, PathStatus, Probe, Result, Run, RunId, RunOutput, Sql, Statement, StatementId, Submit, WorkspacePath,
    WorkspaceRead, WorkspaceWrite,
};

use super::About;
use crate::refusal::Refusal;
use crate::world::{Done, State};
use crate::{Operation, World};

/// Whoever asks in memory.
pub(super) const ADMIN: &str = "admin@example.com";

/// A workspace in memory. Faults hit it as they hit the real client, which does not try again here.
#[derive(Clone, Debug)]
pub struct DatabricksPort {
    world: World,
}

impl DatabricksPort {
    pub(crate) fn new(world: World) -> Self {
        Self { world }
    }

    async fn ask<T: Send>(
        &self,
        operation: Operation,
        about: About,
        what: impl FnOnce(&mut State) -> std::result::Result<T, Refusal> + Send,
    ) -> Result<T> {
        self.change(operation, about, |state| what(state).map(Done::same)).await
    }

    async fn change<T: Send>(
        &self,
        operation: Operation,
        about: About,
        what: impl FnOnce(&mut State) -> std::result::Result<Done<T>, Refusal> + Send,
    ) -> Result<T> {
        self.world.call(operation, about.subject(), Refusal::over_rest, what).await
    }
}

/// What came of something that may have been so before.
pub(super) fn done(changed: bool) -> Done<()> {
    if changed { Done::changed(()) } else { Done::same(()) }
}

/// What is gone already need not go.
pub(super) fn gone(result: std::result::Result<(), Refusal>) -> std::result::Result<Done<()>, Refusal> {
    match result {
        Ok(()) => Ok(Done::changed(())),
        Err(Refusal::NotFound(_)) => Ok(Done::same(())),
        Err(refusal) => Err(refusal),
    }
}

#[async_trait]
impl WorkspaceRead for DatabricksPort {
    async fn probe(&self) -> Result<Probe> {
        let told = |state: &mut State| Ok(Probe::new("memory", Duration::ZERO).with_server_time(state.now().into()));
        self.ask(Operation::DatabricksProbe, About::Everything, told).await
    }

    async fn me(&self) -> Result<Me> {
        let told = |_: &mut State| Ok(Me::new(ADMIN).with_groups(["admins"]));
        self.ask(Operation::DatabricksMe, About::Everything, told).await
    }

    async fn path_status(&self, path: &WorkspacePath) -> Result<Option<PathStatus>> {
        let told = |state: &mut State| Ok(state.databricks.status(path));
        self.ask(Operation::DatabricksPathStatus, About::Path(path.clone()), told).await
    }

    async fn list(&self, path: &WorkspacePath, limit: usize) -> Result<Listing> {
        let told = |state: &mut State| state.databricks.list(path, limit);
        self.ask(Operation::DatabricksList, About::Path(path.clone()), told).await
    }

    async fn clusters(&self) -> Result<Vec<Cluster>> {
        let told = |state: &mut State| Ok(state.databricks.clusters.clone());
        self.ask(Operation::DatabricksClusters, About::Everything, told).await
    }

    async fn notebook(&self, path: &NotebookPath) -> Result<Option<Notebook>> {
        let told = |state: &mut State| Ok(state.databricks.notebook(path));
        self.ask(Operation::DatabricksNotebook, About::Notebook(path.clone()), told).await
    }

    async fn run(&self, run: RunId) -> Result<Run> {
        let told = |state: &mut State| state.databricks.run(run, state.now());
        self.ask(Operation::DatabricksRun, About::Run(run), told).await
    }

    async fn run_output(&self, run: RunId) -> Result<RunOutput> {
        let told = |state: &mut State| state.databricks.output(run, state.now());
        self.ask(Operation::DatabricksRunOutput, About::Run(run), told).await
    }

    async fn statement(&self, statement: &StatementId) -> Result<Statement> {
        let told = |state: &mut State| state.databricks.statement(statement, state.now());
        self.ask(Operation::DatabricksStatement, About::Statement(statement.clone()), told).await
    }
}

#[async_trait]
impl WorkspaceWrite for DatabricksPort {
    async fn create_context(&self, cluster: &ClusterId, language: Language) -> Result<Context> {
        let act = |state: &mut State| state.databricks.begin_context(cluster, language).map(Done::changed);
        self.change(Operation::CreateContext, About::Cluster(cluster.clone()), act).await
    }

    async fn context_status(&self, context: &Context) -> Result<ContextStatus> {
        let told = |state: &mut State| state.databricks.context(&context.cluster, &context.id);
        self.ask(Operation::ContextStatus, About::Cluster(context.cluster.clone()), told).await
    }

    async fn destroy_context(&self, context: &Context) -> Result<()> {
        let act = |state: &mut State| gone(state.databricks.end_context(&context.cluster, &context.id));
        self.change(Operation::DestroyContext, About::Cluster(context.cluster.clone()), act).await
    }

    async fn execute(&self, context: &Context, command: &str) -> Result<CommandId> {
        let act = |state: &mut State| {
            let now = state.now();
            state.databricks.begin_command(&context.cluster, &context.id, command, now).map(Done::changed)
        };
        self.change(Operation::ExecuteCommand, About::Cluster(context.cluster.clone()), act).await
    }

    async fn command_status(&self, context: &Context, command: &CommandId) -> Result<Command> {
        let told = |state: &mut State| {
            let now = state.now();
            state.databricks.command(&context.cluster, &context.id, command, now)
        };
        self.ask(Operation::CommandStatus, About::Cluster(context.cluster.clone()), told).await
    }

    async fn cancel_command(&self, context: &Context, command: &CommandId) -> Result<()> {
        let act = |state: &mut State| {
            let now = state.now();
            state.databricks.cancel_command(&context.cluster, &context.id, command, now).map(done)
        };
        self.change(Operation::CancelCommand, About::Cluster(context.cluster.clone()), act).await
    }

    async fn import_notebook(
        &self,
        path: &NotebookPath,
        language: Language,
        source: &str,
        overwrite: bool,
    ) -> Result<()> {
        let act = |state: &mut State| state.databricks.import(path, language, source, overwrite).map(Done::changed);
        self.change(Operation::ImportNotebook, About::Notebook(path.clone()), act).await
    }

    async fn delete_notebook(&self, path: &NotebookPath) -> Result<()> {
        let act = |state: &mut State| gone(state.databricks.delete(path));
        self.change(Operation::DeleteNotebook, About::Notebook(path.clone()), act).await
    }

    async fn submit(&self, submit: &Submit, token: &IdempotencyToken) -> Result<RunId> {
        let act = |state: &mut State| {
            let now = state.now();
            let (run, new) = state.databricks.submit(submit, token, now)?;
            Ok(if new { Done::changed(run) } else { Done::same(run) })
        };
        self.change(Operation::SubmitRun, About::Notebook(submit.notebook.clone()), act).await
    }

    async fn cancel_run(&self, run: RunId) -> Result<()> {
        let act = |state: &mut State| {
            let now = state.now();
            state.databricks.cancel_run(run, now).map(done)
        };
        self.change(Operation::CancelRun, About::Run(run), act).await
    }

    async fn execute_statement(&self, sql: &Sql) -> Result<Statement> {
        let act = |state: &mut State| {
            let now = state.now();
            state.databricks.begin_statement(sql, now).map(Done::changed)
        };
        self.change(Operation::ExecuteStatement, About::Warehouse(sql.warehouse.clone()), act).await
    }

    async fn cancel_statement(&self, statement: &StatementId) -> Result<()> {
        let act = |state: &mut State| {
            let now = state.now();
            state.databricks.cancel_statement(statement, now).map(done)
        };
        self.change(Operation::CancelStatement, About::Statement(statement.clone()), act).await
    }
}
