//! The ports: what a program may ask of a fleet, and what it may change there.

use async_trait::async_trait;
use ops_client::{Probe, Result};

use crate::{Group, GroupFilter, InstanceId, Refresh, RefreshRequest, Size};

/// Reading a fleet. Nothing here changes anything.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait FleetRead: Send + Sync {
    /// That the service answers.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn probe(&self) -> Result<Probe>;

    /// Groups and their machines, all of them: groups sorted by name, machines by id.
    ///
    /// # Errors
    /// As [`FleetRead::probe`].
    async fn groups(&self, filter: &GroupFilter) -> Result<Vec<Group>>;

    /// One group.
    ///
    /// # Errors
    /// `NotFound` where there is none; otherwise as [`FleetRead::probe`].
    async fn group(&self, name: &str) -> Result<Group>;

    /// The refreshes of a group, the newest first.
    ///
    /// # Errors
    /// As [`FleetRead::group`].
    async fn refreshes(&self, group: &str) -> Result<Vec<Refresh>>;
}

/// Changing a fleet. A program that only previews never holds this. No call is sent twice by the client, unless it certainly
/// had no effect.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait FleetWrite: Send + Sync {
    /// Ends a machine; its group puts another one in its place. Which group that is, the service knows.
    ///
    /// # Errors
    /// `NotFound` where no group has the machine, `Conflict` where the group is scaled at this moment; otherwise every kind.
    /// The effect says what may have happened.
    async fn replace(&self, machine: &InstanceId) -> Result<()>;

    /// How many machines a group may and shall have. All three numbers are set: who means only one of them takes the others
    /// from a fresh look. Safe to repeat.
    ///
    /// # Errors
    /// `NotFound` where there is no such group, `Invalid` where the numbers [do not go together](Size::contradiction),
    /// `Conflict` where it is scaled at this moment; otherwise every kind.
    async fn set_size(&self, group: &str, size: Size) -> Result<()>;

    /// Replaces all machines of a group, some at a time, as the service does it by itself. Its id.
    ///
    /// # Errors
    /// `NotFound` where there is no such group, `Conflict` where one is in progress; otherwise every kind.
    async fn start_refresh(&self, group: &str, request: &RefreshRequest) -> Result<String>;

    /// Ends the refresh that is in progress: what was replaced stays.
    ///
    /// # Errors
    /// `NotFound` where none is, or no such group; otherwise every kind.
    async fn cancel_refresh(&self, group: &str) -> Result<()>;
}
