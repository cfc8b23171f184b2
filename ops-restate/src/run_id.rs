//! The name of a run.

use ops_plan::{Error, Plan, Result};

/// The longest name.
const LONGEST: usize = 100;

/// A run's name: lower-case letters, digits, `-` and `_`; it is the workflow's key, and a folder of the archive.
///
/// # Errors
/// When it is something else.
pub(crate) fn check(run: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !run.is_empty() && run.len() <= LONGEST && run.chars().all(fits) {
        return Ok(());
    }
    let shown: String = run.chars().take(LONGEST).collect();
    Err(Error::Invalid(format!("«{shown}» is no name of a run: 1 to {LONGEST} of a-z, 0-9, - and _")))
}

/// The name of a run that was given none: the same plan has the same name, so that it runs once however often it is
/// submitted.
pub(crate) fn of(plan: &Plan) -> String {
    format!("{}-{}", plan.head().recipe, plan.digest().short())
}
