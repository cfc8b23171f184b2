//! What users of the crate rely on.

mod postgres;
mod warehouse;
