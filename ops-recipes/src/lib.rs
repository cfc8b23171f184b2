#![doc = include_str!("../README.md")]

#[cfg(feature = "airflow")]
pub mod airflow;
#[cfg(feature = "aurora")]
pub mod aurora;
#[cfg(any(feature = "airflow", feature = "aurora", feature = "datasets"))]
mod clock;
#[cfg(feature = "datasets")]
pub mod datasets;
pub mod first;
#[cfg(feature = "recover")]
pub mod recover;
#[cfg(feature = "redshift")]
pub mod redshift;
#[cfg(feature = "services")]
pub mod services;
#[cfg_attr(not(feature = "datasets"), expect(dead_code, reason = "each group of recipes uses its share of it"))]
mod words;
