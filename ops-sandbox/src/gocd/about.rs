//! What a call is about, as the log has it.

use gocd_client::PipelineName;
use uuid::Uuid;

/// What a call to GoCD is about. Each thing has its own UUID in the log, made from its name (version 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Nothing in particular.
    Everything,
    /// A pipeline.
    Pipeline(PipelineName),
}

impl About {
    /// What stands for it in the log.
    pub fn subject(&self) -> Uuid {
        match self {
            Self::Everything => Uuid::nil(),
            Self::Pipeline(name) => {
                let name = format!("gocd/pipelines/{}", name.as_str().to_ascii_lowercase());
                Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
            }
        }
    }
}
