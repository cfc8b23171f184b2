//! Metapod: the catalogue of datasets, its ports, and its routes.

mod catalogue;
mod direct;
mod graphql;
mod ids;
mod port;
mod records;
mod rest;

pub(crate) use catalogue::{Catalogue, unknown_transaction};
pub use direct::{CommitSpec, TransactionSpec};
pub use graphql::sdl;
pub(crate) use graphql::{Schema, schema};
pub use port::MetapodPort;
pub(crate) use port::{COMPONENTS, VERSION};
pub(crate) use records::{Commit, Dataset, Facts, Transaction};
pub(crate) use rest::{graphql, routes};
