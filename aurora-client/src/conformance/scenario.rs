//! What the cases play with: the jobs' names, what they need, and what no host has.

use jiff::Timestamp;
use ops_client::{Effect, Error, ErrorKind, Result};

use crate::{JobKey, NewJob, Process, Resources};

/// Jobs of one role, small ones and one that fits nowhere. The cases create them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Scenario {
    /// What time it is when the play begins.
    pub now: Timestamp,
    /// The job that the cases create and change.
    pub job: JobKey,
    /// A job beside it, that nobody is to touch.
    pub other: JobKey,
    /// What an instance needs: there must be room for ten on any host.
    pub small: Resources,
    /// What no host has.
    pub huge: Resources,
    /// A quota that no role has.
    pub quota: Resources,
    /// A host that there is not.
    pub nowhere: String,
}

impl Scenario {
    /// The shipped scenario.
    ///
    /// # Errors
    /// `Decode`, where it is broken.
    pub fn shipped() -> Result<Self> {
        let broken = |why: String| Error::new("aurora.conformance", ErrorKind::Decode, Effect::None).with_message(why);
        let key = |name| JobKey::new("conformance", "test", name).map_err(|error| broken(error.to_string()));
        Ok(Self {
            now: Timestamp::from_second(1_795_575_600).map_err(|error| broken(error.to_string()))?,
            job: key("job")?,
            other: key("other")?,
            small: Resources::new(0.5, 64, 64),
            huge: Resources::new(4096.0, 64, 64),
            quota: Resources::new(12.5, 4096, 8192),
            nowhere: "nowhere.example.com".to_owned(),
        })
    }

    /// A job of this key, with so many small instances.
    pub fn small(&self, key: &JobKey, instances: u32) -> NewJob {
        let mut job = NewJob::new(key.clone(), self.small, vec![Process::new("run", "./run")]);
        job.instances = instances;
        job
    }
}
