//! The recipe, on a broker that fails, on a queue that others change, and with a process that dies.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use ops_client::{Effect, Error, ErrorKind, Result};
use ops_plan::{
    Approval, Approved, Event, Expect, Host, Outcome, Plan, Progress, Registry, RunDir, Runner, Runs, Stop, Target,
    Watcher,
};

use crate::pause_consumers::broker::{Broker, BrokerRead, BrokerWrite, Queue};
use crate::pause_consumers::recipe::{PauseConsumers, registry};

/// A broker whose calls go wrong on purpose.
pub(crate) struct Flaky {
    broker: Broker,
    faults: Mutex<Vec<Fault>>,
    calls: AtomicU32,
}

/// How a call goes wrong.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// Refused before anything happened.
    Refused,
    /// Done, and the answer is lost on its way.
    Lost,
}

#[async_trait]
impl BrokerRead for Flaky {
    async fn queue(&self, name: &str) -> Result<Queue> {
        self.broker.queue(name).await
    }
}

#[async_trait]
impl BrokerWrite for Flaky {
    async fn set_limit(&self, queue: &str, consumer: &str, limit: u32) -> Result<()> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let fault = self.faults.lock().unwrap().pop();
        if fault == Some(Fault::Refused) {
            return Err(Error::new("broker.set_limit", ErrorKind::Unavailable, Effect::None));
        }
        self.broker.set_limit(queue, consumer, limit).await?;
        match fault {
            Some(Fault::Lost) => Err(Error::new("broker.set_limit", ErrorKind::Timeout, Effect::Possible)),
            _ => Ok(()),
        }
    }
}

impl Flaky {
    /// A queue with three consumers, and calls that go wrong, the last of these first.
    pub(crate) fn new(faults: &[Fault]) -> Arc<Self> {
        let broker = Broker::with("orders", 1200, &[("billing-1", 2), ("billing-2", 2), ("mailer", 2)]);
        Arc::new(Self { broker, faults: Mutex::new(faults.to_vec()), calls: AtomicU32::new(0) })
    }

    pub(crate) fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(crate) async fn limits(&self) -> Vec<u32> {
        self.broker.queue("orders").await.unwrap().consumers.values().map(|consumer| consumer.limit).collect()
    }
}

/// Pauses these consumers until the year 2030.
pub(crate) fn pause(consumers: &[&str]) -> PauseConsumers {
    PauseConsumers {
        queue: "orders".into(),
        consumers: consumers.iter().map(|&name| name.to_owned()).collect(),
        until: "2030-01-01T06:00:00Z".parse().unwrap(),
    }
}

/// The word of somebody who has read everything.
pub(crate) fn approve(plan: Plan) -> Approved {
    let count = Expect::exactly(plan.head().changes() as u64);
    let word = Approval::new(plan.digest(), "ana", Timestamp::now()).expecting(count);
    let word = word.accepting("last-consumer", "the archive is down until morning");
    plan.approve(word).map_err(|(_, refusal)| refusal).unwrap()
}

async fn propose(host: &Registry, consumers: &[&str]) -> Plan {
    host.propose(&pause(consumers), Target::new("test")).await.unwrap()
}

fn runner(folder: &tempfile::TempDir) -> Runner {
    Runner::new(Runs::at(folder.path().join("runs")), "ana")
}

#[tokio::test]
async fn guards_speak_before_anything_is_done() {
    let broker = Flaky::new(&[]);
    let host = registry(&broker);
    let words = |plan: &Plan| plan.head().findings.iter().map(ToString::to_string).collect::<Vec<_>>();

    let plan = propose(&host, &["biling-1"]).await;
    let advice = "name some of billing-1, billing-2, mailer";
    assert_eq!(words(&plan), [format!("block consumers: orders has no consumer biling-1 — {advice}")]);
    assert!(plan.is_empty());

    let plan = propose(&host, &[]).await;
    assert_eq!(plan.head().changes(), 3);
    assert!(words(&plan)[1].starts_with("ask last-consumer: nobody would take messages of orders; 1200 wait now"));
    let word = Approval::new(plan.digest(), "ana", Timestamp::now()).expecting(Expect::exactly(3));
    let (_, refusal) = plan.approve(word).unwrap_err();
    assert!(refusal.to_string().contains("--accept last-consumer=REASON; right when they may pile up"), "{refusal}");

    broker.set_limit("orders", "mailer", 0).await.unwrap();
    let plan = propose(&host, &["billing-1", "mailer"]).await;
    assert_eq!(words(&plan)[1], "warn paused: mailer is paused already: an undo leaves it so");
    assert_eq!(
        plan.cards().map(|card| card.key).collect::<Vec<_>>(),
        ["limit/orders/billing-1", "drain/orders/billing-1"]
    );
}

