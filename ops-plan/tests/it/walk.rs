//! The walk against a model of the world with every kind of trouble, in every order: what must hold, holds always.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ops_client::Effect;
use ops_plan::{Change, Danger, Failure, Next, Observed, Outcome, Past, Plan, Repeat, Stop, Target, Walk};
use proptest::prelude::*;

use crate::world::{Paint, Spec, World};

/// How the world answers a call.
#[derive(Clone, Debug)]
struct Script {
    /// When the effect shows, after the call's end; never, where there is none.
    shows: Option<u64>,
    takes: u64,
    error: Option<(Effect, bool)>,
    auth: bool,
    retry_after: Option<u64>,
}

/// One action of a case.
#[derive(Clone, Debug)]
struct Kind {
    danger: Danger,
    repeat: Repeat,
    settle: u64,
    calls: Vec<Script>,
    before: Before,
    past: Past,
}

/// How the world is when the walk comes.
#[derive(Clone, Debug, PartialEq)]
enum Before {
    Pending,
    Done,
    Drifted,
    /// Under way until then; then done, or pending again.
    UnderWay(u64, bool),
}

#[derive(Clone, Debug)]
struct Case {
    phases: Vec<(usize, Vec<Kind>)>,
    /// How long looks take, and which of them fail, in turn.
    looks: Vec<(u64, bool)>,
    intents: Vec<u64>,
    stop_after: Option<usize>,
}

const CALLS: u32 = 3;

fn script(settle: u64) -> impl Strategy<Value = Script> {
    let shows = prop_oneof![4 => Just(Some(0)), 2 => (0..settle).prop_map(Some), 1 => Just(None)];
    let error = prop_oneof![
        5 => Just(None),
        1 => Just(Some((Effect::None, true))),
        1 => Just(Some((Effect::None, false))),
        3 => Just(Some((Effect::Possible, true))),
        1 => Just(Some((Effect::Certain, false))),
    ];
    let takes = prop_oneof![0..5_u64, 0..3000_u64];
    (shows, takes, error, prop::bool::weighted(0.01), prop::option::weighted(0.2, 0..20_000_u64)).prop_map(
        |(shows, takes, error, auth, retry_after)| {
            // What the server says and what it did agree.
            let shows = match error {
                Some((Effect::None, _)) => None,
                Some((Effect::Certain, _)) => shows.or(Some(0)),
                _ => shows,
            };
            Script { shows, takes, auth: auth && error.is_some(), error, retry_after }
        },
    )
}

fn kind() -> impl Strategy<Value = Kind> {
    let danger = prop_oneof![
        1 => Just(Danger::Nothing),
        6 => Just(Danger::Reversible),
        2 => Just(Danger::Disruptive),
        1 => Just(Danger::Irreversible),
    ];
    let repeat = prop_oneof![3 => Just(Repeat::Safe), 2 => Just(Repeat::IfPending), 2 => Just(Repeat::Never)];
    let before = prop_oneof![
        20 => Just(Before::Pending),
        2 => Just(Before::Done),
        1 => (0..4000_u64, any::<bool>()).prop_map(|(until, done)| Before::UnderWay(until, done)),
    ];
    let past = prop_oneof![
        16 => Just(Past::Untouched),
        2 => (0..4_u32).prop_map(Past::Tried),
        1 => Just(Past::Confirmed),
        1 => Just(Past::Drifted),
    ];
    let drift = prop::bool::weighted(0.01);
    (danger, repeat, prop_oneof![Just(1), 100..5000_u64], before, past, drift).prop_flat_map(
        |(danger, repeat, settle, before, past, drift)| {
            let before = if drift { Before::Drifted } else { before };
            prop::collection::vec(script(settle), 0..5).prop_map(move |calls| Kind {
                danger,
                repeat,
                settle,
                calls,
                before: before.clone(),
                past,
            })
        },
    )
}

