//! What every service of the engine works with: the recipes of each environment, and the archive.

use std::collections::BTreeMap;
use std::sync::Arc;

use ops_plan::{Approved, Error, Head, Host, Job, Plan, Result, Target};

use crate::archive::Archive;
use crate::gate::Gate;
use crate::wire::PartOrder;

pub(crate) struct Shared {
    pub(crate) archive: Archive,
    /// Where this program may act, and with whose credentials.
    pub(crate) environments: BTreeMap<String, (Target, Arc<dyn Host>)>,
    pub(crate) gate: Gate,
}

impl Shared {
    /// The recipes of an environment, as this program is configured: what a plan says of its target is not believed.
    pub(crate) fn environment(&self, name: &str) -> Result<&(Target, Arc<dyn Host>)> {
        self.environments.get(name).ok_or_else(|| {
            let known: Vec<_> = self.environments.keys().map(String::as_str).collect();
            Error::Invalid(format!("no environment «{name}» here; there is {}", known.join(", ")))
        })
    }

    /// The recipes that a plan is for.
    pub(crate) fn host_of(&self, head: &Head) -> Result<&dyn Host> {
        let (target, host) = self.environment(&head.target.environment)?;
        if *target == head.target {
            return Ok(&**host);
        }
        Err(Error::Invalid(format!("the plan is for {:?}, this program acts on {target:?}: plan again", head.target)))
    }

    /// The head of a run's plan.
    pub(crate) async fn head(&self, run: &str) -> Result<Head> {
        self.archive.head(run).await?.ok_or_else(|| Error::Invalid(format!("no plan was handed in for run {run}")))
    }

    /// A run's whole plan.
    pub(crate) async fn plan(&self, run: &str) -> Result<Plan> {
        let head = self.head(run).await?;
        self.archive.plan(run, self.host_of(&head)?).await
    }

    /// A run's whole plan, approved.
    pub(crate) fn open(&self, approved: &Approved) -> Result<Arc<dyn Job>> {
        self.host_of(approved.plan().head())?.open(approved)
    }

    /// A part of a run's plan: its block is read and its digest checked, and the person's word holds for it.
    pub(crate) async fn open_part(&self, order: &PartOrder) -> Result<Arc<dyn Job>> {
        let head = self.head(&order.run).await?;
        let host = self.host_of(&head)?;
        let block = self.archive.block(&order.run, order.part.block()).await?;
        let plan = host.load_part(head, order.part, &block)?;
        let approved = plan.approve(order.approval.clone()).map_err(|(_, error)| error)?;
        host.open(&approved)
    }
}
