//! Proves the engine against a small world that counts what was done to it.

mod approval;
mod history;
mod replay;
mod walk;
mod world;
