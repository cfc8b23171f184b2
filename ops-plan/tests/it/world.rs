//! A wall of things that are painted: a recipe and its world. The world counts calls and effects by key.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::Timestamp;
use ops_client::{Effect, Error, ErrorKind};
use ops_plan::{
    Action, Ask, Danger, Draft, Finding, Host, Obligation, Observed, Plan, Recipe, Registry, Repeat, Subject, Target,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What one thing is to become.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub(crate) thing: u32,
    pub(crate) to: i64,
    pub(crate) repeat: Repeat,
    pub(crate) danger: Danger,
    pub(crate) settle_ms: u64,
    /// Whether it leaves something behind.
    pub(crate) owes: bool,
    /// Whether what was before is kept: without it there is no way back.
    pub(crate) keep: bool,
}

impl Spec {
    pub(crate) fn new(thing: u32) -> Self {
        Self {
            thing,
            to: 1,
            repeat: Repeat::Safe,
            danger: Danger::Reversible,
            settle_ms: 2000,
            owes: false,
            keep: true,
        }
    }

    pub(crate) fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    pub(crate) fn danger(mut self, danger: Danger) -> Self {
        self.danger = danger;
        self
    }

    pub(crate) fn owing(mut self) -> Self {
        self.owes = true;
        self
    }

    pub(crate) fn forgetful(mut self) -> Self {
        self.keep = false;
        self
    }
}

/// One thing gets another colour. A wait (danger: nothing) is for somebody else's brush.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stroke {
    pub(crate) spec: Spec,
    pub(crate) from: i64,
}

impl fmt::Display for Stroke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "thing {}: {} → {}", self.spec.thing, self.from, self.spec.to)
    }
}

impl Action for Stroke {
    fn key(&self) -> String {
        format!("{}:{}-{}", self.spec.thing, self.from, self.spec.to)
    }

    fn danger(&self) -> Danger {
        self.spec.danger
    }

    fn repeat(&self) -> Repeat {
        self.spec.repeat
    }

    fn settle(&self) -> Duration {
        Duration::from_millis(self.spec.settle_ms)
    }

    fn by_hand(&self) -> String {
        format!("paint {} {}", self.spec.thing, self.spec.to)
    }
}

/// The question: which things, in which phases.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Paint {
    pub(crate) phases: Vec<(usize, Vec<Spec>)>,
    pub(crate) subjects: Vec<String>,
    pub(crate) population: Option<usize>,
    pub(crate) one_by_one: bool,
    pub(crate) findings: Vec<Finding>,
    pub(crate) settles: Vec<String>,
    pub(crate) later: Vec<String>,
}

impl Paint {
    pub(crate) fn phases(phases: Vec<(usize, Vec<Spec>)>) -> Self {
        Self {
            phases,
            subjects: vec!["north".into()],
            population: None,
            one_by_one: false,
            findings: Vec::new(),
            settles: Vec::new(),
            later: Vec::new(),
        }
    }

    /// So many alike, in one phase.
    pub(crate) fn alike(count: u32, width: usize, spec: impl Fn(Spec) -> Spec) -> Self {
        Self::phases(vec![(width, (0..count).map(|thing| spec(Spec::new(thing))).collect())])
    }

    pub(crate) fn registry(world: &World) -> Registry {
        Registry::new().with::<Self>(world.clone(), world.clone())
    }

    /// A plan without a runtime.
    pub(crate) fn plan_at(&self, world: &World, target: Target, now: Timestamp) -> Plan {
        let ask = Ask::new(self, target, now).unwrap();
        block_on(Self::registry(world).plan(ask)).unwrap()
    }
}

impl Recipe for Paint {
    const ID: &'static str = "paint";
    const VERSION: u32 = 1;
    type Reads = World;
    type Writes = World;
    type Action = Stroke;

    async fn plan(&self, reads: &World, mut draft: Draft<Stroke>) -> ops_client::Result<Draft<Stroke>> {
        let count: usize = self.phases.iter().map(|(_, specs)| specs.len()).sum();
        draft.title(format!("paint {count} things"));
        for subject in &self.subjects {
            draft.subject(Subject::new("wall", subject));
        }
        if let Some(population) = self.population {
            draft.population(population);
        }
        if self.one_by_one {
            draft.one_by_one();
        }
        for finding in &self.findings {
            draft.finding(finding.clone());
        }
        for id in &self.settles {
            draft.settles(id);
        }
        for text in &self.later {
            draft.later(text);
        }
        for (number, (width, specs)) in self.phases.iter().enumerate() {
            let strokes: Vec<Stroke> =
                specs.iter().map(|spec| Stroke { spec: spec.clone(), from: reads.value(spec.thing) }).collect();
            for stroke in strokes.iter().filter(|stroke| stroke.spec.keep) {
                draft.keep(&stroke.key(), &stroke.from)?;
            }
            draft.phase_at(format!("coat {}", number + 1), *width, strokes);
        }
        Ok(draft)
    }

