//! The recipe of the guide: pause consumers of a queue, wait until they have nothing in hand, and know how to go back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ops_client::Result;
use ops_plan::{Action, Danger, Draft, Finding, Obligation, Observed, Recipe, Registry, Repeat, Subject};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::broker::{BrokerRead, BrokerWrite, Consumer, Queue};

/// The question: which consumers of which queue, and until when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PauseConsumers {
    /// The queue.
    pub queue: String,
    /// Its consumers, by name; none named means all.
    pub consumers: Vec<String>,
    /// When they are to work again.
    pub until: Timestamp,
}

/// One change, or one wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// A consumer may hold so many messages; with 0 it is paused.
    Limit {
        /// Its queue.
        queue: String,
        /// Its name.
        consumer: String,
        /// What it was when the plan was made.
        from: u32,
        /// What it shall be.
        to: u32,
    },
    /// What a paused consumer holds is worked off.
    Drain {
        /// Its queue.
        queue: String,
        /// Its name.
        consumer: String,
    },
}

impl Step {
    fn consumer(&self) -> &str {
        match self {
            Self::Limit { consumer, .. } | Self::Drain { consumer, .. } => consumer,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit { consumer, from, to, .. } => write!(f, "{consumer}: {from} → {to} messages at once"),
            Self::Drain { consumer, .. } => write!(f, "{consumer}: wait until nothing is in hand"),
        }
    }
}

impl Action for Step {
    fn key(&self) -> String {
        match self {
            Self::Limit { queue, consumer, .. } => format!("limit/{queue}/{consumer}"),
            Self::Drain { queue, consumer } => format!("drain/{queue}/{consumer}"),
        }
    }

    fn danger(&self) -> Danger {
        match self {
            // Whoever waits for these messages notices.
            Self::Limit { to: 0, .. } => Danger::Disruptive,
            Self::Limit { .. } => Danger::Reversible,
            Self::Drain { .. } => Danger::Nothing,
        }
    }

    fn repeat(&self) -> Repeat {
        Repeat::Safe
    }

    fn settle(&self) -> Duration {
        match self {
            Self::Limit { .. } => Duration::from_secs(5),
            // The longest that a message may take.
            Self::Drain { .. } => Duration::from_secs(60),
        }
    }

    fn by_hand(&self) -> String {
        match self {
            Self::Limit { queue, consumer, from, to } => {
                format!("brokerctl limit {queue} {consumer} {to}   # it was {from}")
            }
            Self::Drain { queue, consumer } => format!("brokerctl show {queue} {consumer}   # until in_hand is 0"),
        }
    }
}

/// What the queue says about a step.
fn observed(queue: &Queue, step: &Step) -> Observed {
    let Some(consumer) = queue.consumers.get(step.consumer()) else {
        return Observed::Drifted(format!("there is no {} any more", step.consumer()));
    };
    match step {
        Step::Limit { to, .. } if consumer.limit == *to => Observed::Done,
        Step::Limit { from, .. } if consumer.limit == *from => Observed::Pending,
        Step::Limit { from, .. } => {
            Observed::Drifted(format!("{} has limit {}, the plan saw {from}", step.consumer(), consumer.limit))
        }
        Step::Drain { .. } if consumer.in_hand == 0 => Observed::Done,
        Step::Drain { .. } => Observed::Going(format!("{} in hand", consumer.in_hand)),
    }
}

/// The name of what is owed for a paused consumer.
fn debt(queue: &str, consumer: &str) -> String {
    format!("paused/{queue}/{consumer}")
}

impl Recipe for PauseConsumers {
    const ID: &'static str = "pause-consumers";
    const VERSION: u32 = 1;
    type Reads = Arc<dyn BrokerRead>;
    type Writes = Arc<dyn BrokerWrite>;
    type Action = Step;

