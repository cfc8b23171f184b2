//! The client: [`SonarRead`] over HTTP.

use std::sync::Arc;

use async_trait::async_trait;
use graphql_client::GraphQLQuery;
use ops_client::http::{Call, ClientBuilder, Endpoint, Idempotency};
use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::wire::{self, Misfit};
use crate::{Dataset, DatasetDetail, DatasetFilter, DatasetName, SonarRead, Transaction, TransactionId, queries};

const PATH: [&str; 3] = ["api", "graphql", "query"];
const MAX_DATASETS_BODY: usize = 256 << 20;

/// Sonar in one environment. Cheap to clone.
///
/// It needs no more than the right to read.
#[derive(Clone, Debug)]
pub struct SonarClient {
    endpoint: Endpoint,
    path: Arc<[String]>,
    template: &'static str,
    max_datasets_body: usize,
}

impl From<Endpoint> for SonarClient {
    /// With the usual path and limits.
    fn from(endpoint: Endpoint) -> Self {
        let path = PATH.map(str::to_owned).into();
        Self { endpoint, path, template: "/api/graphql/query", max_datasets_body: MAX_DATASETS_BODY }
    }
}

impl SonarClient {
    /// Begins a client of the Sonar at `address`, below which `api/graphql/query` lies.
    ///
    /// How much an answer may bring is one of the [`Limits`](ops_client::http::Limits); for datasets see
    /// [`with_max_datasets_body`](Self::with_max_datasets_body).
    pub fn builder(environment: Environment, address: &str) -> ClientBuilder<Self> {
        ClientBuilder::new(environment, address)
    }

    /// Asks at this path below the address, instead of `api/graphql/query`.
    #[must_use]
    pub fn with_graphql_path(mut self, path: &str) -> Self {
        self.path = path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
        self.template = "{graphql-path}";
        self
    }

    /// Reads answers about datasets of at most so many bytes. 256 MiB unless said: the short facts of 100,000 datasets take
    /// some 30 MiB.
    #[must_use]
    pub fn with_max_datasets_body(mut self, bytes: usize) -> Self {
        self.max_datasets_body = bytes;
        self
    }

    /// Where it asks, and as whom.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// A query: a read, although it is a POST.
    fn call<Q: GraphQLQuery>(&self, op: &'static str, variables: Q::Variables) -> Call {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        self.endpoint
            .post(op)
            .segments(&path)
            .template(self.template)
            .idempotency(Idempotency::Read)
            .json(&Q::build_query(variables))
    }
}

/// Sends a query and reads its answer. The body is gone before the answer is mapped: a hundred thousand datasets would
/// otherwise be held three times.
async fn ask<D: DeserializeOwned + Send, T>(call: Call, map: impl FnOnce(D) -> Result<T, Misfit> + Send) -> Result<T> {
    let reply = call.send().await?;
    let data = reply.graphql::<D>()?;
    let missing = reply.error(ErrorKind::NotFound, Effect::None, "");
    let unreadable = reply.error(ErrorKind::Decode, Effect::None, "");
    drop(reply);
    map(data).map_err(|misfit| {
        let error = if misfit.kind == ErrorKind::NotFound { missing } else { unreadable };
        error.with_message(misfit.message)
    })
}

#[async_trait]
impl SonarRead for SonarClient {
    async fn probe(&self) -> Result<Probe> {
        let reply = self.call::<queries::Probe>("sonar.probe", queries::probe::Variables).send().await?;
        let _: IgnoredAny = reply.graphql()?;
        let probe = Probe::new(self.endpoint.address(), reply.elapsed());
        Ok(match reply.server_time() {
            Some(time) => probe.with_server_time(time),
            None => probe,
        })
    }

    async fn transaction(&self, id: TransactionId) -> Result<Transaction> {
        let variables = queries::transaction::Variables { id: id.to_string() };
        let call = self.call::<queries::Transaction>("sonar.transaction", variables);
        ask(call, move |data| wire::transaction(data, id)).await
    }

    async fn transactions(&self) -> Result<Vec<Transaction>> {
        let variables = queries::transactions::Variables;
        ask(self.call::<queries::Transactions>("sonar.transactions", variables), wire::transactions).await
    }

    async fn datasets(&self, transaction: TransactionId, filter: &DatasetFilter) -> Result<Vec<Dataset>> {
        if filter.names.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let variables = wire::datasets_of(transaction, filter);
        let call = self.call::<queries::Datasets>("sonar.datasets", variables).max_body(self.max_datasets_body);
        ask(call, wire::datasets).await
    }

    async fn details(&self, transaction: TransactionId, names: &[DatasetName]) -> Result<Vec<DatasetDetail>> {
        if names.is_empty() {
            return Err(Error::invalid("sonar.details", "no dataset is named, which would mean all"));
        }
        let variables = wire::details_of(transaction, names);
        let call = self.call::<queries::DatasetDetails>("sonar.details", variables).max_body(self.max_datasets_body);
        ask(call, wire::details).await
    }

    async fn committed_count(&self, transaction: TransactionId) -> Result<u64> {
        let variables = queries::committed_count::Variables { id: transaction.to_string() };
        ask(self.call::<queries::CommittedCount>("sonar.committed_count", variables), wire::committed_count).await
    }
}
