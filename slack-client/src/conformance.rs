//! What any implementation of [`MessagesRead`] must do: a fake in memory, a sandbox server, the real one.
//!
//! An implementation is put on a [`Stage`], which says what can be done there. [`run_all`] runs every case that is
//! possible on it, and names those that are not.

mod cases;
mod scenario;

use async_trait::async_trait;
pub use cases::{CASES, RATE};
pub use ops_client::conformance::{Fault, Needs, Prepare, Report, Verdict};
pub use scenario::{ChannelPlay, MessagePlay, Scenario};

use crate::{ChannelId, MessagesRead, Result, Window};

/// Where the cases begin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Start {
    /// The channel to look at: where the stage can prepare, the scenario's first one; elsewhere any one that may be read.
    pub channel: ChannelId,
    /// When to look: all of the scenario.
    pub window: Window,
}

impl Start {
    /// At this channel, in this window.
    pub fn new(channel: ChannelId, window: Window) -> Self {
        Self { channel, window }
    }
}

/// Where an implementation is put to the test.
#[async_trait]
pub trait Stage: Prepare<Scenario = Scenario, Start = Start> {
    /// The port under test. It asks for pages of at most twenty messages, and waits for no page.
    fn slack(&self) -> &dyn MessagesRead;

    /// From now on only one page may be read. Only called where the stage can do [`RATE`].
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn one_page(&self) -> Result<()>;

    /// Makes the system fail from now on. Only called where the stage can `Fault`.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn fault(&self, fault: Fault) -> Result<()>;
}

/// A stage that was prepared.
pub type Scene<'a> = ops_client::conformance::Scene<'a, dyn Stage>;

/// Runs every case, one after the other, each on a freshly prepared stage.
pub async fn run_all(stage: &(dyn Stage + 'static)) -> Report {
    ops_client::conformance::run_all(stage, Scenario::shipped(), CASES).await
}
