//! What users of the crate rely on.

mod loader;
mod postgres;
mod warehouse;
