//! The engine, for those who submit runs, approve, watch and cancel them.

use std::time::Duration;

use ops_client::http::{Call, ClientBuilder, Endpoint, Idempotency};
use ops_client::{Environment, Error, Result};
use ops_plan::{Approval, Card, Digest, Head, Plan, Report};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::archive::{Debt, pieces};
use crate::run_id;
use crate::services::desk::Page;
use crate::status::Status;
use crate::wire::{Delivery, HeadDelivery, Holder, Question, RunOrder};

/// How long planning may take: a recipe may read a whole transaction.
const PLANNING: Duration = Duration::from_secs(10 * 60);
/// What the engine may answer at most: a block of cards.
const LARGEST: usize = 32 * 1024 * 1024;

/// A Restate engine, by the address of its ingress. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine {
    endpoint: Endpoint,
}

impl From<Endpoint> for Engine {
    fn from(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }
}

/// A plan that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Submitted {
    /// The run's name.
    pub run: String,
    /// The digest of its plan: what an approval is for.
    pub digest: Digest,
    /// Whether the run was there already: it is the same run.
    pub before: bool,
}

impl Engine {
    /// Begins a client of the engine whose ingress is at `address`.
    pub fn builder(environment: Environment, address: &str) -> ClientBuilder<Self> {
        ClientBuilder::new(environment, address)
    }

    /// Where it is, and as whom it is called.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Hands in a plan, block by block, and begins a run that waits for its approval. Without a name the run has the
    /// recipe's and the plan's digest, so that a plan which is submitted twice runs once.
    ///
    /// # Errors
    /// When the name is none, the run has another plan, the handlers do not act on the plan's target, or the engine does
    /// not answer.
    pub async fn submit(&self, plan: &Plan, run: Option<&str>, operator: &str) -> Result<Submitted> {
        const OP: &str = "engine.submit";
        let run = run.map_or_else(|| run_id::of(plan), str::to_owned);
        run_id::check(&run).map_err(|e| invalid(OP, &e))?;
        let head = serde_json::value::to_raw_value(plan.head()).map_err(|e| Error::invalid(OP, e.to_string()))?;
        let head = HeadDelivery { run: run.clone(), head };
        tell(self.call(OP, &["OpsDesk", "admit"], Idempotency::Read).json(&head)).await?;
        for (piece, lines) in pieces(plan).map_err(|e| invalid(OP, &e))? {
            let delivery = Delivery { run: run.clone(), piece, lines };
            tell(self.call(OP, &["OpsDesk", "piece"], Idempotency::Write).json(&delivery)).await?;
        }
        tell(self.call(OP, &["OpsDesk", "head"], Idempotency::Write).json(&head)).await?;
        self.begin(&run, plan.digest(), operator).await
    }

    /// Has the handlers plan, with their own credentials, and begins a run that waits for its approval.
    ///
    /// # Errors
    /// `Conflict` where the name is another question's; when the recipe or the environment is not known there, a system does
    /// not answer, or the engine does not.
    pub async fn plan(
        &self,
        environment: &str,
        recipe: &str,
        question: Box<RawValue>,
        run: &str,
        operator: &str,
    ) -> Result<Submitted> {
        let (environment, recipe) = (environment.to_owned(), recipe.to_owned());
        let question = Question { run: run.to_owned(), environment, recipe, question };
        let call = self.call("engine.plan", &["OpsDesk", "plan"], Idempotency::Write).json(&question);
        tell(call.timeout(PLANNING)).await?;
        self.begin_kept(run, operator).await
    }

    /// Has the handlers plan to take back what a run changed, and begins that as a run `undo`, which waits for its approval.
    ///
    /// # Errors
    /// `Conflict` where the name is another run's; when the run is not over, or changed nothing, or the engine does not answer.
    pub async fn undo(&self, run: &str, undo: &str, operator: &str) -> Result<Submitted> {
        let call = self.call("engine.undo", &["OpsDesk", "undo"], Idempotency::Write).json(&(run, undo));
        tell(call.timeout(PLANNING)).await?;
        self.begin_kept(undo, operator).await
    }

    async fn begin_kept(&self, run: &str, operator: &str) -> Result<Submitted> {
        let (head, _) = self.page(run, 0).await?;
        let digest = head.digest().map_err(|e| invalid("engine.submit", &e))?;
        self.begin(run, digest, operator).await
    }

