//! What the benchmarks share: numbers as people read them, what a process took, where it was measured, and what is retracted.

pub mod disk;
pub mod machine;
pub mod own;
pub mod process;
pub mod retraction;
pub mod sandbox;
pub mod table;

/// Whatever went wrong: it is only told.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
/// What may go wrong.
pub type Result<T> = std::result::Result<T, Error>;
