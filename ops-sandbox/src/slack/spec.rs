//! How a channel and its messages are put there.

use jiff::Timestamp;
use serde_json::Value;
use slack_client::ChannelId;

/// A channel, and what was written there.
#[derive(Clone, Debug)]
#[must_use = "it is not there before it is put there"]
pub struct ChannelSpec {
    pub(super) id: ChannelId,
    pub(super) member: bool,
    pub(super) private: bool,
    pub(super) messages: Vec<MessageSpec>,
}

impl ChannelSpec {
    /// A channel without messages that the bot is in.
    pub fn new(id: ChannelId) -> Self {
        Self { id, member: true, private: false, messages: Vec::new() }
    }

    /// With these messages, in any order.
    pub fn messages(mut self, messages: impl IntoIterator<Item = MessageSpec>) -> Self {
        self.messages.extend(messages);
        self
    }

    /// The bot is not in it.
    pub fn without_bot(mut self) -> Self {
        self.member = false;
        self
    }

    /// It is private: to who is not in it, it is not there.
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }
}

/// A message.
#[derive(Clone, Debug)]
#[must_use = "it is not there before it is put there"]
pub struct MessageSpec {
    pub(super) at: Timestamp,
    pub(super) bot: bool,
    pub(super) text: String,
    pub(super) attachments: Value,
    pub(super) blocks: Value,
}

impl MessageSpec {
    /// What a person wrote at this time.
    pub fn new(at: Timestamp, text: impl Into<String>) -> Self {
        Self { at, bot: false, text: text.into(), attachments: Value::Null, blocks: Value::Null }
    }

    /// Written by a program.
    pub fn by_bot(mut self) -> Self {
        self.bot = true;
        self
    }

    /// With attachments, as Slack has them.
    pub fn attachments(mut self, attachments: Value) -> Self {
        self.attachments = attachments;
        self
    }

    /// With blocks, as Slack has them.
    pub fn blocks(mut self, blocks: Value) -> Self {
        self.blocks = blocks;
        self
    }
}
