//! The recipes in a small world: every guard, every way back, bad input, and what it costs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[cfg(feature = "airflow")]
mod airflow;
#[cfg(all(feature = "airflow", feature = "aurora"))]
mod aurora;
mod commit_empty;
#[cfg(any(feature = "airflow", feature = "redshift", feature = "services"))]
mod death;
#[cfg(any(feature = "airflow", feature = "redshift", feature = "services"))]
mod desk;
#[cfg(all(feature = "airflow", feature = "services"))]
mod engines;
mod find_transaction;
mod first;
#[cfg(feature = "databricks")]
mod load_dataset;
#[cfg(feature = "recover")]
mod recover;
#[cfg(feature = "redshift")]
mod redshift;
mod retract;
mod retract_attribute;
mod retract_undo;
mod scale;
#[cfg(feature = "services")]
mod services;
mod stage;
mod triage;
#[cfg(feature = "redshift")]
mod warehouse;
mod whole;
