//! Another engine: no tokio, no files. Like a durable workflow engine it keeps a history of results, dies at any step, and
//! replays its history into a fresh walk. It drives the same jobs as the runner of one machine.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ops_client::Effect;
use ops_plan::{Approval, Change, Danger, Failure, Host, Job, Next, Observed, Outcome, Repeat, Target, Walk};

use crate::world::{Paint, Reply, Spec, World, block_on};

/// What the engine keeps: results and times, never what the walk thinks.
#[derive(Clone, Debug)]
enum Record {
    Woke,
    Saw(Vec<usize>, Vec<Observed>),
    Intended(Vec<usize>),
    Called(usize, Result<(), Failure>),
}

/// The history, with the time of each record. It is all that survives.
type History = Vec<(u64, Record)>;

/// What the walk asked for and no record answers.
#[derive(Clone, Debug)]
enum Step {
    Look(Vec<usize>),
    Intend(Vec<usize>),
    Call(usize),
}

/// When the process dies, counted in steps: before a step does anything, or after it did and before it is written down.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Death {
    Before(usize),
    After(usize),
}

struct Process<'a> {
    job: &'a dyn Job,
    world: &'a World,
    walk: Walk,
    steps: Vec<Step>,
    now: u64,
    /// Which of the steps that are under way ends next: engines promise no order.
    dice: u64,
}

fn time(ms: u64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_millis(i64::try_from(ms).unwrap())
}

impl<'a> Process<'a> {
    /// A process that knows nothing but the history.
    fn awake(job: &'a dyn Job, world: &'a World, history: &mut History) -> Self {
        let now = history.last().map_or(0, |(at, _)| *at);
        let mut process = Self { job, world, walk: Walk::of(job), steps: Vec::new(), now: 0, dice: 7 };
        process.ask();
        for (at, record) in history.iter().cloned() {
            process.take(at, record);
        }
        assert_eq!(process.now, now);
        // Calls that were asked for and have no result may have been made: nobody will ever report them.
        let lost: Vec<usize> =
            process.steps.iter().filter_map(|step| if let Step::Call(i) = step { Some(*i) } else { None }).collect();
        for i in lost {
            process.keep(history, Record::Called(i, Err(Failure::lost())));
        }
        process
    }

    fn keep(&mut self, history: &mut History, record: Record) -> Vec<Change> {
        history.push((self.now, record.clone()));
        self.take(self.now, record)
    }

    /// One record into the walk: the same for one that was just made and for one of a year ago.
    fn take(&mut self, at: u64, record: Record) -> Vec<Change> {
        self.now = at;
        let now = time(at);
        let changes = match &record {
            Record::Woke => Vec::new(),
            Record::Saw(which, seen) => self.walk.observed(which, seen.clone(), now),
            Record::Intended(which) => {
                self.walk.intended(which);
                Vec::new()
            }
            Record::Called(i, result) => self.walk.performed(*i, result.clone(), now),
        };
        let answered = |step: &Step| match (step, &record) {
            (Step::Look(_), Record::Saw(..)) | (Step::Intend(_), Record::Intended(_)) => true,
            (Step::Call(i), Record::Called(j, _)) => i == j,
            _ => false,
        };
        if !matches!(record, Record::Woke) {
            let place = self.steps.iter().position(answered).expect("a record answers a step");
            self.steps.remove(place);
        }
        self.ask();
        changes
    }

    /// Asks until there is nothing more to start now.
    fn ask(&mut self) -> Option<u64> {
        loop {
            match self.walk.next(time(self.now)) {
                Next::Look(which) => self.steps.push(Step::Look(which)),
                Next::Intend(which) => self.steps.push(Step::Intend(which)),
                Next::Perform(i) => self.steps.push(Step::Call(i)),
                Next::Until(at) => return u64::try_from(at.duration_since(time(0)).as_millis()).ok().map(|ms| ms + 1),
                Next::Await | Next::End => return None,
            }
        }
    }

    /// Works until the end, or until it dies. Answers how many steps it made, and how it ended.
    fn work(&mut self, history: &mut History, death: Option<Death>) -> (usize, Option<Outcome>) {
        for number in 0.. {
            if self.steps.is_empty() {
                match self.ask() {
                    Some(at) => {
                        self.now = at;
                        self.keep(history, Record::Woke);
                    }
                    None if self.steps.is_empty() => {
                        assert_eq!(self.walk.next(time(self.now)), Next::End);
                        return (number, Some(self.walk.outcome()));
                    }
                    None => {}
                }
                if self.steps.is_empty() {
                    continue;
                }
            }
            if death == Some(Death::Before(number)) {
                return (number, None);
            }
            self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let step = self.steps[(self.dice >> 33) as usize % self.steps.len()].clone();
            self.now += 3;
            self.world.set_time(self.now);
            let record = match step {
                Step::Look(which) => match block_on(self.job.observe(&which)) {
                    Ok(seen) => Record::Saw(which, seen),
                    Err(error) => panic!("{error}"),
                },
                Step::Intend(which) => Record::Intended(which),
                Step::Call(i) => {
                    Record::Called(i, block_on(self.job.perform(i)).map_err(|error| Failure::from(&error)))
                }
            };
            if death == Some(Death::After(number)) {
                return (number, None);
            }
            self.keep(history, record);
        }
        unreachable!("the loop returns")
    }
}

fn kind(thing: u32) -> Repeat {
    match thing % 5 {
        0 => Repeat::IfPending,
        1 => Repeat::Never,
        _ => Repeat::Safe,
    }
}

