//! A warehouse and its cluster: sessions, locks that are really waited for, a loader that swaps schemas, the Loads
//! table.
//!
//! There is one warehouse in a world. The cluster that [serves it](ClusterSpec::serves) ends its sessions when it is
//! rebooted or paused; without one it is always there.
//!
//! What is simpler here: statements take no time unless they wait, a session has one transaction at a time and no
//! savepoint, and a deadlock is not broken up. Who may end whose session is as in PostgreSQL 15: an operator, anybody's
//! but a superuser's. *Assumed*: of a reboot only the end is told as an event, an operator sees what a monitor sees,
//! and all that the loader logs beside the lines that are known.

mod about;
mod cluster;
mod direct;
mod http;
mod loader;
mod locks;
mod port;
mod sessions;
mod spec;
mod state;
mod warehouse;

pub use about::About;
pub(crate) use http::{act, asked};
pub use loader::LoaderId;
pub use port::{ClusterPort, WarehousePort};
pub use spec::{ClusterSpec, Intruder, LoaderSpec, Rights};
pub(crate) use state::Redshift;
pub use warehouse::LoadRow;
