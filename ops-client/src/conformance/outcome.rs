//! What cases say.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use crate::Error;

/// Why a case failed.
pub type Failure = String;

/// What a case, or a step of one, returns.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Fails unless it holds.
///
/// # Errors
/// What does not hold.
pub fn check(holds: bool, what: &str) -> Outcome {
    if holds { Ok(()) } else { Err(format!("it does not hold that {what}")) }
}

/// Fails unless both are the same.
///
/// # Errors
/// Both, in their `Debug` form.
pub fn same<T: PartialEq + Debug + ?Sized>(what: &str, wanted: &T, found: &T) -> Outcome {
    if wanted == found { Ok(()) } else { Err(format!("{what}: wanted {wanted:?}, found {found:?}")) }
}

/// The error of a call that must fail.
///
/// # Errors
/// Where it did not.
pub fn refused<T>(result: crate::Result<T>) -> Outcome<Error> {
    result.err().ok_or_else(|| "it should have failed".to_owned())
}

/// What to say of a call that must not fail, for `map_err`.
pub fn told(error: Error) -> Failure {
    format!("failed: {error}")
}

/// An id, a name, a path that the case brings along.
///
/// # Errors
/// Where the text is none.
pub fn parsed<T: FromStr<Err: Display>>(text: &str) -> Outcome<T> {
    text.parse().map_err(|error| format!("{text}: {error}"))
}
