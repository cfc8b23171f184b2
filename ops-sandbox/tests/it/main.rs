//! The sandbox seen from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod airflow;
mod aurora;
mod binary;
mod conformance;
mod databricks;
mod faults;
mod fleet;
mod gocd;
mod metabase;
mod redshift;
mod scenarios;
mod sdl;
mod server;
mod services;
mod slack;
mod speed;
