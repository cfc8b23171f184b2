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

/// How a benchmark ends: what went wrong is told with its causes.
pub fn ended(done: Result<()>) -> std::process::ExitCode {
    let Err(error) = done else { return std::process::ExitCode::SUCCESS };
    let mut why: Option<&dyn std::error::Error> = Some(&*error);
    while let Some(error) = why {
        eprintln!("{error}");
        why = error.source();
    }
    std::process::ExitCode::FAILURE
}
