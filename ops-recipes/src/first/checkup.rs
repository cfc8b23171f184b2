//! What a client's probe and one read say of a system.

use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};
use ops_client::{ErrorKind, Probe, Result};

use super::{Access, Checkup};

/// Who the credential says we are.
#[derive(Clone, Debug, Default)]
pub(super) struct Holder {
    pub(super) who: Option<String>,
    pub(super) expires: Option<Timestamp>,
}

/// How a system answers, from its probe and one read.
pub(super) fn check_up(probe: Result<Probe>, read: Result<()>, write: Access, holder: &Holder) -> Result<Checkup> {
    let probe = probe?;
    let read = match read {
        Ok(()) => Access::Yes,
        Err(error) if error.is_not_found() => Access::Yes,
        Err(error) if error.kind() == ErrorKind::Unauthenticated => {
            Access::No(format!("{error}; get a new credential"))
        }
        Err(error) if error.kind() == ErrorKind::Forbidden => Access::No(error.to_string()),
        Err(error) => Access::Unknown(error.to_string()),
    };
    let mut checkup = Checkup::new(read, write);
    // The server's time has whole seconds, and was sent a moment ago: far finer than what is looked for.
    checkup.clock_ahead = probe.server_time.map(|server| ahead(SystemTime::now(), server));
    checkup.version = probe.version;
    checkup.who.clone_from(&holder.who);
    checkup.expires = holder.expires;
    Ok(checkup)
}

fn ahead(ours: SystemTime, server: SystemTime) -> SignedDuration {
    match (Timestamp::try_from(ours), Timestamp::try_from(server)) {
        (Ok(ours), Ok(server)) => ours.duration_since(server),
        _ => SignedDuration::MAX,
    }
}
