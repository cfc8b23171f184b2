//! What the programs about the cluster share: which instances, which template, which group, and how a job is shown.

mod instances;
mod status;
mod templates;

pub use instances::WhichInstances;
pub use status::{job, jobs};
pub use templates::{Binding, Template};

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
