#![doc = include_str!("../README.md")]

use std::io::Write as _;
use std::path::PathBuf;

mod engine;
mod http;
mod node;

pub use engine::Engine;

/// The server's binary, from `RESTATE_SERVER`; `None`, said aloud, where it is not set.
///
/// # Panics
/// In CI, where it must be set: a test that is left out there would be missed by nobody.
#[expect(clippy::disallowed_methods, reason = "where the binary lies is known to the script that installed it")]
pub fn binary() -> Option<PathBuf> {
    if let Ok(path) = std::env::var("RESTATE_SERVER")
        && !path.is_empty()
    {
        return Some(path.into());
    }
    assert!(std::env::var_os("CI").is_none(), "in CI the server must be there: RESTATE_SERVER is not set");
    // Straight out: what a passing test prints by a macro is not shown.
    drop(writeln!(std::io::stderr(), "skipped: set RESTATE_SERVER to what peers/restate/install.sh prints"));
    None
}