    async fn observe(&self, reads: &World, actions: &[&Stroke]) -> ops_client::Result<Vec<Observed>> {
        reads.look().await?;
        Ok(actions
            .iter()
            .map(|stroke| match reads.value(stroke.spec.thing) {
                value if value == stroke.spec.to => Observed::Done,
                value if value == stroke.from => Observed::Pending,
                value => Observed::Drifted(format!("it is {value}")),
            })
            .collect())
    }

    async fn perform(&self, writes: &World, action: &Stroke) -> ops_client::Result<()> {
        writes.paint(action).await
    }

    async fn verify(&self, reads: &World, done: &[&Stroke]) -> ops_client::Result<Vec<Finding>> {
        let right = done.iter().filter(|stroke| reads.value(stroke.spec.thing) == stroke.spec.to).count();
        let text = format!("{right} of {} things have their colour", done.len());
        let good = right == done.len() && !reads.state().spoilt;
        Ok(vec![if good { Finding::pass("colours", text) } else { Finding::block("colours", text) }])
    }

    fn undo(&self, action: &Stroke, before: Option<&RawValue>) -> Option<Stroke> {
        let was: i64 = serde_json::from_str(before?.get()).ok()?;
        let spec = Spec { to: was, owes: false, ..action.spec.clone() };
        (action.spec.danger != Danger::Nothing).then_some(Stroke { spec, from: action.spec.to })
    }

    async fn review_undo(&self, _: &World, mut draft: Draft<Stroke>) -> ops_client::Result<Draft<Stroke>> {
        let kept: Vec<_> = draft.actions().iter().map(|stroke| (stroke.key(), stroke.from)).collect();
        for (key, from) in kept {
            draft.keep(&key, &from)?;
        }
        Ok(draft)
    }

    fn obligation(&self, action: &Stroke) -> Option<Obligation> {
        action.spec.owes.then(|| {
            Obligation::new(format!("wash-{}", action.spec.thing), format!("wash thing {}", action.spec.thing))
                .with_owner("the painters")
                .with_deadline("2026-11-23T06:00:00Z".parse().unwrap())
                .with_remedy(&Paint::alike(1, 1, |spec| spec))
        })
    }

    async fn still_owed(&self, reads: &World, obligation: &Obligation) -> ops_client::Result<bool> {
        reads.look().await?;
        Ok(!reads.state().washed.contains(&obligation.id))
    }
}

/// How the world answers one call.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// Whether the thing is painted.
    pub(crate) works: bool,
    /// How long until the paint is seen.
    pub(crate) shows_after_ms: u64,
    /// How long the call takes.
    pub(crate) takes_ms: u64,
    pub(crate) error: Option<(ErrorKind, Effect)>,
}

impl Reply {
    pub(crate) fn good() -> Self {
        Self { works: true, shows_after_ms: 0, takes_ms: 0, error: None }
    }

    /// Refused before anything happened.
    pub(crate) fn refused(kind: ErrorKind) -> Self {
        Self { works: false, error: Some((kind, Effect::None)), ..Self::good() }
    }

    /// Painted, and the answer was lost.
    pub(crate) fn lost() -> Self {
        Self { error: Some((ErrorKind::Timeout, Effect::Possible)), ..Self::good() }
    }

    pub(crate) fn showing_after(mut self, ms: u64) -> Self {
        self.shows_after_ms = ms;
        self
    }

    pub(crate) fn taking(mut self, ms: u64) -> Self {
        self.takes_ms = ms;
        self
    }
}

#[derive(Debug, Default)]
pub(crate) struct State {
    values: BTreeMap<u32, i64>,
    arriving: Vec<(Duration, u32, i64)>,
    /// How often each key had an effect, in the order of the first.
    pub(crate) effects: BTreeMap<String, u32>,
    pub(crate) order: Vec<String>,
    pub(crate) calls: BTreeMap<String, u32>,
    pub(crate) replies: BTreeMap<u32, VecDeque<Reply>>,
    /// How every call without a reply of its own is answered.
    pub(crate) usual: Option<Reply>,
    /// How many looks fail from now on.
    pub(crate) blind: u32,
    pub(crate) spoilt: bool,
    /// Whoever paints this one dies of it, before any effect.
    pub(crate) killer: Option<u32>,
    pub(crate) washed: BTreeSet<String>,
    pub(crate) in_flight: usize,
    pub(crate) most_in_flight: usize,
}

