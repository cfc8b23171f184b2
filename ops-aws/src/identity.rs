//! Who calls.

use std::fmt;

use aws_sdk_sts::Client;

use crate::{Aws, Effect, Error, ErrorKind, Idempotency, Result};

/// Who the services take the caller for. Nothing of it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CallerIdentity {
    /// The account, of twelve digits.
    pub account: String,
    /// The caller's name there: a user, or a role and its session.
    pub arn: String,
}

impl CallerIdentity {
    /// This caller.
    pub fn new(account: impl Into<String>, arn: impl Into<String>) -> Self {
        Self { account: account.into(), arn: arn.into() }
    }
}

impl fmt::Display for CallerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.arn)
    }
}

impl Aws {
    /// Asks who calls. Every valid credential may ask that.
    ///
    /// # Errors
    /// Every [`ErrorKind`] of a read; `Unauthenticated` where the credential is none.
    pub async fn caller_identity(&self) -> Result<CallerIdentity> {
        const OP: &str = "aws.caller_identity";
        let sts = Client::new(self.sdk());
        let found = self.call(OP, Idempotency::Read).send(|| sts.get_caller_identity().send()).await?;
        match (found.account, found.arn) {
            (Some(account), Some(arn)) => Ok(CallerIdentity { account, arn }),
            _ => Err(Error::new(OP, ErrorKind::Decode, Effect::None).with_message("the answer names no caller")),
        }
    }
}
