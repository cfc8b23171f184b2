//! What the benchmarks share: numbers as people read them, what a process took, and where it was measured.

pub mod machine;
pub mod process;
pub mod table;
