//! Metabase in memory.

use std::time::Duration;

use async_trait::async_trait;
use metabase_client::{
    Answer, CardId, Database, DatabaseId, Effect, Error, ErrorKind, MetabaseRead, Metadata, Parameter, Probe, Query,
    Result, User,
};

use super::http::Person;
use super::{About, answer};
use crate::refusal::Refusal;
use crate::world::{Done, State};
use crate::{Operation, World};

/// The release that answers.
pub(super) const RELEASE: &str = "v0.49.3";

/// Metabase in memory. Faults hit it as they hit the real client, which does not try again here.
#[derive(Clone, Debug)]
pub struct MetabasePort {
    world: World,
    person: Person,
}

impl MetabasePort {
    pub(crate) fn new(world: World) -> Self {
        Self { world, person: Person::Admin }
    }

    /// As somebody without special rights.
    #[must_use]
    pub fn as_viewer(mut self) -> Self {
        self.person = Person::Viewer;
        self
    }

    async fn ask<T: Send>(
        &self,
        operation: Operation,
        about: About,
        what: impl FnOnce(&State) -> std::result::Result<T, Refusal> + Send,
    ) -> Result<T> {
        self.world.call(operation, about.subject(), told, |state| what(state).map(Done::same)).await
    }
}

/// What the client reports: a query that failed comes with a good status.
fn told(refusal: &Refusal, operation: Operation) -> Error {
    match refusal {
        Refusal::Rejected(words) => Error::new(operation.name(), ErrorKind::Rejected, Effect::None)
            .with_status(202)
            .with_message("the query failed")
            .with_words(words),
        other => other.over_rest(operation),
    }
}

/// What the client does not even send.
fn refuse(operation: Operation, contradiction: Option<&'static str>) -> Result<()> {
    contradiction.map_or(Ok(()), |why| Err(Error::invalid(operation.name(), why).with_attempts(0)))
}

#[async_trait]
impl MetabaseRead for MetabasePort {
    async fn probe(&self) -> Result<Probe> {
        let told = |state: &State| {
            let probe = Probe::new("memory", Duration::ZERO).with_version(RELEASE);
            Ok(probe.with_server_time(state.now().into()))
        };
        self.ask(Operation::MetabaseProbe, About::Everything, told).await
    }

    async fn me(&self) -> Result<User> {
        let user = self.person.user();
        self.ask(Operation::MetabaseMe, About::Everything, |_| Ok(user)).await
    }

    async fn databases(&self) -> Result<Vec<Database>> {
        let all = |state: &State| Ok(state.metabase.databases.clone());
        self.ask(Operation::MetabaseDatabases, About::Everything, all).await
    }

    async fn metadata(&self, database: DatabaseId) -> Result<Metadata> {
        let told = |state: &State| state.metabase.metadata(database);
        self.ask(Operation::MetabaseMetadata, About::Database(database), told).await
    }

    async fn query(&self, query: &Query) -> Result<Answer> {
        let operation = Operation::MetabaseQuery;
        refuse(operation, query.contradiction())?;
        self.ask(operation, About::Table(query.table), |state| answer::query(state, query)).await
    }

    async fn question(&self, card: CardId, parameters: &[Parameter]) -> Result<Answer> {
        let operation = Operation::MetabaseQuestion;
        refuse(operation, parameters.iter().find_map(Parameter::contradiction))?;
        self.ask(operation, About::Question(card), |state| answer::question(state, card, parameters)).await
    }
}