fn calm(kind: Kind) -> Kind {
    let calls = kind.calls.into_iter().filter(|call| call.shows.is_some() && !call.auth).collect();
    let before = if kind.before == Before::Drifted { Before::Pending } else { kind.before };
    Kind { calls, before, past: Past::Untouched, ..kind }
}

fn case() -> impl Strategy<Value = Case> {
    let phase = (1..12_usize, prop::collection::vec(kind(), 1..20), prop::bool::weighted(0.5)).prop_map(
        |(width, kinds, is_calm)| (width, if is_calm { kinds.into_iter().map(calm).collect() } else { kinds }),
    );
    let look = (prop_oneof![0..20_u64, 0..8000_u64], prop::bool::weighted(0.1));
    (
        prop::collection::vec(phase, 1..4),
        prop::collection::vec(look, 1..10),
        prop::collection::vec(0..500_u64, 1..5),
        prop::option::weighted(0.3, 0..60_usize),
    )
        .prop_map(|(phases, looks, intents, stop_after)| Case { phases, looks, intents, stop_after })
}

fn plan_of(case: &Case) -> Plan {
    let mut thing = 0;
    let phases = case
        .phases
        .iter()
        .map(|(width, kinds)| {
            let specs = kinds.iter().map(|kind| {
                thing += 1;
                let spec = Spec::new(thing).repeat(kind.repeat).danger(kind.danger).forgetful();
                Spec { settle_ms: kind.settle, ..spec }
            });
            (*width, specs.collect())
        })
        .collect();
    Paint::phases(phases).plan_at(&World::still(), Target::sandbox(), Timestamp::UNIX_EPOCH)
}

/// Something that is under way in the model.
#[derive(Clone, Debug)]
enum Op {
    Look(Vec<usize>, Vec<Observed>, bool),
    Intend(Vec<usize>),
    Call(usize, Script),
}

#[derive(Default)]
struct Known {
    intents: u32,
    calls: u32,
    /// When the last call ended, and with which effect.
    ended: Option<(u64, Effect)>,
    /// When the last look began that answered «pending».
    pending: Option<u64>,
    effects: u32,
    visible: Vec<u64>,
    begun: Option<usize>,
    settled: bool,
    told: bool,
}

struct Model<'a> {
    case: &'a Case,
    kinds: Vec<Kind>,
    phase_of: Vec<usize>,
    known: Vec<Known>,
    now: u64,
    ops: BTreeMap<(u64, usize), Op>,
    count: usize,
    looks: usize,
    begun: BTreeMap<usize, usize>,
    /// Changes to be ramped, by phase; known after its survey.
    ramped: BTreeMap<usize, usize>,
    failures: usize,
    stopping: bool,
    trace: Vec<String>,
}

fn time(ms: u64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_millis(ms as i64)
}

fn ms(time: Timestamp) -> u64 {
    // Rounded up: whoever sleeps until then wakes no earlier.
    let nanos = time.duration_since(self::time(0)).as_nanos();
    u64::try_from((nanos + 999_999) / 1_000_000).unwrap()
}

impl<'a> Model<'a> {
    fn new(case: &'a Case) -> Self {
        let kinds: Vec<Kind> = case.phases.iter().flat_map(|(_, kinds)| kinds.clone()).collect();
        let phase_of = case.phases.iter().enumerate().flat_map(|(p, (_, kinds))| vec![p; kinds.len()]).collect();
        let known = kinds.iter().map(|_| Known::default()).collect();
        Self {
            case,
            kinds,
            phase_of,
            known,
            now: 0,
            ops: BTreeMap::new(),
            count: 0,
            looks: 0,
            begun: BTreeMap::new(),
            ramped: BTreeMap::new(),
            failures: 0,
            stopping: false,
            trace: Vec::new(),
        }
    }

