//! The recipes beyond one machine: the program that an engine calls, and the one through which people speak with it.

pub mod approval;
pub mod desk;
pub mod host;
mod pages;
pub mod watch;
pub mod way;

pub use pages::Pages;