    async fn plan(&self, broker: &Self::Reads, mut draft: Draft<Step>) -> Result<Draft<Step>> {
        let queue = broker.queue(&self.queue).await?;
        draft.subject(Subject::new("queue", &self.queue)).population(queue.consumers.len());
        if !self.consumers.is_empty() {
            draft.one_by_one();
        }
        // Block: who is not known cannot be paused, and nobody can say that it is harmless.
        if let Some(stranger) = self.consumers.iter().find(|name| !queue.consumers.contains_key(*name)) {
            let known: Vec<&str> = queue.consumers.keys().map(String::as_str).collect();
            let text = format!("{} has no consumer {stranger}", self.queue);
            let advice = format!("name some of {}", known.join(", "));
            draft.finding(Finding::block("consumers", text).with_advice(advice));
            return Ok(draft);
        }
        let meant = |name: &String| self.consumers.is_empty() || self.consumers.contains(name);
        let chosen: Vec<_> = queue.consumers.iter().filter(|(name, _)| meant(name)).collect();
        let (idle, busy): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|(_, consumer)| consumer.limit == 0);
        // Pass: what was looked at, and was well.
        draft.finding(Finding::pass("consumers", format!("{} of {} are meant", busy.len(), queue.consumers.len())));
        // Warn: worth knowing, stops nothing.
        for (name, _) in idle {
            draft.finding(Finding::warn("paused", format!("{name} is paused already: an undo leaves it so")));
        }
        // Ask: only a person knows whether it is right.
        let left = queue.consumers.iter().filter(|(name, consumer)| !meant(name) && consumer.limit > 0).count();
        if left == 0 && !busy.is_empty() {
            let text = format!("nobody would take messages of {}; {} wait now", self.queue, queue.waiting);
            let right = format!("right when they may pile up until {}", self.until);
            draft.finding(Finding::ask("last-consumer", text, right));
        }
        draft.title(format!("pause {} consumers of {}", busy.len(), self.queue));
        draft.later("find out why it was needed");
        let limit = |(name, consumer): &(&String, &Consumer)| Step::Limit {
            queue: self.queue.clone(),
            consumer: (*name).clone(),
            from: consumer.limit,
            to: 0,
        };
        let drain =
            |(name, _): &(&String, &Consumer)| Step::Drain { queue: self.queue.clone(), consumer: (*name).clone() };
        draft.phase_at("pause", 2, busy.iter().map(limit).collect());
        draft.phase("drain", busy.iter().map(drain).collect());
        Ok(draft)
    }

    async fn observe(&self, broker: &Self::Reads, steps: &[&Step]) -> Result<Vec<Observed>> {
        let queue = broker.queue(&self.queue).await?;
        Ok(steps.iter().map(|step| observed(&queue, step)).collect())
    }

    async fn perform(&self, broker: &Self::Writes, step: &Step) -> Result<()> {
        match step {
            Step::Limit { queue, consumer, to, .. } => broker.set_limit(queue, consumer, *to).await,
            Step::Drain { .. } => Ok(()),
        }
    }

    async fn verify(&self, broker: &Self::Reads, done: &[&Step]) -> Result<Vec<Finding>> {
        let queue = broker.queue(&self.queue).await?;
        let wrong = done.iter().find(|step| observed(&queue, step) != Observed::Done);
        Ok(vec![match wrong {
            None => Finding::pass("consumers", format!("all {} steps are still so", done.len())),
            Some(step) => Finding::block("consumers", format!("no longer so: {step}")),
        }])
    }

    fn undo(&self, step: &Step, _before: Option<&RawValue>) -> Option<Step> {
        match step.clone() {
            Step::Limit { queue, consumer, from, to } => Some(Step::Limit { queue, consumer, from: to, to: from }),
            Step::Drain { .. } => None,
        }
    }

    async fn review_undo(&self, broker: &Self::Reads, mut draft: Draft<Step>) -> Result<Draft<Step>> {
        let waiting = broker.queue(&self.queue).await?.waiting;
        draft.finding(Finding::warn("backlog", format!("{waiting} messages wait, and come at once")));
        let settled: Vec<_> = draft.actions().iter().map(|step| debt(&self.queue, step.consumer())).collect();
        for id in settled {
            draft.settles(id);
        }
        Ok(draft)
    }

    fn obligation(&self, step: &Step) -> Option<Obligation> {
        match step {
            Step::Limit { queue, consumer, to: 0, from } => {
                let what = format!("{consumer} of {queue} is paused: give it back its {from} messages at once");
                Some(Obligation::new(debt(queue, consumer), what).with_deadline(self.until))
            }
            _ => None,
        }
    }

    async fn still_owed(&self, broker: &Self::Reads, owed: &Obligation) -> Result<bool> {
        let queue = broker.queue(&self.queue).await?;
        let paused = queue.consumers.iter().filter(|(_, consumer)| consumer.limit == 0);
        Ok(paused.into_iter().any(|(name, _)| debt(&self.queue, name) == owed.id))
    }
}

/// A host of this recipe that may read and write.
pub fn registry<B: BrokerRead + BrokerWrite + 'static>(broker: &Arc<B>) -> Registry {
    let reads: Arc<dyn BrokerRead> = Arc::clone(broker) as _;
    let writes: Arc<dyn BrokerWrite> = Arc::clone(broker) as _;
    Registry::new().with::<PauseConsumers>(reads, writes)
}