    fn world(&self, i: usize) -> Observed {
        let known = &self.known[i];
        if known.visible.iter().any(|at| *at <= self.now) {
            return Observed::Done;
        }
        match &self.kinds[i].before {
            Before::Pending => Observed::Pending,
            Before::Done => Observed::Done,
            Before::Drifted => Observed::Drifted("another colour".into()),
            Before::UnderWay(until, _) if self.now < *until && until % 2 == 0 => Observed::InProgress,
            Before::UnderWay(until, _) if self.now < *until => Observed::Going("half of it".into()),
            Before::UnderWay(_, true) => Observed::Done,
            Before::UnderWay(_, false) => Observed::Pending,
        }
    }

    fn start(&mut self, op: Op, takes: u64) {
        self.count += 1;
        self.ops.insert((self.now + takes, self.count), op);
    }

    fn looked(&mut self, which: Vec<usize>) {
        assert!(!which.is_empty(), "a look at nothing");
        assert!(!self.ops.values().any(|op| matches!(op, Op::Look(..))), "two looks at once");
        let (takes, fails) = self.case.looks[self.looks % self.case.looks.len()];
        self.looks += 1;
        let seen: Vec<_> = which.iter().map(|&i| self.world(i)).collect();
        if !fails {
            for (&i, seen) in which.iter().zip(&seen) {
                if *seen == Observed::Pending {
                    self.known[i].pending = Some(self.now);
                }
            }
        }
        self.start(Op::Look(which, seen, fails), takes);
    }

    fn called(&mut self, i: usize) {
        assert!(!self.stopping, "a call after the stop");
        let kind = self.kinds[i].clone();
        let earlier = match kind.past {
            Past::Tried(calls) => calls,
            _ => 0,
        };
        let known = &self.known[i];
        assert!(known.intents > known.calls, "{i}: called without a durable intent");
        assert!(!known.settled, "{i}: called after it was settled");
        assert!(known.calls + earlier < CALLS, "{i}: called too often");
        match kind.repeat {
            Repeat::Safe => {}
            Repeat::Never => {
                assert_eq!(known.calls, 0, "{i}: called twice");
                assert!(!matches!(kind.past, Past::Tried(_)), "{i}: an earlier process may have called it");
            }
            Repeat::IfPending => {
                let pending = known.pending.expect("seen pending");
                if let Some((ended, effect)) = known.ended {
                    let settled = if effect == Effect::None { ended } else { ended + kind.settle };
                    assert!(pending >= settled, "{i}: called again at {}, seen at {pending}, {settled}", self.now);
                }
            }
        }
        let phase = self.phase_of[i];
        let flying: Vec<usize> =
            self.ops.values().filter_map(|op| if let Op::Call(j, _) = op { Some(*j) } else { None }).collect();
        assert!(flying.len() < self.case.phases[phase].0, "wider than the phase");
        assert!(flying.iter().all(|&j| self.phase_of[j] == phase), "two phases at once");
        for (j, other) in self.known.iter().enumerate() {
            let passed = other.settled || matches!(self.kinds[j].past, Past::Confirmed | Past::Drifted);
            assert!(self.phase_of[j] >= phase || passed, "{j} is left behind in an earlier phase");
        }
        if kind.danger != Danger::Nothing && self.known[i].begun.is_none() {
            let number = *self.begun.entry(phase).and_modify(|n| *n += 1).or_insert(1) - 1;
            self.known[i].begun = Some(number);
            self.climbed(phase, number);
        }
        self.known[i].calls += 1;
        let good = Script { shows: Some(0), takes: 3, error: None, auth: false, retry_after: None };
        let script = kind.calls.get(self.known[i].calls as usize - 1).cloned().unwrap_or(good);
        let takes = script.takes;
        self.start(Op::Call(i, script), takes);
    }

    /// One, two, four … and each step is settled before the next.
    fn climbed(&self, phase: usize, number: usize) {
        if self.ramped[&phase] <= 5 {
            return;
        }
        let width = self.case.phases[phase].0;
        let (mut step, mut bound) = (1, 1);
        loop {
            if number < bound {
                return;
            }
            for (j, other) in self.known.iter().enumerate() {
                let earlier = self.phase_of[j] == phase && other.begun.is_some_and(|n| n < bound);
                assert!(!earlier || other.settled, "change {number} of phase {phase} begins before {j} is settled");
            }
            step *= 2;
            if step >= width {
                return;
            }
            bound += step;
        }
    }

