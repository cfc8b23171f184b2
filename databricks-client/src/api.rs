//! The ports: what a program may ask of a workspace, and what it may have done there.

use async_trait::async_trait;
use ops_client::{Probe, Result};

use crate::{
    Cluster, ClusterId, Command, CommandId, Context, ContextStatus, IdempotencyToken, Language, Listing, Me, Notebook,
    NotebookPath, PathStatus, Run, RunId, RunOutput, Sql, Statement, StatementId, Submit, WorkspacePath,
};

/// Reading a workspace. What takes time is waited for by [`WorkspaceReadExt`](crate::WorkspaceReadExt).
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait WorkspaceRead: Send + Sync {
    /// That it answers to whoever asks: it is asked who that is.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn probe(&self) -> Result<Probe>;

    /// Who asks.
    ///
    /// # Errors
    /// As [`WorkspaceRead::probe`].
    async fn me(&self) -> Result<Me>;

    /// What lies at a path; nothing where there is none.
    ///
    /// # Errors
    /// `Forbidden` where it may not be seen; otherwise as [`WorkspaceRead::probe`].
    async fn path_status(&self, path: &WorkspacePath) -> Result<Option<PathStatus>>;

    /// What lies in a folder, at most so many, by name; of a file the file itself. Where there are more, the workspace says
    /// which ones are told. (From documents: a folder of DBFS is told at once, which takes too long beyond 10,000 files.)
    ///
    /// # Errors
    /// `NotFound` where there is no such path; otherwise as [`WorkspaceRead::path_status`].
    async fn list(&self, path: &WorkspacePath, limit: usize) -> Result<Listing>;

    /// The clusters that may be seen.
    ///
    /// # Errors
    /// As [`WorkspaceRead::probe`].
    async fn clusters(&self) -> Result<Vec<Cluster>>;

    /// What stands at a path of the workspace's own tree; nothing where there is none.
    ///
    /// # Errors
    /// As [`WorkspaceRead::path_status`].
    async fn notebook(&self, path: &NotebookPath) -> Result<Option<Notebook>>;

    /// How a run stands.
    ///
    /// # Errors
    /// `NotFound` where there is no such run; otherwise as [`WorkspaceRead::probe`].
    async fn run(&self, run: RunId) -> Result<Run>;

    /// What a run told. A run of tasks tells nothing itself: [`Run::output_of`] says which one is to be asked.
    ///
    /// # Errors
    /// `Invalid` for a run of several tasks; otherwise as [`WorkspaceRead::run`].
    async fn run_output(&self, run: RunId) -> Result<RunOutput>;

    /// How a statement stands, and its rows where it has succeeded. A workspace forgets it after an hour or so.
    ///
    /// # Errors
    /// `NotFound` where there is no such statement; otherwise as [`WorkspaceRead::probe`].
    async fn statement(&self, statement: &StatementId) -> Result<Statement>;
}

/// Having something done in a workspace. Commands are run whole by
/// [`WorkspaceWriteExt`](crate::WorkspaceWriteExt).
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait WorkspaceWrite: Send + Sync {
    /// Begins a context on a cluster that runs, for commands of one language. Sent once: a second one would stay.
    ///
    /// # Errors
    /// `NotFound` where there is no such cluster, `Conflict` where it does not run; otherwise every
    /// [`ErrorKind`](ops_client::ErrorKind).
    async fn create_context(&self, cluster: &ClusterId, language: Language) -> Result<Context>;

    /// How a context stands.
    ///
    /// # Errors
    /// `NotFound` where there is no such context.
    async fn context_status(&self, context: &Context) -> Result<ContextStatus>;

    /// Ends a context, and with it what runs there. Safe to repeat.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind); that it is gone already is none.
    async fn destroy_context(&self, context: &Context) -> Result<()>;

    /// Begins a command. Sent once: nobody knows what a second time would do.
    ///
    /// # Errors
    /// `NotFound` where there is no such context; otherwise every [`ErrorKind`](ops_client::ErrorKind).
    async fn execute(&self, context: &Context, command: &str) -> Result<CommandId>;

    /// How a command stands, and what it told. (A read, and yet here: who may not run a command has none to look at.)
    ///
    /// # Errors
    /// `NotFound` where there is no such command.
    async fn command_status(&self, context: &Context, command: &CommandId) -> Result<Command>;

    /// Asks for the end of a command. Safe to repeat.
    ///
    /// # Errors
    /// `NotFound` where there is no such command; otherwise every [`ErrorKind`](ops_client::ErrorKind).
    async fn cancel_command(&self, context: &Context, command: &CommandId) -> Result<()>;

    /// Writes a notebook; its folder must be there. Safe to repeat where it may `overwrite`.
    ///
    /// # Errors
    /// `Conflict` where something is there and must not be overwritten, `NotFound` where the folder is not there;
    /// otherwise every [`ErrorKind`](ops_client::ErrorKind).
    async fn import_notebook(
        &self,
        path: &NotebookPath,
        language: Language,
        source: &str,
        overwrite: bool,
    ) -> Result<()>;

    /// Takes a notebook away; never a folder with something in it. Safe to repeat.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind); that it is gone already is none.
    async fn delete_notebook(&self, path: &NotebookPath) -> Result<()>;

    /// Runs a notebook once, on a cluster. Safe to repeat: the same token is the same run.
    ///
    /// # Errors
    /// `NotFound` where there is no such cluster; otherwise every [`ErrorKind`](ops_client::ErrorKind). A notebook that is
    /// not there makes a run that fails.
    async fn submit(&self, submit: &Submit, token: &IdempotencyToken) -> Result<RunId>;

    /// Asks for the end of a run; it ends a while later. Safe to repeat.
    ///
    /// # Errors
    /// `NotFound` where there is no such run; otherwise every [`ErrorKind`](ops_client::ErrorKind).
    async fn cancel_run(&self, run: RunId) -> Result<()>;

    /// Begins a statement, and does not wait for it. Sent once.
    ///
    /// # Errors
    /// `NotFound` where there is no such warehouse; otherwise every [`ErrorKind`](ops_client::ErrorKind).
    async fn execute_statement(&self, sql: &Sql) -> Result<Statement>;

    /// Asks for the end of a statement. Safe to repeat.
    ///
    /// # Errors
    /// `NotFound` where there is no such statement; otherwise every [`ErrorKind`](ops_client::ErrorKind).
    async fn cancel_statement(&self, statement: &StatementId) -> Result<()>;
}
