//! Slack: channels with messages, read in pages.
//!
//! What is simpler here: nobody answers in threads, nothing is edited or deleted, and the only token that is good is
//! [`TOKEN`]. How often it may be asked goes by the world's clock.

mod about;
mod direct;
mod http;
mod port;
mod spec;
mod state;

pub use about::About;
pub(crate) use http::routes;
pub use port::SlackPort;
pub use spec::{ChannelSpec, MessageSpec};
pub(crate) use state::Slack;

/// The bot's token. Nothing of it is secret: it guards a sandbox.
pub const TOKEN: &str = "xoxb-sandbox";