    /// The op that ends first; what came of it.
    fn finish(&mut self, walk: &mut Walk) {
        let ((at, _), op) = self.ops.pop_first().expect("something is under way");
        self.now = self.now.max(at);
        let now = time(self.now);
        self.trace.push(format!("{} {op:?}", self.now));
        let changes = match op {
            Op::Look(_, _, true) => walk.blind("no answer", now),
            Op::Look(which, seen, false) => {
                let phase = self.phase_of[which[0]];
                if !self.ramped.contains_key(&phase) {
                    let left = which.iter().zip(&seen).filter(|(i, seen)| {
                        let wanted = matches!(seen, Observed::Pending | Observed::InProgress | Observed::Going(_));
                        let tired =
                            self.kinds[**i].repeat == Repeat::Safe && matches!(self.kinds[**i].past, Past::Tried(3..));
                        wanted && !(tired && **seen == Observed::Pending) && self.kinds[**i].danger != Danger::Nothing
                    });
                    let count = left.count();
                    self.ramped.insert(phase, count);
                }
                walk.observed(&which, seen, now)
            }
            Op::Intend(which) => {
                which.iter().for_each(|&i| self.known[i].intents += 1);
                walk.intended(&which);
                Vec::new()
            }
            Op::Call(i, script) => {
                let known = &mut self.known[i];
                known.ended = Some((self.now, script.error.map_or(Effect::Certain, |(effect, _)| effect)));
                if let Some(after) = script.shows {
                    known.effects += 1;
                    known.visible.push(self.now + after);
                }
                let result = script.error.map_or(Ok(()), |(effect, retryable)| {
                    let retry_after = script.retry_after.map(Duration::from_millis);
                    Err(Failure { effect, retryable, auth: script.auth, retry_after, text: "no".into() })
                });
                walk.performed(i, result, now)
            }
        };
        self.check(&changes);
    }

    fn check(&mut self, changes: &[Change]) {
        self.trace.extend(changes.iter().map(|change| format!("{change:?}")));
        let mut must_stop = false;
        for change in changes {
            match change {
                Change::Confirmed(i) | Change::AlreadyDone(i) => {
                    assert_eq!(self.world(*i), Observed::Done, "{i} is called done");
                    let ours = self.known[*i].calls > 0 || matches!(self.kinds[*i].past, Past::Tried(_));
                    let before = !matches!(self.kinds[*i].before, Before::Pending);
                    assert!(before || matches!(change, Change::Confirmed(_)) == ours, "{i}: whose effect is it?");
                    self.settle(*i);
                }
                Change::Failed(i, _) => {
                    self.failures += 1;
                    must_stop |= self.kinds[*i].danger.is_destructive() || self.failures >= 3;
                    self.settle(*i);
                }
                Change::Drifted(i, _) | Change::Unknown(i, _) => {
                    must_stop = true;
                    self.settle(*i);
                }
                Change::Going(i, how) => {
                    assert_eq!(how, "half of it");
                    assert!(!std::mem::replace(&mut self.known[*i].told, true), "{i}: the same was told twice");
                }
                Change::Stopping(why) => {
                    assert!(!self.stopping, "stopped twice");
                    self.stopping = true;
                    if matches!(why, Stop::Failures(_)) {
                        assert!(self.failures > 0);
                    }
                }
            }
        }
        assert!(!must_stop || self.stopping, "it goes on after {changes:?}");
    }

    fn settle(&mut self, i: usize) {
        assert!(!self.known[i].settled, "{i} is settled twice");
        self.known[i].settled = true;
    }

