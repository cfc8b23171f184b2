//! The course of a run: locks, phases in order, parts of a phase side by side, the proof, the report.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ops_plan::{Approval, BLOCK, Finding, Head, Outcome, Part, Stop};
use restate_sdk::context::{CallFuture, DurableFuturesUnordered, InvocationHandle};
use restate_sdk::prelude::*;

use super::part::PartClient;
use super::run::APPROVAL;
use super::subject::SubjectClient;
use super::tally::Tally;
use super::{is_cancel, told};
use crate::shared::Shared;
use crate::status::{Stage, Told};
use crate::steps::Steps;
use crate::wire::{Holder, PartEnd, PartOrder, RunOrder};

/// How often verification is tried when a system does not answer.
const VERIFY: u32 = 4;

/// What is done with a part.
#[derive(Clone, Copy)]
enum Way {
    Look,
    Walk,
}

/// A part that was begun; no handle where it has ended.
struct Out {
    part: Part,
    handle: Option<InvocationHandle>,
}

pub(super) struct Course<'ctx> {
    ctx: &'ctx WorkflowContext<'ctx>,
    steps: Steps<'ctx, WorkflowContext<'ctx>>,
    shared: Arc<Shared>,
    run: String,
    operator: String,
    head: Head,
    began: Timestamp,
    tally: Tally,
}

impl<'ctx> Course<'ctx> {
    pub(super) async fn new(
        ctx: &'ctx WorkflowContext<'ctx>,
        shared: &Arc<Shared>,
        order: RunOrder,
    ) -> HandlerResult<Self> {
        let run = ctx.key().to_owned();
        let head = shared.head(&run).await.map_err(told)?;
        if head.digest().map_err(told)? != order.digest {
            return Err(TerminalError::new_with_code(422, "the plan that was handed in is another one").into());
        }
        let tally = Tally::of(&head);
        let (steps, shared) = (Steps::new(ctx), Arc::clone(shared));
        Ok(Self { ctx, steps, shared, run, operator: order.operator, began: head.made_at, head, tally })
    }

    /// Waits for the approval, runs the plan, and says how it ended. `enter` is told of every phase.
    pub(super) async fn take(mut self, enter: impl Fn(usize)) -> Result<(Stage, Told), TerminalError> {
        let approval = match self.ctx.promise::<Json<Approval>>(APPROVAL).await {
            Ok(Json(approval)) => Some(approval),
            Err(error) => {
                self.asked(error)?;
                None
            }
        };
        self.begin(approval.clone()).await?;
        let Some(approval) = approval else { return self.close(Vec::new()).await };
        let mut locks = Vec::new();
        let course = match self.lock(&mut locks).await {
            Ok(()) => self.walk(&approval, enter).await,
            Err(error) => Err(error),
        };
        // Whatever happened: nobody is kept out by a run that is over.
        for lock in locks {
            self.ctx.object_client::<SubjectClient<'_>>(lock).free(Json(self.run.clone())).send();
        }
        let findings = course?;
        self.close(findings).await
    }

    /// Keeps the word that the run heard, and the time.
    async fn begin(&mut self, approval: Option<Approval>) -> Result<(), TerminalError> {
        let (shared, run) = (Arc::clone(&self.shared), self.run.clone());
        let begin = self.steps.surely("begin", move || {
            let (shared, run, approval) = (Arc::clone(&shared), run.clone(), approval.clone());
            Box::pin(async move {
                if let Some(approval) = approval {
                    shared.archive.keep_approval(&run, &approval).await.map_err(told)?;
                }
                Ok(Json(Timestamp::now()))
            })
        });
        let (Json(began), asked) = begin.await?;
        self.began = began;
        if asked {
            self.tally.stop(Stop::Asked);
        }
        Ok(())
    }

    /// Takes every subject, in order. Where one is held by another run, this one stops.
    async fn lock(&mut self, taken: &mut Vec<String>) -> Result<(), TerminalError> {
        let who = Holder { run: self.run.clone(), operator: self.operator.clone() };
        for subject in self.head.subjects.clone() {
            let key = subject_key(&self.head, &subject);
            let take = self.ctx.object_client::<SubjectClient<'_>>(key.clone()).take(Json(who.clone())).call().await;
            // Also where no answer came: it may be ours by now. Freeing what another run holds does nothing.
            taken.push(key);
            match take {
                Ok(Json(None)) => {}
                Ok(Json(Some(holder))) => {
                    let text = format!("{subject} is held by run {} of {}", holder.run, holder.operator);
                    self.tally.stop(Stop::Held(text));
                    return Ok(());
                }
                Err(error) => return self.asked(error),
            }
        }
        Ok(())
    }

