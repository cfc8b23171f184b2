//! The clients' own conformance suites, played in memory and over sockets. Everything is possible here.

mod airflow;
mod aurora;
mod databricks;
mod fleet;
mod gocd;
mod metabase;
mod metapod;
mod redshift;
mod slack;
mod sonar;
mod stacks;
mod tables;

use std::time::Duration;

use ops_aws::Aws;
use ops_client::{Environment, conformance};
use ops_sandbox::{Fault, Server, Target, World};

/// The sandbox's services of AWS, through AWS's own library.
pub(super) async fn aws(server: &Server) -> Aws {
    let quick = ops_aws::patient().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    let aws = Aws::builder(Environment::new("sandbox"), "us-east-1").endpoint(&server.aws_url()).retry(quick);
    aws.keys("AKIAIOSFODNN7EXAMPLE", "secret".to_owned().into(), None).build().await.unwrap()
}

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