    /// Walks to the end.
    fn run(&mut self, walk: &mut Walk) -> Outcome {
        let mut reports = 0;
        loop {
            if self.case.stop_after == Some(reports) && !self.stopping {
                let change = walk.stop(Stop::Asked);
                self.check(&change.into_iter().collect::<Vec<_>>());
            }
            assert!(reports < 10_000, "it does not end");
            let mut asked = 0;
            let until = loop {
                asked += 1;
                assert!(asked < 300, "it asks for ever");
                let next = walk.next(time(self.now));
                self.trace.push(format!("{} {next:?}", self.now));
                match next {
                    Next::Look(which) => self.looked(which),
                    Next::Intend(which) => {
                        assert!(!self.stopping && !which.is_empty());
                        let safe = which.iter().all(|&i| self.kinds[i].repeat == Repeat::Safe);
                        assert!(safe || which.len() == 1, "only safe ones are intended in blocks");
                        let takes = self.case.intents[self.count % self.case.intents.len()];
                        self.start(Op::Intend(which), takes);
                    }
                    Next::Perform(i) => self.called(i),
                    Next::Until(at) => {
                        assert!(at > time(self.now), "until a time that has passed");
                        break Some(at);
                    }
                    Next::Await => {
                        assert!(!self.ops.is_empty(), "it waits for nothing");
                        break None;
                    }
                    Next::End => {
                        assert!(self.ops.is_empty(), "it ends while something is under way");
                        return walk.outcome();
                    }
                }
            };
            let first = self.ops.first_key_value().map(|((at, _), _)| *at);
            match until {
                Some(at) if first.is_none_or(|first| ms(at) < first) => self.now = ms(at),
                _ => self.finish(walk),
            }
            reports += 1;
        }
    }
}

fn walk(case: &Case) -> (Vec<String>, Outcome) {
    let plan = plan_of(case);
    let mut model = Model::new(case);
    let pasts: Vec<Past> = model.kinds.iter().map(|kind| kind.past).collect();
    let mut walk = Walk::resume(&plan, |i| pasts[i]);
    let outcome = model.run(&mut walk);

    let (done, left) = (walk.done(), walk.left());
    assert_eq!(done.len() + left.len(), plan.len());
    for (i, known) in model.known.iter().enumerate() {
        assert!(known.calls == 0 || known.intents > 0);
        let seen = known.settled && model.world(i) == Observed::Done || pasts[i] == Past::Confirmed;
        assert!(!done.contains(&i) || seen, "{i} is done and not seen");
        match model.kinds[i].repeat {
            Repeat::Never => assert!(known.effects <= 1, "{i}: {} effects", known.effects),
            // An effect always shows before its time is over, so none is ever doubled.
            Repeat::IfPending => assert!(known.effects <= 1, "{i}: {} effects", known.effects),
            Repeat::Safe => assert!(known.effects <= CALLS),
        }
    }
    match outcome {
        Outcome::Done => {
            assert!(walk.stopped().is_none());
            assert!(left.iter().all(|&i| pasts[i] == Past::Drifted), "done, and {left:?} are left");
        }
        _ => assert!(walk.stopped().is_some(), "{outcome} without a reason"),
    }
    assert_eq!(walk.next(time(model.now)), Next::End);
    (model.trace, outcome)
}

/// More cases than usual; `PROPTEST_CASES` asks for even more.
fn often() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.max(600), failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(often())]

    #[test]
    fn every_promise_holds_in_every_order(case in case()) {
        let (first, outcome) = walk(&case);
        let (second, again) = walk(&case);
        prop_assert_eq!(first, second, "the same reports at the same times lead elsewhere");
        prop_assert_eq!(outcome, again);
    }

    /// Reports of an engine that has lost count: they change nothing, and nothing panics.
    #[test]
    fn reports_about_what_was_not_asked_for_change_nothing(
        reports in prop::collection::vec((0..4_u8, 0..12_usize, any::<bool>()), 0..40),
    ) {
        let plan = Paint::alike(8, 3, |spec| spec).plan_at(&World::still(), Target::sandbox(), Timestamp::UNIX_EPOCH);
        let mut walk = Walk::new(&plan);
        let mut pristine = walk.clone();
        for (kind, i, good) in reports {
            match kind {
                0 => assert!(walk.observed(&[i], vec![Observed::Done], time(1)).is_empty()),
                1 => assert!(walk.blind("?", time(1)).is_empty()),
                2 => walk.intended(&[i]),
                _ => {
                    let result = if good { Ok(()) } else { Err(Failure::lost()) };
                    assert!(walk.performed(i, result, time(1)).is_empty());
                }
            }
        }
        prop_assert_eq!(walk.next(time(2)), pristine.next(time(2)));
    }
}