    /// Walks phase by phase, and proves the effect of the whole.
    async fn walk(&mut self, approval: &Approval, enter: impl Fn(usize)) -> Result<Vec<Finding>, TerminalError> {
        for phase in 0..self.head.phases.len() {
            if self.tally.stopped() {
                break;
            }
            enter(phase);
            self.phase(phase, approval).await?;
            self.tally.close_phase();
        }
        if self.tally.stopped() { Ok(Vec::new()) } else { self.verify(approval).await }
    }

    /// Looks at all of a phase, and then walks it: where anything in it drifted, nothing of it is changed. As many parts at
    /// once as the phase is wide. A phase of many changes begins with a part of one action; then two such parts, four … each
    /// step seen before the next.
    async fn phase(&mut self, phase: usize, approval: &Approval) -> Result<(), TerminalError> {
        let cut = &self.head.phases[phase];
        let (width, ramp) = (cut.width.max(1), cut.is_ramped().then_some(1));
        let parts = self.head.parts(phase, cut.len().div_ceil(width).clamp(1, BLOCK));
        // A part looks at all of itself before it walks.
        if parts.len() > 1 {
            self.side_by_side(Way::Look, self.head.surveys(phase), width, None, approval).await?;
        }
        self.side_by_side(Way::Walk, parts, width, ramp, approval).await
    }

    async fn side_by_side(
        &mut self,
        way: Way,
        parts: Vec<Part>,
        width: usize,
        mut ramp: Option<usize>,
        approval: &Approval,
    ) -> Result<(), TerminalError> {
        let mut parts: VecDeque<Part> = parts.into();
        let mut begun = 0;
        let mut calls = DurableFuturesUnordered::new();
        let mut out: Vec<Out> = Vec::new();
        loop {
            if calls.is_empty()
                && let Some(step) = ramp.filter(|step| begun >= *step)
            {
                ramp = (step * 2 < width).then_some(step * 2);
                begun = 0;
            }
            while !self.tally.stopped() && calls.len() < width && ramp.is_none_or(|step| begun < step) {
                let Some(part) = parts.pop_front() else { break };
                let client = self.ctx.service_client::<PartClient<'_>>();
                let order = self.order(part, approval, false);
                let call = match way {
                    Way::Look => client.look(Json(order)),
                    Way::Walk => client.walk(Json(order)),
                };
                let call = call.call();
                let handle = loop {
                    match call.invocation_handle().await {
                        Ok(handle) => break handle,
                        Err(error) => self.asked(error)?,
                    }
                };
                // Asked to stop between the call and its name: whether the engine passes that on to it is not known.
                if self.tally.stopped() {
                    handle.cancel();
                }
                calls.push(call);
                out.push(Out { part, handle: Some(handle) });
                begun += 1;
            }
            let (i, end) = match calls.next().await {
                Ok(None) => return Ok(()),
                Ok(Some(ended)) => ended,
                // The engine passes it on to every part that is out.
                Err(error) => {
                    self.asked(error)?;
                    continue;
                }
            };
            out[i].handle = None;
            let part = out[i].part;
            let end = match end {
                Ok(Json(end)) => end,
                Err(error) => self.lost(way, part, approval, &error).await?,
            };
            let went_on = !self.tally.stopped();
            self.tally.take(part, end);
            if went_on && self.tally.stopped() {
                out.iter().filter_map(|out| out.handle.as_ref()).for_each(InvocationHandle::cancel);
            }
        }
    }

