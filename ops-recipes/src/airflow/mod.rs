//! The DAG run: what the runbook does with Airflow.

mod picture;

pub use picture::{By, RunPicture};