/// Two of a kind that is not safe to repeat, in the ramp, refused at first: the canary must not wait behind what waits
/// for it.
#[test]
fn what_the_ramp_waits_for_never_waits_behind_the_ramp() {
    let mut specs: Vec<Spec> = (0..40).map(Spec::new).collect();
    specs[0].repeat = Repeat::IfPending;
    let plan = Paint::phases(vec![(10, specs)]).plan_at(&World::still(), Target::sandbox(), Timestamp::UNIX_EPOCH);
    let mut walk = Walk::new(&plan);
    let Next::Look(all) = walk.next(time(0)) else { panic!("a look first") };
    walk.observed(&all, vec![Observed::Pending; all.len()], time(0));
    assert_eq!(walk.next(time(0)), Next::Intend(vec![0]));
    walk.intended(&[0]);
    assert_eq!(walk.next(time(0)), Next::Perform(0));
    let Next::Intend(rest) = walk.next(time(0)) else { panic!("the safe ones are intended ahead") };
    walk.intended(&rest);
    let refused = Failure { effect: Effect::None, ..Failure::lost() };
    walk.performed(0, Err(refused), time(10));
    assert_eq!(walk.next(time(10)), Next::Look(vec![0]));
    walk.observed(&[0], vec![Observed::Pending], time(11));
    let Next::Until(at) = walk.next(time(11)) else { panic!("it rests") };
    assert_eq!(walk.next(at), Next::Intend(vec![0]));
    walk.intended(&[0]);
    assert_eq!(walk.next(at), Next::Perform(0));
}

/// How far it is, is told when it is news; what the system gave up has failed, and is not called again.
#[test]
fn who_waits_hears_how_far_it_is_and_why_it_failed() {
    let spec = Spec { settle_ms: 60_000, ..Spec::new(0).repeat(Repeat::IfPending).danger(Danger::Disruptive) };
    let plan = Paint::phases(vec![(1, vec![spec])]).plan_at(&World::still(), Target::sandbox(), Timestamp::UNIX_EPOCH);
    let mut walk = Walk::new(&plan);
    assert_eq!(walk.next(time(0)), Next::Look(vec![0]));
    walk.observed(&[0], vec![Observed::Pending], time(0));
    assert_eq!(walk.next(time(0)), Next::Intend(vec![0]));
    walk.intended(&[0]);
    assert_eq!(walk.next(time(0)), Next::Perform(0));
    walk.performed(0, Ok(()), time(10));
    let mut now = time(10);
    let mut look = |seen: Observed| {
        loop {
            match walk.next(now) {
                Next::Until(at) => now = at,
                next => break assert_eq!(next, Next::Look(vec![0])),
            }
        }
        walk.observed(&[0], vec![seen], now)
    };
    let going = |how: &str| Observed::Going(how.into());
    assert_eq!(look(going("one of two")), [Change::Going(0, "one of two".into())]);
    assert_eq!(look(going("one of two")), []);
    assert_eq!(look(going("both")), [Change::Going(0, "both".into())]);
    let why = "it fell off the wall";
    let end = [Change::Failed(0, why.into()), Change::Stopping(Stop::Failures(why.into()))];
    assert_eq!(look(Observed::Failed(why.into())), end);
    assert_eq!(walk.next(time(120_000)), Next::End);
    assert_eq!(walk.left(), [0]);
}

