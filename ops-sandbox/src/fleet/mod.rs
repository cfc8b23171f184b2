//! The fleet: groups of machines that take a while to come and to go, as Auto Scaling keeps them.
//!
//! What is simpler here: launches never fail, a machine is healthy from the moment at which it is in service, and no group
//! scales by itself. Which machine goes first when a group shrinks is *assumed*: the newest that is not protected.

mod about;
mod direct;
mod http;
mod port;
mod refresh;
mod spec;
mod state;

pub use about::About;
pub(crate) use http::{act, asked};
pub use port::FleetPort;
pub use spec::{Duty, GroupSpec};
pub(crate) use state::{Fleet, News};
