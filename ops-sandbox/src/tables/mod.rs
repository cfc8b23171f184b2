//! Tables: what they are asked for, what they serve, and what they refuse, as DynamoDB and CloudWatch tell it.
//!
//! What is simpler here: a minute is served evenly, nothing is saved for bursts, and nothing scales by itself: the bounds are kept, and
//! that is all.

mod about;
mod demand;
mod direct;
mod port;
mod spec;
mod state;
#[cfg(test)]
mod tests;

pub use about::About;
pub use demand::Demand;
pub use port::TablesPort;
pub use spec::TableSpec;
pub(crate) use state::Tables;
