//! What the programs about the cluster share: which instances, which template, which group, and how a job is shown.

mod instances;
mod status;
mod templates;

pub use instances::WhichInstances;
pub use status::{job, jobs};
pub use templates::{Binding, Template};

use crate::connect::Reach;
use crate::exit::Failure;

/// The group that is meant: the named one, or else the configured one.
///
/// # Errors
/// Where there is neither.
pub fn group(named: Option<&str>, configured: Option<&str>, setting: &str) -> Result<String, Failure> {
    named.or(configured).map(str::to_owned).ok_or_else(|| {
        Failure::usage(format!("say which group of machines: --group NAME, or fleet.{setting} in the configuration"))
    })
}

/// What may be asked of the embedded sandbox only.
///
/// # Errors
/// Where the environment is another one.
pub fn sandbox_only<'a>(reach: &'a Reach, flag: &str) -> Result<&'a ops_sandbox::World, Failure> {
    let sandbox = reach.sandbox.as_ref();
    sandbox
        .map(|sandbox| sandbox.world())
        .ok_or_else(|| Failure::usage(format!("{flag} is for the embedded sandbox only, and this is {}", reach.target)))
}
