//! The recipes for services: in the sandbox, and on a stand-in for AWS with a real state machine.

mod first;
pub(crate) mod peer;
pub(crate) mod real;
mod rollback;
mod throttling;
mod throttling_real;
