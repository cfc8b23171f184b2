//! Tables in memory: both of their ports.

use std::time::Duration;

use async_trait::async_trait;
use dynamodb_ops::{
    AccountLimits, CapacityChange, Error, ErrorKind, Place, Probe, Result, ScalingChange, ScalingTarget, Table,
    TableName, TablesRead, TablesWrite, Usage, Window,
};
use jiff::SignedDuration;

use super::About;
use crate::refusal::Refusal;
use crate::world::{Done, State};
use crate::{Operation, World};

/// Tables in memory: both of their ports.
#[derive(Clone, Debug)]
pub struct TablesPort {
    world: World,
    may_change: bool,
}

impl TablesPort {
    pub(crate) fn new(world: World) -> Self {
        Self { world, may_change: true }
    }

    /// As one who may look at everything and change nothing.
    #[must_use]
    pub fn as_viewer(mut self) -> Self {
        self.may_change = false;
        self
    }

    async fn read<T: Send>(
        &self,
        operation: Operation,
        about: About<'_>,
        what: impl FnOnce(&mut State) -> std::result::Result<T, Refusal> + Send,
    ) -> Result<T> {
        self.world.call(operation, about.subject(), Refusal::told, |state| what(state).map(Done::same)).await
    }

    async fn change(
        &self,
        operation: Operation,
        table: &TableName,
        what: impl FnOnce(&mut State) -> std::result::Result<(), Refusal> + Send,
    ) -> Result<()> {
        let subject = About::Table(table).subject();
        if !self.may_change {
            self.world.turn_away(operation, subject);
            let words = "AccessDeniedException: User is not authorized to perform this operation";
            return Err(Refusal::Forbidden(words.to_owned()).told(operation));
        }
        self.world.call(operation, subject, told, |state| what(state).map(Done::changed)).await
    }
}

/// Who may not change something is told what is there.
fn told(refusal: &Refusal, operation: Operation) -> Error {
    refusal.told(operation).with_message(refusal.words().to_owned())
}

#[async_trait]
impl TablesRead for TablesPort {
    async fn probe(&self) -> Result<Probe> {
        let told = |state: &mut State| {
            let probe = Probe::new("memory", Duration::ZERO).with_version("2012-08-10");
            Ok(probe.with_server_time(state.now().into()))
        };
        self.read(Operation::TablesProbe, About::Everything, told).await
    }

    async fn table(&self, name: &TableName) -> Result<Table> {
        self.read(Operation::Table, About::Table(name), |state| {
            let now = state.now();
            state.tables.held(name, now).map(|held| held.table.clone())
        })
        .await
    }

    async fn tables(&self, prefix: &str) -> Result<Vec<TableName>> {
        self.read(Operation::TableNames, About::Everything, |state| {
            Ok(state.tables.all.keys().filter(|name| name.as_str().starts_with(prefix)).cloned().collect())
        })
        .await
    }

    async fn limits(&self) -> Result<AccountLimits> {
        self.read(Operation::TableLimits, About::Everything, |state| Ok(state.tables.limits)).await
    }

    async fn usage(&self, table: &TableName, place: &Place, window: &Window) -> Result<Usage> {
        let length = window.to.duration_since(window.from);
        if length <= SignedDuration::ZERO || length > SignedDuration::from_mins(24 * 60 + 1) {
            return Err(Error::invalid(
                Operation::TableUsage.name(),
                "a time of a day at most, that ends after it begins",
            )
            .with_attempts(0));
        }
        self.read(Operation::TableUsage, About::Table(table), |state| {
            let now = state.now();
            Ok(state.tables.usage(table, place, window, now))
        })
        .await
    }

    async fn scaling(&self, table: &TableName) -> Result<Vec<ScalingTarget>> {
        self.read(Operation::TableScaling, About::Table(table), |state| {
            Ok(state.tables.all.get(table).map(|held| held.scaling.clone()).unwrap_or_default())
        })
        .await
    }
}

#[async_trait]
impl TablesWrite for TablesPort {
    async fn set_capacity(&self, table: &TableName, change: &CapacityChange) -> Result<()> {
        let mut rest = None;
        let set = self.change(Operation::SetCapacity, table, |state| {
            let now = state.now();
            let set = state.tables.set_capacity(table, change, now);
            if matches!(set, Err(Refusal::Throttled(_))) {
                rest = state.tables.rest(table, &change.place, now);
            }
            set
        });
        let set = set.await;
        set.map_err(|error| match rest {
            Some(rest) if error.kind() == ErrorKind::RateLimited => {
                error.with_retry_after(rest).with_remedy("lower it then; it may be raised at any time")
            }
            _ => error,
        })
    }

    async fn set_scaling(&self, table: &TableName, change: &ScalingChange) -> Result<()> {
        self.change(Operation::SetScaling, table, |state| {
            let now = state.now();
            state.tables.set_scaling(table, change, now)
        })
        .await
    }
}
