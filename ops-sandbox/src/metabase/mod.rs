//! Metabase: databases, tables and fields with rows that the world holds, asked in Metabase's own query language.
//!
//! What is simpler here: texts are compared as texts, days and instants included; nothing is hidden, cached or joined; whoever
//! may call sees everything. *Assumed*: in which words a query fails.

mod about;
mod answer;
mod direct;
mod http;
mod loads;
mod names;
mod port;
mod spec;
mod state;

pub use about::About;
pub(crate) use http::{Logins, routes};
pub(crate) use loads::loads;
pub use port::MetabasePort;
pub use spec::{QuestionSpec, TableSpec};
pub(crate) use state::Metabase;
