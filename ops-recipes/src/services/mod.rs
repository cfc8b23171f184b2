//! Services and what they stand on: stacks that are deployed blue and green, tables that throttle.
//!
//! | recipe | the runbook's heading | changes |
//! |---|---|---|
//! | [`RollBackService`] | «Hot-deploying rollbacks» | which version a service runs, side by side or in place |

pub mod picture;
mod ports;
pub mod rollback_service;
mod sides;

pub(crate) use sides::{Picture, Sides};

pub use ports::{ServiceReads, ServiceWrites};
pub use rollback_service::{RollBackService, UpdateService};
pub use sides::{Colour, ParameterNames};
