//! The port: one answer.

use async_trait::async_trait;
use ops_client::Result;

use crate::{Answer, ServiceAddress};

/// Asking a service for its version.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait VersionsRead: Send + Sync {
    /// One answer, over one connection that nobody used before. That nobody answers is an answer too.
    ///
    /// # Errors
    /// `Invalid` where the address cannot be asked at all; nothing else.
    async fn ask(&self, address: &ServiceAddress) -> Result<Answer>;
}
