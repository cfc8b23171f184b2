//! A person's word: every guard that the engine owns, and all that is missing at once.

use jiff::{SignedDuration, Timestamp};
use ops_plan::{Approval, Danger, Error, Expect, Finding, Limits, Plan, Problem, Target};

use crate::world::{Paint, Spec, World};

fn noon() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn plan(paint: &Paint, target: Target) -> Plan {
    paint.plan_at(&World::still(), target, noon())
}

/// So many alike, of so many.
fn some(count: u32, population: usize) -> Paint {
    Paint { population: Some(population), ..Paint::alike(count, 10, |spec| spec) }
}

fn word(plan: &Plan) -> Approval {
    Approval::new(plan.digest(), "ada", noon() + SignedDuration::from_mins(1))
}

/// What is missing, by guard.
fn missing(plan: Plan, approval: Approval) -> Vec<String> {
    problems(plan, approval).into_iter().map(|problem| problem.guard).collect()
}

fn problems(plan: Plan, approval: Approval) -> Vec<Problem> {
    let digest = plan.digest();
    match plan.approve(approval) {
        Ok(_) => Vec::new(),
        Err((back, Error::Refused(refusal))) => {
            assert_eq!(back.digest(), digest, "the plan comes back as it was");
            assert!(refusal.problems.iter().all(|problem| !problem.remedy.is_empty()));
            let text = refusal.to_string();
            assert!(text.starts_with("refused, nothing was changed"));
            assert!(refusal.problems.iter().all(|problem| text.contains(&problem.text)));
            refusal.problems
        }
        Err((_, error)) => panic!("{error}"),
    }
}

#[test]
fn one_object_in_an_ordinary_place_needs_nothing_but_a_word() {
    let plan = plan(&some(1, 100), Target::new("test"));
    let word = word(&plan);
    assert!(missing(plan, word).is_empty());
}

#[test]
fn a_word_is_for_one_plan() {
    let (first, second) = (plan(&some(1, 100), Target::new("test")), plan(&some(2, 100), Target::new("test")));
    let word = word(&second).expecting(Expect::exactly(1));
    assert_eq!(missing(first, word), ["digest"]);
}

#[test]
fn every_part_of_a_plan_is_in_its_digest() {
    let base = some(3, 100);
    let digest = |paint: &Paint, target: Target, at: Timestamp| paint.plan_at(&World::still(), target, at).digest();
    let first = digest(&base, Target::new("test"), noon());
    assert_eq!(first, digest(&base, Target::new("test"), noon()), "the same question of the same world");
    let mut others = vec![
        digest(&base, Target::new("best"), noon()),
        digest(&base, Target::production("test"), noon()),
        digest(&base, Target::new("test"), noon() + SignedDuration::from_secs(1)),
    ];
    for other in [
        Paint { population: Some(101), ..base.clone() },
        Paint { one_by_one: true, ..base.clone() },
        Paint { subjects: vec!["south".into()], ..base.clone() },
        Paint { findings: vec![Finding::warn("wet", "it rains")], ..base.clone() },
        Paint { settles: vec!["wash-1".into()], ..base.clone() },
        Paint { later: vec!["clean the brushes".into()], ..base.clone() },
        Paint { population: Some(100), ..Paint::alike(3, 9, |spec| spec) },
        Paint { population: Some(100), ..Paint::alike(3, 10, |spec| Spec { to: 2, ..spec }) },
        // Only a fact differs.
        Paint { population: Some(100), ..Paint::alike(3, 10, Spec::forgetful) },
    ] {
        others.push(digest(&other, Target::new("test"), noon()));
    }
    for (i, one) in others.iter().enumerate() {
        assert_ne!(*one, first, "number {i}");
        assert!(!others[..i].contains(one), "number {i}");
    }
}

