//! Metapod: the catalogue of datasets, its ports, and its routes.

mod catalogue;
mod direct;
mod graphql;
mod ids;
mod port;
mod rest;

pub(crate) use catalogue::{Catalogue, Commit, Dataset, Facts, Transaction, unknown_transaction};
pub use direct::{CommitSpec, TransactionSpec};
pub use graphql::sdl;
pub(crate) use graphql::{Schema, schema};
pub use port::MetapodPort;
pub(crate) use port::{COMPONENTS, VERSION};
pub(crate) use rest::{graphql, routes};
