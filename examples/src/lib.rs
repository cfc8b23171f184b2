//! The shell that all example programs share: flags, configuration, secrets by reference, plans on a screen, questions,
//! progress, notifications, signals and exit codes. Each program is a recipe, a few flags of its own, and this.

#[cfg(feature = "airflow")]
pub mod airflow;
pub mod approve;
pub mod bars;
#[cfg(feature = "aurora")]
pub mod cluster;
pub mod config;
pub mod connect;
pub mod drawing;
#[cfg(feature = "engine")]
pub mod engine;
pub mod exit;
pub mod flags;
pub mod log;
pub mod login;
pub mod main_loop;
pub mod notify;
pub mod place;
pub mod programs;
#[cfg(feature = "recover")]
pub mod recover;
pub mod resume;
pub mod runs;
pub mod screen;
pub mod secrets;
pub mod show;
pub mod signals;
pub mod surroundings;
#[cfg(feature = "services")]
pub mod tables;
pub mod text;
#[cfg(all(feature = "aurora", feature = "redshift", feature = "services"))]
pub mod tour;
#[cfg(feature = "redshift")]
pub mod warehouse;

/// The program in the README is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