#[tokio::test]
async fn a_refused_call_is_made_again_and_a_lost_answer_is_looked_at() {
    for (fault, calls) in [(Fault::Refused, 3), (Fault::Lost, 2)] {
        let broker = Flaky::new(&[fault]);
        let host = registry(&broker);
        let folder = tempfile::tempdir().unwrap();
        let plan = propose(&host, &["billing-1", "billing-2"]).await;
        let report = runner(&folder).start(&host, approve(plan)).await.unwrap();
        assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
        assert_eq!(broker.limits().await, [0, 0, 2]);
        assert_eq!(broker.calls(), calls);
        assert_eq!(report.debts.len(), 2);
    }
}

#[tokio::test]
async fn what_others_changed_is_left_alone() {
    let broker = Flaky::new(&[]);
    let host = registry(&broker);
    let folder = tempfile::tempdir().unwrap();
    let approved = approve(propose(&host, &["billing-1"]).await);
    // Between the word and the run somebody else turns it down.
    broker.broker.set_limit("orders", "billing-1", 1).await.unwrap();
    let report = runner(&folder).start(&host, approved).await.unwrap();
    assert_eq!(report.outcome, Outcome::Stopped);
    assert_eq!(report.stop, Some(Stop::Drift("billing-1 has limit 1, the plan saw 2".into())));
    assert_eq!(broker.calls(), 0);
}

/// Kills the process at an event of its run: that event is not written down any more.
struct Bomb(AtomicU32);

impl Watcher for Bomb {
    fn saw(&self, event: &Event, _: &Progress) {
        // Before the approval is written there is no run to take up.
        let counts = !matches!(event, Event::Approved { .. });
        if counts && self.0.fetch_sub(1, Ordering::Relaxed) == 0 {
            // Like a panic, without its noise.
            std::panic::resume_unwind(Box::new("the process dies"));
        }
    }
}

#[tokio::test]
async fn it_may_die_at_any_moment() {
    for moment in 0.. {
        let broker = Flaky::new(&[]);
        let folder = tempfile::tempdir().unwrap();
        let host = registry(&broker);
        let (dir, plan) = runner(&folder).prepare(propose(&host, &["billing-1", "billing-2"]).await).unwrap();
        let (dying, at) = (runner(&folder).watched_by(Arc::new(Bomb(AtomicU32::new(moment)))), dir.clone());
        let life = tokio::spawn(async move { dying.run(&host, &at, approve(plan)).await });
        let died = life.await.is_err();
        if died {
            let report = runner(&folder).resume(&registry(&broker), &dir, false).await.unwrap();
            assert_eq!(report.outcome, Outcome::Done, "event {moment}: {}", report.text());
        }
        assert_eq!(broker.limits().await, [0, 0, 2], "event {moment}");
        // Each of the two calls may have been out when it died: then it is made once more, and no more.
        assert!((2..=4).contains(&broker.calls()), "event {moment}: {} calls", broker.calls());
        if !died {
            assert!(moment > 8, "only {moment} moments");
            break;
        }
    }
}

#[tokio::test]
async fn it_is_taken_back_and_nothing_is_owed_any_more() {
    let broker = Flaky::new(&[]);
    let host = registry(&broker);
    let folder = tempfile::tempdir().unwrap();
    let runner = runner(&folder);
    let due = async |host: &Registry| {
        let debts = runner.runs().due(Some(host as &dyn Host), Timestamp::now()).await.unwrap();
        debts.due.into_iter().map(|due| due.obligation.what).collect::<Vec<_>>()
    };
    let (dir, plan) = runner.prepare(propose(&host, &["billing-1", "billing-2"]).await).unwrap();
    runner.run(&host, &dir, approve(plan)).await.unwrap();
    assert_eq!(due(&host).await.len(), 2);
    // Somebody gives one back by hand: the world is asked, not the journal.
    broker.set_limit("orders", "billing-2", 2).await.unwrap();
    assert_eq!(due(&host).await, ["billing-1 of orders is paused: give it back its 2 messages at once"]);

    let plan = runner.plan_undo(&host, &dir).await.unwrap();
    assert_eq!(plan.head().findings[0].to_string(), "warn backlog: 1200 messages wait, and come at once");
    let report = runner.start(&host, approve(plan)).await.unwrap();
    assert_eq!((report.outcome, report.changed, report.already), (Outcome::Done, 1, 1));
    assert_eq!(broker.limits().await, [2, 2, 2]);
    assert!(due(&host).await.is_empty());
    assert!(RunDir::open(dir.path()).is_ok(), "the run that was taken back is still there to be read");
}
