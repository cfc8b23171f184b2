//! A part of a run: a walk through at most 250 actions, one call at a time.
//!
//! The walk is the one of `ops-plan`, unchanged. Every answer that it gets is a step, remembered by the engine with its time:
//! an attempt that follows a death replays the answers into a fresh walk, and stands where the last one stood.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ops_plan::{Change, Danger, Failure, Job, Next, Obligation, Outcome, Past, Stop, Walk};
use restate_sdk::prelude::*;

use super::board::BoardClient;
use super::{is_cancel, told};
use crate::shared::Shared;
use crate::steps::{First, Steps};
use crate::wire::{Called, Looked, NAMED, PartEnd, PartOrder, Ranges, Refused, Step};

pub(crate) struct Part(pub(crate) Arc<Shared>);

/// Parts of runs.
#[restate_sdk::service(
    name = "OpsPart",
    client_visibility = "pub(crate)",
    ingress_private,
    inactivity_timeout = "5m",
    abort_timeout = "30m",
    invocation_retry_policy(
        initial_interval = "100ms",
        factor = 2.0,
        max_interval = "5s",
        max_attempts = 20000,
        on_max_attempts = "pause"
    )
)]
impl Part {
    /// Walks through a part to its end, or until it stops.
    #[handler]
    async fn walk(&self, ctx: Context<'_>, order: Json<PartOrder>) -> HandlerResult<Json<PartEnd>> {
        let Json(order) = order;
        let job = self.0.open_part(&order).await.map_err(told)?;
        let mut walker = Walker::new(&ctx, &self.0, job, order);
        walker.go().await?;
        Ok(Json(walker.end()))
    }

    /// Looks at a part, and changes nothing: before its phase begins, and where its walk was lost.
    #[handler]
    async fn look(&self, ctx: Context<'_>, order: Json<PartOrder>) -> HandlerResult<Json<PartEnd>> {
        let Json(order) = order;
        let job = self.0.open_part(&order).await.map_err(told)?;
        let mut walker = Walker::new(&ctx, &self.0, job, order);
        walker.survey().await?;
        Ok(Json(walker.end()))
    }
}

/// One attempt at a part.
struct Walker<'ctx> {
    ctx: &'ctx Context<'ctx>,
    steps: Steps<'ctx, Context<'ctx>>,
    shared: Arc<Shared>,
    job: Arc<dyn Job>,
    walk: Walk,
    order: PartOrder,
    /// The time of the last step. No clock is asked between steps: the next attempt would hear another answer.
    now: Timestamp,
    told: PartEnd,
    board: Step,
    /// Whether the board hears of it.
    tells: bool,
}

impl<'ctx> Walker<'ctx> {
    fn new(ctx: &'ctx Context<'ctx>, shared: &Arc<Shared>, job: Arc<dyn Job>, order: PartOrder) -> Self {
        Self {
            ctx,
            steps: Steps::new(ctx),
            shared: Arc::clone(shared),
            // What may have been called counts as called: its effect is this run's, and leaves what this run leaves behind.
            walk: Walk::resume(job.plan(), |_| if order.lost { Past::Tried(1) } else { Past::Untouched }),
            job,
            now: order.at,
            order,
            told: PartEnd::nothing(),
            board: Step::default(),
            tells: true,
        }
    }

    async fn go(&mut self) -> Result<(), TerminalError> {
        loop {
            match self.walk.next(self.now) {
                Next::Look(which) => drop(self.look(which).await?),
                Next::Intend(which) => self.intend(which).await?,
                Next::Perform(i) => self.perform(i).await?,
                Next::Until(at) => self.wait(at).await?,
                Next::Await => return Err(TerminalError::new("the walk awaits what nobody does: a defect")),
                Next::End => return Ok(()),
            }
        }
    }

