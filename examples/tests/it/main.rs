//! Every program, end to end, as a person or a script would start it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod apply;
mod approval;
#[cfg(feature = "aurora")]
mod cluster;
#[cfg(feature = "airflow")]
mod dag_run;
mod demo;
#[cfg(feature = "engine")]
mod engine;
mod find;
mod first;
mod input;
mod output;
#[cfg(all(feature = "airflow", feature = "aurora", feature = "redshift", feature = "services"))]
mod readme;
#[cfg(feature = "recover")]
mod recover;
mod runs;
mod secrets;
#[cfg(feature = "services")]
mod services;
mod stage;
mod terminal;
#[cfg(all(feature = "aurora", feature = "redshift", feature = "services"))]
mod tour;
#[cfg(feature = "redshift")]
mod warehouse;