/// The world: shared by all who hold it.
#[derive(Clone, Debug)]
pub(crate) struct World {
    state: Arc<Mutex<State>>,
    clock: Clock,
}

#[derive(Clone, Debug)]
enum Clock {
    /// Milliseconds that only move when they are moved.
    Hands(Arc<AtomicU64>),
    /// tokio's, which a test may pause.
    Tokio(tokio::time::Instant),
}

impl World {
    /// A world whose time is moved by hand.
    pub(crate) fn still() -> Self {
        Self { state: Arc::default(), clock: Clock::Hands(Arc::default()) }
    }

    /// A world in tokio's time.
    pub(crate) fn running() -> Self {
        Self { state: Arc::default(), clock: Clock::Tokio(tokio::time::Instant::now()) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        match &self.clock {
            Clock::Hands(ms) => Duration::from_millis(ms.load(Ordering::Relaxed)),
            Clock::Tokio(start) => start.elapsed(),
        }
    }

    /// Moves the hands.
    pub(crate) fn set_time(&self, ms: u64) {
        if let Clock::Hands(hands) = &self.clock {
            hands.store(ms, Ordering::Relaxed);
        }
    }

    pub(crate) fn value(&self, thing: u32) -> i64 {
        let now = self.now();
        let mut state = self.state();
        let State { arriving, values, .. } = &mut *state;
        arriving.retain(|&(at, thing, value)| {
            if at <= now {
                values.insert(thing, value);
            }
            at > now
        });
        values.get(&thing).copied().unwrap_or(0)
    }

    /// Somebody else paints.
    pub(crate) fn set(&self, thing: u32, value: i64) {
        self.state().values.insert(thing, value);
    }

    pub(crate) fn reply(&self, thing: u32, replies: impl IntoIterator<Item = Reply>) {
        self.state().replies.entry(thing).or_default().extend(replies);
    }

    pub(crate) fn effects_of(&self, stroke: &str) -> u32 {
        self.state().effects.get(stroke).copied().unwrap_or(0)
    }

    pub(crate) fn calls(&self) -> u32 {
        self.state().calls.values().sum()
    }

    async fn look(&self) -> ops_client::Result<()> {
        tokio::task::yield_now().await;
        let mut state = self.state();
        if state.blind == 0 {
            return Ok(());
        }
        state.blind -= 1;
        Err(Error::new("wall.look", ErrorKind::Unavailable, Effect::None))
    }

    async fn paint(&self, stroke: &Stroke) -> ops_client::Result<()> {
        if stroke.spec.danger == Danger::Nothing {
            return Ok(());
        }
        let reply = {
            let mut state = self.state();
            *state.calls.entry(stroke.key()).or_default() += 1;
            state.in_flight += 1;
            state.most_in_flight = state.most_in_flight.max(state.in_flight);
            if state.killer == Some(stroke.spec.thing) {
                state.in_flight -= 1;
                drop(state);
                std::panic::resume_unwind(Box::new("the process dies"));
            }
            let own = state.replies.get_mut(&stroke.spec.thing).and_then(VecDeque::pop_front);
            own.or_else(|| state.usual.clone()).unwrap_or_else(Reply::good)
        };
        let _flight = Flight(self);
        // A process may die before the effect, or after it.
        tokio::task::yield_now().await;
        self.pass(reply.takes_ms / 2).await;
        if reply.works {
            let now = self.now();
            let mut state = self.state();
            let count = state.effects.entry(stroke.key()).or_default();
            *count += 1;
            if *count == 1 {
                state.order.push(stroke.key());
            }
            if reply.shows_after_ms == 0 {
                state.values.insert(stroke.spec.thing, stroke.spec.to);
            } else {
                let at = now + Duration::from_millis(reply.shows_after_ms);
                state.arriving.push((at, stroke.spec.thing, stroke.spec.to));
            }
        }
        tokio::task::yield_now().await;
        self.pass(reply.takes_ms / 2).await;
        match reply.error {
            None => Ok(()),
            Some((kind, effect)) => Err(Error::new("wall.paint", kind, effect)),
        }
    }

    async fn pass(&self, ms: u64) {
        if ms > 0 && matches!(self.clock, Clock::Tokio(_)) {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
    }
}

/// A call that is out, also when it is dropped.
struct Flight<'a>(&'a World);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
    }
}

/// Drives a future that only yields: no runtime.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}