    /// Looks, and says whether something was seen.
    async fn look(&mut self, which: Vec<usize>) -> Result<bool, TerminalError> {
        let (job, these) = (Arc::clone(&self.job), Arc::<[usize]>::from(which.as_slice()));
        let look = self.steps.surely(format!("look at {}", which.len()), move || {
            let (job, these) = (Arc::clone(&job), Arc::clone(&these));
            Box::pin(async move {
                let seen = job.observe(&these).await.map_err(|error| error.to_string());
                Ok(Json(Looked { at: Timestamp::now(), seen }))
            })
        });
        let (Json(Looked { at, seen }), asked) = look.await?;
        if asked {
            self.stop();
        }
        self.now = self.now.max(at);
        let sees = seen.is_ok();
        let changes = match seen {
            Ok(seen) => self.walk.observed(&which, seen, self.now),
            Err(error) => self.walk.blind(&error, self.now),
        };
        self.take(changes).await?;
        Ok(sees)
    }

    /// The intent is a step of its own: once it is remembered, an attempt that finds no answer to the call knows that the
    /// call may have been made.
    async fn intend(&mut self, which: Vec<usize>) -> Result<(), TerminalError> {
        let name = match which.as_slice() {
            [one] => format!("intend {}", self.key(*one)),
            many => format!("intend {}", many.len()),
        };
        let intent = self.steps.step(name, |_| Box::pin(async { Ok(()) })).await;
        self.walk.intended(&which);
        intent.or_else(|error| self.cancelled(error))
    }

    async fn perform(&mut self, i: usize) -> Result<(), TerminalError> {
        let (job, gate) = (Arc::clone(&self.job), self.shared.gate.clone());
        let name = format!("call {}", self.key(i));
        let call = self.steps.step(name, move |first| {
            Box::pin(async move {
                let result = match first {
                    // Calls go one by one, so if an earlier attempt died in a call, it died in this one. It is looked at first.
                    First(true) => Err(Failure::lost()),
                    First(false) => {
                        let _out = gate.enter().await;
                        job.perform(i).await.map_err(|error| Failure::from(&error))
                    }
                };
                Ok(Json(Called { at: Timestamp::now(), result: result.map_err(Refused::from) }))
            })
        });
        let (result, stopped) = match call.await {
            Ok(Json(Called { at, result })) => {
                self.now = self.now.max(at);
                (result.map_err(Failure::from), None)
            }
            // It ended before we were told, or never began: only a look can tell.
            Err(error) => (Err(Failure::lost()), Some(error)),
        };
        match &result {
            Ok(()) => {
                self.board.performed += 1;
                self.told.performed += 1;
            }
            Err(_) => {
                self.board.tried += 1;
                self.told.tried += 1;
            }
        }
        let changes = self.walk.performed(i, result, self.now);
        self.take(changes).await?;
        stopped.map_or(Ok(()), |error| self.cancelled(error))
    }

    async fn wait(&mut self, at: Timestamp) -> Result<(), TerminalError> {
        let pause = Duration::try_from(at.duration_since(self.now)).unwrap_or_default();
        match self.ctx.sleep(pause).await {
            Ok(()) => {
                self.now = self.now.max(at);
                Ok(())
            }
            Err(error) => self.cancelled(error),
        }
    }

    /// Where somebody asked for an end, the part goes to it; all else ends the part at once.
    fn cancelled(&mut self, error: TerminalError) -> Result<(), TerminalError> {
        if !is_cancel(&error) {
            return Err(error);
        }
        self.stop();
        Ok(())
    }

    /// What was called is looked at once more, nothing new is called.
    fn stop(&mut self) {
        if let Some(Change::Stopping(why)) = self.walk.stop(Stop::Asked) {
            self.told.stop.get_or_insert(why);
        }
    }

