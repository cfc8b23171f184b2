//! The interface of the Aurora scheduler (0.16 to 0.23), as tables: what is called what, with which number, of which type.

mod admin;
mod envelope;
mod keys;
mod listing;
mod number;
mod one_of;
mod state;
mod task;
mod update;

pub use admin::*;
pub use envelope::*;
pub use keys::*;
pub use listing::*;
pub use number::*;
pub use one_of::*;
pub use state::*;
pub use task::*;
pub use update::*;
