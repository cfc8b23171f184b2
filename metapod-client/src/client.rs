//! The client: both ports over HTTP.

use async_trait::async_trait;
use ops_client::http::{ClientBuilder, Endpoint, Idempotency, Reply};
use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::{self, Question};
use crate::{
    AttributeId, CommitDataset, CreateTransaction, CreatedTransaction, DatasetId, DatasetName, Health,
    IndexedAttributeId, MetapodRead, MetapodWrite, Transaction, TransactionId,
};

/// Metapod in one environment. Cheap to clone.
///
/// Reading needs the scope `metapod-user`, changing needs `metapod-admin` (attested).
#[derive(Clone, Debug)]
pub struct MetapodClient {
    endpoint: Endpoint,
}

impl From<Endpoint> for MetapodClient {
    fn from(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }
}

impl MetapodClient {
    /// Begins a client of the Metapod at `address`: the root of the service, below which `api` and `ops` lie.
    ///
    /// Commits, copies and creations are sent again only where they certainly had no effect, whatever the retries.
    pub fn builder(environment: Environment, address: &str) -> ClientBuilder<Self> {
        ClientBuilder::new(environment, address)
    }

    /// Where it asks, and as whom.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// A retract, which answers with nothing that is known: any good status will do.
    async fn retract(&self, op: &'static str, template: &'static str, what: &str, id: &str) -> Result<()> {
        let call = self.endpoint.post(op).segments(&["api", "migrations", "retract", what, id]).template(template);
        call.idempotency(Idempotency::Write).empty().send().await?.refuse_page()
    }

    async fn graphql<D: DeserializeOwned + Send>(
        &self,
        op: &'static str,
        idempotency: Idempotency,
        question: Question<impl Serialize + Send>,
    ) -> Result<(D, Reply)> {
        let call = self.endpoint.post(op).segments(&["api", "graphql", "query"]).template("/api/graphql/query");
        let reply = call.idempotency(idempotency).json(&question).send().await?;
        Ok((reply.graphql()?, reply))
    }
}

/// Data that says nothing of the change: whether it was made is not known.
fn empty(reply: &Reply) -> Error {
    reply.error(ErrorKind::Decode, Effect::Possible, "").with_message("the answer does not tell of the change")
}

#[async_trait]
impl MetapodRead for MetapodClient {
    async fn probe(&self) -> Result<Probe> {
        let call = self.endpoint.get("metapod.probe").segments(&["api", "version"]).template("/api/version");
        let reply = call.send().await?;
        let mut probe = Probe::new(self.endpoint.address(), reply.elapsed());
        probe.version = reply.json::<wire::VersionAnswer>()?.known();
        probe.server_time = reply.server_time();
        Ok(probe)
    }

    async fn health(&self) -> Result<Health> {
        let call = self.endpoint.get("metapod.health").segments(&["ops", "health"]).template("/ops/health");
        call.send().await?.json::<wire::HealthAnswer>().map(Health::from)
    }

    async fn transaction(&self, id: TransactionId) -> Result<Transaction> {
        let question = Question { query: wire::TRANSACTION, variables: wire::ById { id } };
        let (data, reply) =
            self.graphql::<wire::TransactionData>("metapod.transaction", Idempotency::Read, question).await?;
        match data.transaction {
            Some(found) if found.id == id => Ok(found.into()),
            Some(other) => Err(reply
                .error(ErrorKind::Decode, Effect::None, "")
                .with_message(format!("the answer is about another transaction, {}", other.id))),
            None => Err(reply
                .error(ErrorKind::NotFound, Effect::None, "")
                .with_message(format!("there is no transaction {id} in {}", self.endpoint.environment()))),
        }
    }
}

#[async_trait]
impl MetapodWrite for MetapodClient {
    async fn retract_committed_dataset(&self, id: DatasetId) -> Result<()> {
        let template = "/api/migrations/retract/committed-dataset/{dataset-id}";
        self.retract("metapod.retract_committed_dataset", template, "committed-dataset", &id.to_string()).await
    }

    async fn retract_attribute(&self, id: AttributeId) -> Result<()> {
        let template = "/api/migrations/retract/attribute/{attribute-id}";
        self.retract("metapod.retract_attribute", template, "attribute", &id.to_string()).await
    }

    async fn retract_indexed_attribute(&self, id: IndexedAttributeId) -> Result<()> {
        let template = "/api/migrations/retract/indexed-attribute/{indexed-attribute-id}";
        self.retract("metapod.retract_indexed_attribute", template, "indexed-attribute", &id.to_string()).await
    }

    async fn commit_dataset(&self, commit: &CommitDataset) -> Result<()> {
        let variables = wire::WithInput { input: wire::CommitInput::from(commit) };
        let question = Question { query: wire::COMMIT_DATASET, variables };
        let (data, reply) =
            self.graphql::<wire::CommitData>("metapod.commit_dataset", Idempotency::Once, question).await?;
        data.commit_dataset.map(drop).ok_or_else(|| empty(&reply))
    }

    async fn copy_transaction(&self, source: TransactionId, uncommitted: &[DatasetName]) -> Result<TransactionId> {
        let call = self
            .endpoint
            .post("metapod.copy_transaction")
            .segments(&["api", "migrations", "copy-transaction", &source.to_string()])
            .template("/api/migrations/copy-transaction/{transaction-id}")
            .idempotency(Idempotency::Once)
            .json(&wire::CopyBody { uncommitted_datasets: uncommitted });
        let reply = call.send().await?;
        reply.refuse_page()?;
        wire::copied_id(reply.bytes()).filter(|copy| *copy != source).ok_or_else(|| {
            reply
                .error(ErrorKind::Decode, Effect::Certain, &reply.text())
                .with_message("the answer does not name the new transaction")
                .with_remedy("look for a new transaction of type COPIED before copying again")
        })
    }

    async fn create_transaction(&self, create: &CreateTransaction) -> Result<CreatedTransaction> {
        if create.datasets.is_empty() {
            let nothing = "a transaction of no datasets: they cannot be added later";
            return Err(Error::invalid("metapod.create_transaction", nothing).with_attempts(0));
        }
        let variables = wire::WithInput { input: wire::CreateInput::from(create) };
        let question = Question { query: wire::CREATE_TRANSACTION, variables };
        let (data, reply) =
            self.graphql::<wire::CreateData>("metapod.create_transaction", Idempotency::Once, question).await?;
        data.create_transaction.map(CreatedTransaction::from).ok_or_else(|| empty(&reply))
    }
}