    /// Takes down what came of a step. What is left behind is kept before the effect is called seen: no debt is ever lost.
    async fn take(&mut self, changes: Vec<Change>) -> Result<(), TerminalError> {
        for change in changes {
            match change {
                Change::Confirmed(i) => {
                    self.board.done += 1;
                    if let Some(debt) = self.job.obligation(i) {
                        self.owe(debt).await?;
                    }
                }
                Change::AlreadyDone(_) => self.board.done += 1,
                Change::Going(..) => {}
                Change::Drifted(i, how) => self.trouble(i, format!("somebody else changed it: {how}")),
                Change::Unknown(i, why) => self.trouble(i, why),
                Change::Failed(i, why) => {
                    self.told.failed += 1;
                    self.told.destructive |= self.card(i).is_some_and(|card| card.danger.is_destructive());
                    self.trouble(i, why);
                }
                Change::Stopping(why) => {
                    self.told.stop.get_or_insert(why);
                }
            }
        }
        // A message for every look that shows something, not for every call. What is only surveyed is told by its walk.
        if self.tells && (self.board.done > 0 || !self.board.troubles.is_empty()) {
            let step = std::mem::take(&mut self.board);
            self.ctx.object_client::<BoardClient<'_>>(self.order.run.clone()).add(Json(step)).send();
        }
        Ok(())
    }

    async fn owe(&mut self, debt: Obligation) -> Result<(), TerminalError> {
        let (shared, run, kept) = (Arc::clone(&self.shared), self.order.run.clone(), debt.clone());
        let keep = self.steps.surely(format!("owe {}", debt.id), move || {
            let (shared, run, debt) = (Arc::clone(&shared), run.clone(), kept.clone());
            Box::pin(async move { shared.archive.keep_debt(&run, &debt).await.map_err(told) })
        });
        if keep.await?.1 {
            self.stop();
        }
        self.told.debts.push(debt);
        Ok(())
    }

    fn trouble(&mut self, i: usize, why: String) {
        self.board.troubles.push((self.key(i), why.clone()));
        if self.told.troubles.len() < NAMED {
            self.told.troubles.push((self.key(i), why));
        }
    }

    /// The first look of the walk, however often it takes, and nothing more. Where a walk was lost, what it may have called
    /// has its time to show.
    async fn survey(&mut self) -> Result<(), TerminalError> {
        self.tells = false;
        loop {
            match self.walk.next(self.now) {
                Next::Look(which) => {
                    if self.look(which).await? && !self.order.lost {
                        return Ok(());
                    }
                }
                Next::Until(at) => self.wait(at).await?,
                _ => return Ok(()),
            }
        }
    }

    fn end(mut self) -> PartEnd {
        let from = self.order.part.from;
        let changed = self.walk.changed();
        let theirs = self.walk.done().into_iter().filter(|i| changed.binary_search(i).is_err());
        self.told.already = theirs.map(|i| from + i).collect();
        self.told.changed = changed.iter().map(|i| from + i).collect();
        let called =
            |i: &usize| self.walk.attempts(*i) > 0 && self.card(*i).is_some_and(|card| card.danger != Danger::Nothing);
        self.told.perhaps = self.walk.left().into_iter().filter(called).map(|i| from + i).collect();
        self.told.outcome = self.walk.outcome();
        self.told
    }

    fn card(&self, i: usize) -> Option<ops_plan::Card> {
        self.job.plan().card(i)
    }

    fn key(&self, i: usize) -> String {
        self.job.plan().key(i).unwrap_or_default()
    }
}

impl PartEnd {
    pub(super) fn nothing() -> Self {
        Self {
            outcome: Outcome::Done,
            stop: None,
            changed: Ranges::default(),
            already: Ranges::default(),
            perhaps: Ranges::default(),
            performed: 0,
            tried: 0,
            failed: 0,
            destructive: false,
            troubles: Vec::new(),
            debts: Vec::new(),
        }
    }

    /// What cannot be told.
    pub(super) fn unknown(why: String) -> Self {
        Self { outcome: Outcome::Unknown, stop: Some(Stop::Unknown(why)), ..Self::nothing() }
    }
}
