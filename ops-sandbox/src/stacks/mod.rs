//! Services as CloudFormation's stacks: two sides each, blue and green, of which a balancer asks those instances that are healthy.
//!
//! What is simpler here: every stack has the same six resources, instances never fail once they are healthy, and a launch
//! configuration that comes back with its version has its former name. Change sets and clearing away take no time, unless
//! [`World::stacks_take`](crate::World::stacks_take) says so. A version with `broken` or `dead` in it never gets healthy, so that its update goes back; one with
//! `stuck` in it cannot be taken back either, until what failed is skipped. *Assumed*: that change sets which can no longer be
//! executed stay, and how long things take.

mod about;
mod balancer;
mod direct;
mod drift;
mod held;
mod http;
mod port;
mod sets;
mod spec;
mod state;
mod template;
#[cfg(test)]
mod tests;
mod update;
mod versions;

pub use about::About;
pub(crate) use http::{Pin, act, asked, routes};
pub use port::StacksPort;
pub use spec::StackSpec;
pub(crate) use state::Stacks;
pub use versions::VersionsPort;
