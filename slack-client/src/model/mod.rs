//! What the port speaks of.

mod channel;
mod mention;
mod window;

pub use channel::{ChannelId, ParseError};
pub use mention::{Author, Mention, Mentions};
pub use window::Window;
