//! What a workspace is asked for, and what it tells.

mod cluster;
mod command;
mod id;
mod mapping;
mod me;
mod notebook;
mod path;
mod reader;
mod run;
mod statement;
mod table;
mod words;

pub use cluster::{Cluster, ClusterState};
pub use command::{Command, CommandResult, CommandState, Context, ContextStatus};
pub use id::{ClusterId, CommandId, ContextId, IdempotencyToken, ParseError, RunId, StatementId, WarehouseId};
pub use mapping::{Mapping, Rule, SparkPath};
pub use me::Me;
pub use notebook::{Language, Notebook, NotebookPath, ObjectType};
pub use path::{Listing, PathStatus, Place, WorkspacePath};
pub use reader::{Format, Reader};
pub use run::{LifeCycle, ResultState, Run, RunOutput, Submit, TaskRun};
pub use statement::{Sql, SqlParameter, Statement, StatementError, StatementState};
pub use table::{Column, Table};