/// 200 actions in two phases. Some effects show late, some calls fail and some lose their answer.
fn stage(kinds: fn(u32) -> Repeat) -> (World, Arc<dyn Job>) {
    let world = World::still();
    let spec = |thing| Spec { settle_ms: 800, ..Spec::new(thing).repeat(kinds(thing)) };
    let paint = Paint::phases(vec![(10, (0..120).map(spec).collect()), (4, (120..200).map(spec).collect())]);
    for thing in (0..200).filter(|thing| thing % 7 == 0) {
        world.reply(thing, [Reply::good().showing_after(400)]);
    }
    for thing in (0..200).filter(|thing| thing % 11 == 3 && thing % 7 != 0) {
        world.reply(thing, [Reply::lost()]);
    }
    for thing in (0..200).filter(|thing| thing % 13 == 4 && thing % 5 != 1) {
        world.reply(thing, [Reply::refused(ops_client::ErrorKind::Unavailable)]);
    }
    let plan = paint.plan_at(&world, Target::sandbox(), time(0));
    let approval = Approval::new(plan.digest(), "night shift", time(1));
    let approved = plan.approve(approval).map_err(|(_, error)| error).unwrap();
    let job = Paint::registry(&world).open(&approved).unwrap();
    (world, job)
}

/// Checks every effect; answers how many never came.
fn count(world: &World, job: &dyn Job, deaths: u32) -> usize {
    let mut missing = 0;
    for card in job.plan().cards() {
        let effects = world.effects_of(&card.key);
        let most = if card.repeat == Repeat::Safe { 1 + deaths } else { 1 };
        assert!(effects <= most, "{}: {effects} effects, {:?}", card.key, card.repeat);
        missing += usize::from(effects == 0);
    }
    missing
}

#[test]
fn another_engine_drives_the_same_job() {
    let (world, job) = stage(kind);
    let mut history = History::new();
    let (steps, outcome) = Process::awake(&*job, &world, &mut history).work(&mut history, None);
    assert_eq!(outcome, Some(Outcome::Done));
    assert!(steps > 200);
    assert_eq!(count(&world, &*job, 0), 0);
    assert!(job.plan().cards().all(|card| card.danger == Danger::Reversible));
}

/// It dies before or after each of its steps, once; the next process has only the history.
#[test]
fn it_may_die_before_and_after_every_step() {
    let safe_or_looked_at = |thing| if thing % 5 == 0 { Repeat::IfPending } else { Repeat::Safe };
    let (world, job) = stage(safe_or_looked_at);
    let mut history = History::new();
    let (steps, _) = Process::awake(&*job, &world, &mut history).work(&mut history, None);
    for number in 0..steps {
        for death in [Death::Before(number), Death::After(number)] {
            let (world, job) = stage(safe_or_looked_at);
            let mut history = History::new();
            let died = Process::awake(&*job, &world, &mut history).work(&mut history, Some(death));
            assert_eq!(died, (number, None));
            let (_, outcome) = Process::awake(&*job, &world, &mut history).work(&mut history, None);
            assert_eq!(outcome, Some(Outcome::Done), "{death:?}");
            assert_eq!(count(&world, &*job, 1), 0, "{death:?}: something is lost");
        }
    }
}

/// What must never be repeated is never repeated; where it was not called either, a person is told so.
#[test]
fn what_must_not_be_repeated_is_not_whenever_it_dies() {
    let (world, job) = stage(kind);
    let mut history = History::new();
    let (steps, _) = Process::awake(&*job, &world, &mut history).work(&mut history, None);
    let (mut done, mut unknown) = (0, 0);
    for number in 0..steps {
        for death in [Death::Before(number), Death::After(number)] {
            let (world, job) = stage(kind);
            let mut history = History::new();
            Process::awake(&*job, &world, &mut history).work(&mut history, Some(death));
            let mut second = Process::awake(&*job, &world, &mut history);
            let (_, outcome) = second.work(&mut history, None);
            let missing = count(&world, &*job, 1);
            match outcome {
                Some(Outcome::Done) => {
                    done += 1;
                    assert_eq!(missing, 0, "{death:?}");
                }
                Some(Outcome::Unknown) => {
                    unknown += 1;
                    let never = |i: &usize| job.plan().card(*i).is_some_and(|card| card.repeat == Repeat::Never);
                    assert!(second.walk.left().iter().any(never), "{death:?}: nothing here is past telling");
                }
                other => panic!("{death:?}: {other:?}"),
            }
        }
    }
    assert!(done > steps && unknown > 0, "{done} done, {unknown} unknown");
}

/// One step a process: it dies after every single one, and gets to the end nevertheless.
#[test]
fn it_gets_to_the_end_with_one_step_a_life() {
    let world = World::still();
    let paint = Paint::alike(30, 1, |spec| Spec { settle_ms: 800, ..spec.repeat(Repeat::IfPending) });
    let plan = paint.plan_at(&world, Target::sandbox(), time(0));
    let approval = Approval::new(plan.digest(), "night shift", time(1));
    let approved = plan.approve(approval).map_err(|(_, error)| error).unwrap();
    let job = Paint::registry(&world).open(&approved).unwrap();
    let mut history = History::new();
    for lives in 0.. {
        assert!(lives < 1000, "it does not end");
        let before = history.len();
        let mut process = Process::awake(&*job, &world, &mut history);
        // Each life calls, and dies with the result; or does one thing that is written down, and dies with the next.
        let calls = process.steps.iter().any(|step| matches!(step, Step::Call(_)));
        let death = if calls { Death::After(0) } else { Death::After(1) };
        if let (_, Some(outcome)) = process.work(&mut history, Some(death)) {
            assert_eq!(outcome, Outcome::Done);
            break;
        }
        assert!(history.len() > before, "a life without a trace");
    }
    assert_eq!(count(&world, &*job, 0), 0);
    assert!(
        history.iter().any(|(_, record)| matches!(record, Record::Called(_, Err(f)) if f.effect == Effect::Possible))
    );
}
