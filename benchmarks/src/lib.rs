//! What the benchmarks share: numbers as people read them, and where they were measured.

pub mod machine;
pub mod table;