#[test]
fn a_plan_grows_old() {
    let at = |minutes: i64, limits: Limits| {
        let plan = plan(&some(1, 100), Target::new("test"));
        let word = Approval::new(plan.digest(), "ada", noon() + SignedDuration::from_mins(minutes)).within(limits);
        missing(plan, word)
    };
    assert!(at(15, Limits::default()).is_empty());
    assert_eq!(at(16, Limits::default()), ["freshness"]);
    let mut longer = Limits::default();
    longer.freshness_seconds = 3600;
    assert!(at(59, longer.clone()).is_empty());
    assert_eq!(at(61, longer), ["freshness"]);
    assert!(at(-4, Limits::default()).is_empty(), "clocks differ a little");
    assert_eq!(at(-6, Limits::default()), ["freshness"], "a plan from the future never grows old");
}

#[test]
fn more_than_one_object_is_counted_back() {
    let try_with = |count, target, expect: Option<Expect>| {
        let plan = plan(&some(count, 100_000), target);
        let mut word = word(&plan);
        word.expect = expect;
        missing(plan, word)
    };
    let ordinary = || Target::new("test");
    assert!(try_with(1, ordinary(), None).is_empty());
    assert_eq!(try_with(2, ordinary(), None), ["expected-count"]);
    assert!(try_with(2, ordinary(), Some(Expect::exactly(2))).is_empty());
    assert_eq!(try_with(2, ordinary(), Some(Expect::exactly(3))), ["expected-count"]);
    assert!(try_with(7, ordinary(), Some("7..9".parse().unwrap())).is_empty());
    assert!(try_with(9, ordinary(), Some("7..9".parse().unwrap())).is_empty());
    assert_eq!(try_with(6, ordinary(), Some("7..9".parse().unwrap())), ["expected-count"]);
    assert_eq!(try_with(10, ordinary(), Some("7..9".parse().unwrap())), ["expected-count"]);
    assert!(try_with(9, Target::sandbox(), None).is_empty());
    assert_eq!(try_with(9, Target::sandbox(), Some(Expect::exactly(8))), ["expected-count"], "a wrong count is wrong");
}

#[test]
fn an_expected_count_is_a_number_or_a_range() {
    assert_eq!("214".parse(), Ok(Expect::exactly(214)));
    assert_eq!(" 1400 .. 1500 ".parse(), Ok(Expect { from: 1400, to: 1500 }));
    for wrong in ["", "..", "1..", "..2", "5..4", "-1", "all", "1.5", "1...2", "99999999999999999999"] {
        assert!(wrong.parse::<Expect>().is_err(), "{wrong}");
    }
    assert_eq!(Expect { from: 1, to: 4 }.to_string(), "1..4");
    assert_eq!(Expect::exactly(4).to_string(), "4");
}

#[test]
fn a_large_share_is_a_question() {
    let asked = |count: u32, population: usize, one_by_one: bool| {
        let plan = plan(&Paint { one_by_one, ..some(count, population) }, Target::new("test"));
        let word = word(&plan).expecting(Expect::exactly(u64::from(count)));
        missing(plan, word)
    };
    assert!(asked(50, 10_000, false).is_empty());
    assert_eq!(asked(51, 10_000, false), ["share"]);
    assert!(asked(5, 5, false).is_empty(), "five are few");
    assert_eq!(asked(6, 59, false), ["share"], "10.2 % is more than 10 %");
    assert!(asked(6, 60, false).is_empty());
    assert!(asked(20, 20, true).is_empty(), "named one by one");
    assert_eq!(asked(21, 21, true), ["share"], "nobody names 21 things with care");
}

#[test]
fn the_share_is_answered_with_a_reason_or_by_the_limits() {
    let with = |target: Target, change: &dyn Fn(Approval) -> Approval| {
        let plan = plan(&some(200, 300), target);
        let word = change(word(&plan).expecting(Expect::exactly(200)));
        missing(plan, word)
    };
    assert_eq!(with(Target::new("test"), &|word| word), ["share"]);
    assert_eq!(with(Target::new("test"), &|word| word.accepting("share", "  ")), ["share"], "a reason, please");
    assert!(with(Target::new("test"), &|word| word.accepting("share", "the whole wall was asked for")).is_empty());
    assert!(with(Target::sandbox(), &|word| word).is_empty());
    let mut wide = Limits::default();
    (wide.max_count, wide.max_percent) = (1000, 80);
    assert!(with(Target::new("test"), &|word| word.within(wide.clone())).is_empty());
    wide.max_percent = 66;
    assert_eq!(with(Target::new("test"), &|word| word.within(wide.clone())), ["share"], "66.6 % is more than 66 %");
}

