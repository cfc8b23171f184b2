//! The port: what a program may ask of Slack. Nothing here changes anything, and no message's words are told.

use async_trait::async_trait;
use ops_client::{Probe, Result};

use crate::{ChannelId, Mentions, Window};

/// Reading the messages of a channel, for the transactions that they name.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MessagesRead: Send + Sync {
    /// That it answers, and knows who asks. No scope is needed.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn probe(&self) -> Result<Probe>;

    /// The transactions that the messages of a channel name, the newest message first. At most so many messages are looked at,
    /// those of the window that are nearest to its end. Answers to a message (threads) are not looked at.
    ///
    /// # Errors
    /// `Invalid` for a window that ends before it begins, or a limit of none; `NotFound` where there is no such channel for who
    /// asks; `Forbidden` where they are not in it, or lack the scope; `RateLimited` where not even the first page may be read in
    /// time; otherwise as [`MessagesRead::probe`].
    async fn transactions(&self, channel: &ChannelId, window: Window, limit: u32) -> Result<Mentions>;
}
