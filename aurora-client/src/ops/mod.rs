//! What follows from the ports, for every implementation of them: waiting, settling, restarting with care.

mod change;
mod pace;
mod read;
mod restart;

pub use change::{AuroraWriteExt, Created, KilledTasks};
pub use pace::Patience;
pub use read::AuroraReadExt;
pub use restart::{RestartStep, RestartTrouble, Restarted, RollingRestart};

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
