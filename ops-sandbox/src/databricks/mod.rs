//! Databricks: a workspace with files, clusters, notebooks and their runs, commands and statements.
//!
//! What is simpler here: nothing is computed. Runs, commands and statements take as long and tell what the test says, but
//! where the test says nothing, what reads a path that is not there fails; files are names and sizes, and whoever may call
//! sees all of them. A cluster that does not run is started by a run at
//! once. *Assumed*: in which words a workspace refuses, and what it says of contexts that are gone.

mod about;
mod direct;
mod http;
mod port;
mod reads;
mod scene;
mod spec;
mod state;
mod work;

pub use about::About;
pub(crate) use http::{Logins, routes};
pub use port::DatabricksPort;
pub use scene::{Workspace, workspace};
pub use spec::{CommandPlan, RunPlan, StatementPlan};
pub(crate) use state::Databricks;