#[test]
fn asks_need_a_reason_and_blocks_never_pass() {
    let findings = vec![
        Finding::pass("dry", "no rain in sight"),
        Finding::warn("old", "the paint is old"),
        Finding::ask("wet", "the wall is wet", "it is meant to be painted wet"),
        Finding::block("owner", "the wall is another's"),
    ];
    let with = |names: &[(&str, &str)]| {
        let plan = plan(&Paint { findings: findings.clone(), ..some(1, 100) }, Target::sandbox());
        let mut word = word(&plan);
        for (name, reason) in names {
            word = word.accepting(*name, *reason);
        }
        missing(plan, word)
    };
    assert_eq!(with(&[]), ["wet", "owner"]);
    assert_eq!(with(&[("wet", "")]), ["wet", "owner"]);
    assert_eq!(with(&[("wet", "fresco")]), ["owner"]);
    assert_eq!(with(&[("wet", "fresco"), ("owner", "they will not mind")]), ["owner"], "a block is no question");
}

#[test]
fn production_is_typed_back() {
    let with = |echo: Option<&str>| {
        let plan = plan(&some(1, 100), Target::production("palace"));
        let mut word = word(&plan);
        word.echo = echo.map(str::to_owned);
        missing(plan, word)
    };
    assert_eq!(with(None), ["environment"]);
    assert_eq!(with(Some("yes")), ["environment"]);
    assert_eq!(with(Some("Palace")), ["environment"]);
    assert!(with(Some("palace")).is_empty());
}

#[test]
fn what_cannot_be_taken_back_is_named_one_by_one() {
    let paint = Paint::alike(2, 10, |spec| spec.danger(Danger::Irreversible));
    let with = |keys: &[&str]| {
        let plan = plan(&paint, Target::sandbox());
        let mut word = word(&plan);
        for key in keys {
            word = word.naming(*key);
        }
        problems(plan, word)
    };
    let both = with(&[]);
    assert_eq!(both.len(), 1);
    assert!(both[0].text.contains("2 actions") && both[0].remedy.contains("0:0-1"), "{both:?}");
    let one = with(&["0:0-1"]);
    assert!(one[0].text.contains("1 actions") && one[0].text.contains("1:0-1"), "{one:?}");
    assert!(with(&["0:0-1", "1:0-1"]).is_empty());
}

#[test]
fn waits_are_neither_counted_nor_limited() {
    let specs = (0..80).map(|thing| Spec::new(thing).danger(Danger::Nothing)).collect();
    let paint = Paint { population: Some(80), ..Paint::phases(vec![(10, specs)]) };
    let plan = plan(&paint, Target::new("test"));
    assert!(plan.is_empty());
    let word = word(&plan);
    assert!(missing(plan, word).is_empty());
}

#[test]
fn all_that_is_missing_is_said_at_once() {
    let specs = (0..60).map(|thing| Spec::new(thing).danger(Danger::Irreversible)).collect();
    let paint = Paint {
        population: Some(60),
        findings: vec![Finding::ask("wet", "the wall is wet", "meant"), Finding::block("owner", "another's")],
        ..Paint::phases(vec![(10, specs)])
    };
    let other = plan(&some(1, 1), Target::sandbox()).digest();
    let plan = plan(&paint, Target::production("palace"));
    let word = Approval::new(other, "ada", noon() + SignedDuration::from_hours(2));
    assert_eq!(
        missing(plan, word),
        ["digest", "freshness", "wet", "owner", "share", "expected-count", "environment", "irreversible"]
    );
}

#[test]
fn two_actions_with_one_key_are_a_defect_of_the_recipe() {
    let paint = Paint::phases(vec![(1, vec![Spec::new(1), Spec::new(2), Spec::new(1)])]);
    let world = World::still();
    let ask = ops_plan::Ask::new(&paint, Target::sandbox(), noon()).unwrap();
    let registry = Paint::registry(&world);
    let error = crate::world::block_on(ops_plan::Host::plan(&registry, ask)).unwrap_err();
    assert!(error.to_string().contains("1:0-1"), "{error}");
}
