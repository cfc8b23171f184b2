//! Metapod: the catalogue of datasets, its ports, and its routes.

mod catalogue;
mod direct;
mod ids;
mod port;

pub(crate) use catalogue::{Catalogue, Dataset, Transaction, unknown_transaction};
pub use direct::{CommitSpec, TransactionSpec};
pub use port::MetapodPort;