    async fn begin(&self, run: &str, digest: Digest, operator: &str) -> Result<Submitted> {
        #[derive(Deserialize)]
        struct Sent {
            status: String,
        }
        let order = RunOrder { digest, operator: operator.to_owned() };
        // The run's name is the workflow's key: the engine itself makes two of them one.
        let call = self.call("engine.submit", &["OpsRun", run, "run", "send"], Idempotency::Write).json(&order);
        let sent: Sent = ask(call).await?;
        Ok(Submitted { run: run.to_owned(), digest, before: sent.status == "PreviouslyAccepted" })
    }

    /// A run's plan: what it is about, and the cards of a block of its actions, from 0.
    ///
    /// # Errors
    /// When there is no such run, or the engine does not answer.
    pub async fn page(&self, run: &str, block: usize) -> Result<(Head, Vec<Card>)> {
        let call = self.call("engine.page", &["OpsDesk", "page"], Idempotency::Read).json(&(run, block));
        let page: Page = ask(call).await?;
        Ok((page.head, page.cards))
    }

    /// Gives a person's word for a run's plan. It is checked against the whole plan before the run hears it.
    ///
    /// # Errors
    /// `Invalid` with all that is missing, `Conflict` where the run was approved already.
    pub async fn approve(&self, run: &str, approval: &Approval) -> Result<()> {
        let call = self.call("engine.approve", &["OpsRun", run, "approve"], Idempotency::Once).json(approval);
        tell(call.timeout(PLANNING)).await
    }

    /// How a run stands; nothing where there is no such run. Where the engine has forgotten a run that is over, its report
    /// tells.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn status(&self, run: &str) -> Result<Option<Status>> {
        let call = self.call("engine.status", &["OpsRun", run, "status"], Idempotency::Read);
        ask(call.empty()).await
    }

    /// What came of a run; nothing while it runs. It is kept for ever.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn report(&self, run: &str) -> Result<Option<Report>> {
        ask(self.call("engine.report", &["OpsDesk", "report"], Idempotency::Read).json(run)).await
    }

    /// Asks a run to stop: what is in flight ends first, nothing new begins. False where the run is over.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn cancel(&self, run: &str) -> Result<bool> {
        ask(self.call("engine.cancel", &["OpsRun", run, "cancel"], Idempotency::Write).empty()).await
    }

    /// What runs left behind and no later run settled.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn due(&self) -> Result<Vec<Debt>> {
        ask(self.call("engine.due", &["OpsDesk", "due"], Idempotency::Read).empty()).await
    }

    /// The names of all runs that were ever handed in.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn runs(&self) -> Result<Vec<String>> {
        ask(self.call("engine.runs", &["OpsDesk", "runs"], Idempotency::Read).empty()).await
    }

    /// Which run holds a subject, and whose it is.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn holder(&self, environment: &str, kind: &str, id: &str) -> Result<Option<(String, String)>> {
        let key = format!("{environment}/{kind}/{id}");
        let call = self.call("engine.holder", &["OpsSubject", &key, "holder"], Idempotency::Read);
        let holder: Option<Holder> = ask(call.empty()).await?;
        Ok(holder.map(|holder| (holder.run, holder.operator)))
    }

    /// Takes a subject from a run that is surely gone: one that was killed with the engine's own tools, which end a run
    /// without its farewell. False where that run does not hold it.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn free(&self, environment: &str, kind: &str, id: &str, run: &str) -> Result<bool> {
        let key = format!("{environment}/{kind}/{id}");
        ask(self.call("engine.free", &["OpsSubject", &key, "free"], Idempotency::Write).json(run)).await
    }

    fn call(&self, op: &'static str, path: &[&str], idempotency: Idempotency) -> Call {
        self.endpoint.post(op).segments(path).idempotency(idempotency).max_body(LARGEST)
    }
}

/// A call whose answer is read.
async fn ask<T: DeserializeOwned>(call: Call) -> Result<T> {
    call.send().await.map_err(explain)?.json()
}

/// A call that answers nothing.
async fn tell(call: Call) -> Result<()> {
    call.send().await.map_err(explain)?.refuse_page()
}

/// The engine's errors are JSON with a message for people.
fn explain(error: Error) -> Error {
    #[derive(Deserialize)]
    struct Words {
        message: String,
    }
    let words = error.words().and_then(|words| serde_json::from_str::<Words>(words).ok());
    match words {
        Some(words) => error.with_message(words.message),
        None => error,
    }
}

fn invalid(op: &'static str, error: &ops_plan::Error) -> Error {
    Error::invalid(op, error.to_string()).with_attempts(0)
}
