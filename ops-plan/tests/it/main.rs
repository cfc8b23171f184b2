//! Proves the engine against a small world that counts what was done to it.

mod approval;
#[cfg(feature = "local")]
mod crash;
#[cfg(feature = "local")]
mod due;
#[cfg(feature = "local")]
mod full_disk;
mod history;
#[cfg(feature = "local")]
mod journal;
#[cfg(feature = "local")]
mod lab;
#[cfg(feature = "local")]
mod locks;
mod replay;
#[cfg(feature = "local")]
mod reports;
#[cfg(feature = "local")]
mod size;
#[cfg(feature = "local")]
mod undo;
mod walk;
mod world;
