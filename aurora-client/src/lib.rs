#![doc = include_str!("../README.md")]

mod api;
mod diagnose;
mod id;
mod model;
#[cfg(feature = "template")]
mod template;
pub mod wire;

pub use api::{AuroraAdmin, AuroraRead, AuroraWrite, MesosRead, MesosWrite};
#[cfg(feature = "mock")]
pub use api::{MockAuroraAdmin, MockAuroraRead, MockAuroraWrite, MockMesosRead, MockMesosWrite};
pub use diagnose::{Condition, Diagnosis, diagnose};
pub use id::{ClusterJob, FrameworkId, InstanceSet, Instances, JobKey, ParseError, TaskId};
pub use model::*;
pub use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
#[cfg(feature = "template")]
pub use template::{Binds, JobTemplate, TemplateError};