/// The answer of a slow look is as old as its question.
#[test]
fn a_slow_look_makes_nothing_overdue() {
    let paint = Paint::alike(1, 1, |spec| Spec { settle_ms: 1000, ..spec.repeat(Repeat::IfPending) });
    let plan = paint.plan_at(&World::still(), Target::sandbox(), Timestamp::UNIX_EPOCH);
    let mut walk = Walk::new(&plan);
    assert_eq!(walk.next(time(0)), Next::Look(vec![0]));
    walk.observed(&[0], vec![Observed::Pending], time(0));
    walk.next(time(0));
    walk.intended(&[0]);
    assert_eq!(walk.next(time(0)), Next::Perform(0));
    walk.performed(0, Ok(()), time(1));
    assert_eq!(walk.next(time(1)), Next::Look(vec![0]));
    assert!(walk.observed(&[0], vec![Observed::Pending], time(5000)).is_empty());
    let Next::Until(at) = walk.next(time(5000)) else { panic!("asked at 1 ms, the effect had 1 ms to show") };
    assert_eq!(walk.next(at), Next::Look(vec![0]));
    assert_eq!(walk.observed(&[0], vec![Observed::Done], at), vec![Change::Confirmed(0)]);
}

/// A credential that is refused after a first attempt that may have worked leaves the outcome open.
#[test]
fn a_refused_credential_hides_no_earlier_attempt() {
    let paint = Paint::alike(1, 1, |spec| spec.repeat(Repeat::Never));
    let plan = paint.plan_at(&World::still(), Target::sandbox(), Timestamp::UNIX_EPOCH);
    let mut walk = Walk::new(&plan);
    walk.next(time(0));
    walk.observed(&[0], vec![Observed::Pending], time(0));
    walk.next(time(0));
    walk.intended(&[0]);
    assert_eq!(walk.next(time(0)), Next::Perform(0));
    let changes = walk.performed(0, Err(Failure { auth: true, ..Failure::lost() }), time(1));
    assert!(matches!(changes[..], [Change::Stopping(Stop::Credential(_))]));
    assert_eq!(walk.next(time(1)), Next::Look(vec![0]));
    walk.observed(&[0], vec![Observed::Pending], time(2));
    assert_eq!(walk.next(time(2)), Next::End);
    assert_eq!(walk.outcome(), Outcome::Unknown);
}

#[test]
fn no_server_can_make_a_run_wait_for_a_year() {
    let plan = Paint::alike(1, 1, |spec| spec).plan_at(&World::still(), Target::sandbox(), Timestamp::UNIX_EPOCH);
    let mut walk = Walk::new(&plan);
    walk.next(time(0));
    walk.observed(&[0], vec![Observed::Pending], time(0));
    walk.next(time(0));
    walk.intended(&[0]);
    walk.next(time(0));
    let year = Duration::from_secs(365 * 24 * 3600);
    let refused = Failure { effect: Effect::None, retry_after: Some(year), ..Failure::lost() };
    walk.performed(0, Err(refused), time(0));
    walk.next(time(0));
    walk.observed(&[0], vec![Observed::Pending], time(1));
    assert_eq!(walk.next(time(1)), Next::Until(time(3_600_000)));
}

/// A plan that is walked only in part has not been walked.
#[test]
fn a_walk_given_up_half_way_is_not_done() {
    let plan = Paint::alike(2, 1, |spec| spec).plan_at(&World::still(), Target::sandbox(), Timestamp::UNIX_EPOCH);
    let walk = Walk::resume(&plan, |i| if i == 0 { Past::Confirmed } else { Past::Untouched });
    assert_eq!(walk.outcome(), Outcome::Stopped);
    let walk = Walk::resume(&plan, |_| Past::Confirmed);
    assert_eq!(walk.outcome(), Outcome::Done);
}
