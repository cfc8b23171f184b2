//! What follows from the ports' answers, for every implementation of them.

use async_trait::async_trait;

use crate::StacksRead;

/// Conveniences over [`StacksRead`].
#[async_trait]
pub trait StacksReadExt: StacksRead {}

impl<T: StacksRead + ?Sized> StacksReadExt for T {}
