//! GoCD: pipelines and their builds, told by both generations of its API.
//!
//! What is simpler here: nothing is built by itself (a build runs until somebody ends it), every build of a pipeline
//! has the stages of the one before, and whoever may call sees every pipeline. *Assumed*: in which words GoCD refuses.

mod about;
mod direct;
mod http;
mod port;
mod scene;
mod spec;
mod state;

pub use about::About;
pub(crate) use http::{Logins, newer, older};
pub use port::GocdPort;
pub use scene::{Builds, builds};
pub use spec::PipelineSpec;
pub(crate) use state::Gocd;
