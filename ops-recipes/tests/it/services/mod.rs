//! The recipes for services: in the sandbox, and on a stand-in for AWS with a real state machine.

mod first;
mod peer;
mod real;
mod rollback;
mod throttling_real;
