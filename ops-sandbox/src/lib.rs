#![doc = include_str!("../README.md")]

mod agenda;
pub mod airflow;
pub mod aurora;
mod aws;
pub mod databricks;
mod faults;
pub mod fleet;
pub mod gocd;
mod links;
mod log;
pub mod metabase;
pub mod metapod;
mod operation;
pub mod redshift;
mod refusal;
mod rng;
pub mod scenario;
mod server;
pub mod slack;
pub mod sonar;
pub mod stacks;
pub mod tables;
mod world;

pub use faults::{Fault, Faults, Target};
pub use log::{Count, Line};
pub use operation::{Operation, System};
pub use server::{Server, ServerBuilder};
pub use world::World;