    /// A part that did not tell how it ended: it was cancelled before it began, or somebody killed it. It is looked at.
    async fn lost(
        &mut self,
        way: Way,
        part: Part,
        approval: &Approval,
        error: &TerminalError,
    ) -> Result<PartEnd, TerminalError> {
        self.tally.stop(if is_cancel(error) {
            Stop::Asked
        } else {
            Stop::Unknown(format!("a part of the run ended by itself: {}", error.message()))
        });
        // A part that walked catches a cancel, and tells.
        let walked = matches!(way, Way::Walk) && !is_cancel(error);
        loop {
            let order = self.order(part, approval, walked);
            match self.ctx.service_client::<PartClient<'_>>().look(Json(order)).call().await {
                Ok(Json(end)) => return Ok(end),
                Err(look) if is_cancel(&look) => {}
                Err(look) => {
                    let (why, look) = (error.message(), look.message());
                    let text = format!("a part of the run was lost ({why}), and cannot be looked at: {look}");
                    return Ok(PartEnd::unknown(text));
                }
            }
        }
    }

    fn order(&self, part: Part, approval: &Approval, lost: bool) -> PartOrder {
        PartOrder { run: self.run.clone(), part, approval: approval.clone(), at: self.began, lost }
    }

    /// A person, or the engine's own tools, asked for an end.
    fn asked(&mut self, error: TerminalError) -> Result<(), TerminalError> {
        if !is_cancel(&error) {
            return Err(error);
        }
        self.tally.stop(Stop::Asked);
        Ok(())
    }

    /// Proves the effect. Verification only reads: a system that does not answer is asked again.
    async fn verify(&mut self, approval: &Approval) -> Result<Vec<Finding>, TerminalError> {
        let mut pause = Duration::from_millis(500);
        let mut attempt = 1;
        loop {
            let (shared, run, word) = (Arc::clone(&self.shared), self.run.clone(), approval.clone());
            let done = Arc::<[usize]>::from(self.tally.done());
            let look = self.steps.surely("verify", move || {
                let (shared, run, word, done) = (Arc::clone(&shared), run.clone(), word.clone(), Arc::clone(&done));
                Box::pin(async move {
                    let plan = shared.plan(&run).await.map_err(told)?;
                    let approved = plan.approve(word).map_err(|(_, error)| told(error))?;
                    let job = shared.open(&approved).map_err(told)?;
                    Ok(Json(job.verify(&done).await.map_err(|error| error.to_string())))
                })
            });
            // A person who asks for an end now gets it when the proof is there: nothing is changed any more.
            let trouble = match look.await?.0 {
                Json(Ok(findings)) => return Ok(findings),
                Json(Err(trouble)) => trouble,
            };
            if attempt == VERIFY {
                let text = format!("the effect could not be looked at: {trouble}");
                return Ok(vec![Finding::block("verification", text)]);
            }
            attempt += 1;
            let _ = self.ctx.sleep(pause).await;
            pause *= 2;
        }
    }

    /// Keeps the report, beyond the engine's own memory.
    async fn close(mut self, findings: Vec<Finding>) -> Result<(Stage, Told), TerminalError> {
        let outcome = self.tally.outcome(&findings);
        let account = self.tally.account(&self.run, &self.operator, self.began, outcome, findings);
        let ends = Arc::new(self.tally.ends());
        let settled = if outcome == Outcome::Done { self.head.settles.clone() } else { Vec::new() };
        let (shared, run) = (Arc::clone(&self.shared), self.run.clone());
        let keep = self.steps.surely("keep the report", move || {
            let (shared, run, ends) = (Arc::clone(&shared), run.clone(), Arc::clone(&ends));
            let (mut account, settled) = (account.clone(), settled.clone());
            Box::pin(async move {
                let plan = shared.plan(&run).await.map_err(told)?;
                account.ended_at = Timestamp::now();
                for id in &settled {
                    shared.archive.settle(&run, id).await.map_err(told)?;
                }
                let report = ops_plan::Report::new(&plan, account);
                tracing::info!(run, outcome = %report.outcome, "run ended");
                shared.archive.keep_report(&run, &plan, &report, &ends).await.map_err(told)?;
                Ok(Json(Stage::Ended { outcome, line: report.line() }))
            })
        });
        let (Json(stage), _) = keep.await?;
        Ok((stage, self.tally.told()))
    }
}

/// The lock's name: subjects of two environments are two things.
pub(crate) fn subject_key(head: &Head, subject: &ops_plan::Subject) -> String {
    format!("{}/{}/{}", head.target.environment, subject.kind, subject.id)
}
