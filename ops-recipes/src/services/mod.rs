//! Services and what they stand on: stacks that are deployed blue and green, tables that throttle.
//!
//! | recipe | the runbook's heading | changes |
//! |---|---|---|
//! | [`RollBackService`] | «Hot-deploying rollbacks» | which version a service runs, side by side or in place |
//! | [`RelieveThrottling`] | «Dealing with Datomic self-destructs» | the capacity of a table that refuses requests |

pub mod picture;
mod ports;
pub mod relieve_throttling;
pub mod rollback_service;
mod sides;

pub(crate) use sides::{Picture, Sides};

pub use ports::{ServiceReads, ServiceWrites, TableReads, TableWrites};
pub use relieve_throttling::{RelieveThrottling, TableStep};
pub use rollback_service::{RollBackService, UpdateService};
pub use sides::{Colour, ParameterNames};
