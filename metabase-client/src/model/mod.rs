//! What Metabase knows, what it is asked, what it answers.

mod answer;
mod catalogue;
mod id;
mod parameter;
mod query;
mod value;

pub use answer::{Answer, Cell, Column};
pub use catalogue::{Database, Field, Metadata, Table, User};
pub use id::{CardId, DatabaseId, FieldId, TableId, UserId};
pub use parameter::{Kind, Parameter};
pub use query::{Filter, Order, Query};
pub use value::Value;
