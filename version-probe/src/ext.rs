//! What follows from single answers.

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use ops_client::Result;

use crate::{Sample, ServiceAddress, VersionsRead};

/// How many are asked at once.
const AT_ONCE: usize = 5;
/// How many answers a sample has at most.
const MOST: usize = 1000;

/// Conveniences over [`VersionsRead`].
#[async_trait]
pub trait VersionsReadExt: VersionsRead {
    /// So many answers of an address, five at once; 1000 at most.
    ///
    /// # Errors
    /// As [`VersionsRead::ask`].
    async fn sample(&self, address: &ServiceAddress, n: usize) -> Result<Sample> {
        let asked = (0..n.min(MOST)).map(|_| self.ask(address));
        let answers = stream::iter(asked).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(Sample::new(answers))
    }
}

#[async_trait]
impl<T: VersionsRead + ?Sized> VersionsReadExt for T {}
