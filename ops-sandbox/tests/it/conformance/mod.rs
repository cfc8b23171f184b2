//! The clients' own conformance suites, played in memory and over sockets. Everything is possible here.

mod airflow;
mod aurora;
mod fleet;
mod metabase;
mod metapod;
mod redshift;
mod sonar;

use ops_client::conformance;
use ops_sandbox::{Fault, Target, World};

/// From now on every call fails in this way.
fn fail(world: &World, fault: conformance::Fault) {
    let fault = match fault {
        conformance::Fault::Unavailable => Fault::Status(503),
        conformance::Fault::ExpiredToken => Fault::ExpiredToken,
        conformance::Fault::Html => Fault::Html,
        conformance::Fault::LostAnswer => Fault::DropAfterEffect,
        other => panic!("a fault that this stage does not know: {other:?}"),
    };
    world.faults().sometimes(1.0, Target::All, fault);
}
