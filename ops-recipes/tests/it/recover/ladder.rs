//! `next`: by table, and by properties of whole climbs.

use jiff::{SignedDuration, Timestamp};
use ops_recipes::recover::{Attempt, Class, Deploy, Evidence, Failure, Open, Rules, Rung, Step, next};
use proptest::prelude::*;

fn at(minutes: i64) -> Timestamp {
    let begin: Timestamp = "2026-11-26T02:00:00Z".parse().unwrap();
    begin + SignedDuration::from_mins(minutes)
}

/// Failures of these kinds, two versions, three machines.
fn failed(classes: &[Class]) -> Evidence {
    let mut seen = Evidence::none(at(60));
    seen.failures = classes.iter().map(|class| Failure::new("itaipu-core", at(10), *class)).collect();
    (seen.failed_version, seen.worked_version) = (Some("bad".into()), Some("good".into()));
    seen.nodes = Some(3);
    seen
}

fn after(rung: Rung) -> Evidence {
    let mut seen = failed(&[Class::Generic]);
    seen.attempts = vec![Attempt::new(rung, at(20)).by("run")];
    seen
}

fn rules() -> Rules {
    Rules::new().with_nodes(5)
}

#[test]
fn the_order_of_the_runbook() {
    assert_eq!(next(&rules(), &failed(&[Class::Generic])), Step::Rung(Rung::Cycle));
    for pair in Rung::ALL.windows(2) {
        assert_eq!(next(&rules(), &after(pair[0])), Step::Rung(pair[1]), "after {}", pair[0]);
    }
    assert!(matches!(next(&rules(), &after(Rung::RollBack)), Step::Exhausted(_)));
}

#[test]
fn nothing_is_climbed_where_nothing_failed_or_something_lives() {
    assert!(matches!(next(&rules(), &failed(&[])), Step::Done(_)));
    let mut cured = after(Rung::Create);
    (cured.failures, cured.finished) = (Vec::new(), Some(at(40)));
    assert!(matches!(next(&rules(), &cured), Step::Done(_)));
    let mut lives = failed(&[Class::Generic]);
    lives.live = vec!["dagao (RUNNING)".into()];
    assert!(matches!(next(&rules(), &lives), Step::Wait(_)));
    // It was created, and nobody knows what became of it: that is no failure.
    for rung in Rung::ALL.into_iter().filter(|rung| rung.creates()) {
        let mut gone = after(rung);
        gone.failures.clear();
        assert!(matches!(next(&rules(), &gone), Step::Look(_)), "{rung}");
    }
}

#[test]
fn only_what_is_generic_enough_is_climbed_for() {
    use Class::{Code, Generic, Resources, Unknown};
    for (classes, says) in [
        (&[Code][..], Some("triage-failure")),
        (&[Resources], Some("scale-cluster")),
        (&[Unknown], Some("--pattern")),
        (&[Code, Code, Generic], Some("2 of 3 failures: code")),
        (&[Code, Generic, Resources], Some("1 of 3 failures")),
        (&[Code, Generic], None),
        (&[Generic, Generic, Unknown], None),
    ] {
        for mut seen in [failed(classes), after(Rung::Create)] {
            seen.failures = failed(classes).failures;
            match (next(&rules(), &seen), says) {
                (Step::Look(advice), Some(says)) => assert!(advice.contains(says), "{advice}"),
                (Step::Rung(_), None) => {}
                (step, says) => panic!("{classes:?}: {step:?}, not {says:?}"),
            }
        }
    }
    assert!(matches!(next(&rules().with_share(0.9), &failed(&[Code, Generic])), Step::Look(_)));
    assert!(matches!(next(&rules().with_share(0.0), &failed(&[Code])), Step::Look(_)), "none of it is generic");
}

#[test]
fn a_recent_deploy_comes_before_the_first_rung_only() {
    let mut seen = failed(&[Class::Generic]);
    let looked = rules().with_deploys_looked_at(true);
    for (minutes, recent) in [(-111, false), (-109, true), (9, true)] {
        seen.deploys = Some(vec![Deploy::new("dagao 512", at(minutes), "Read more")]);
        assert_eq!(matches!(next(&rules(), &seen), Step::Look(_)), recent, "{minutes}");
        assert_eq!(next(&looked, &seen), Step::Rung(Rung::Cycle));
    }
    let mut begun = after(Rung::Cycle);
    begun.deploys = seen.deploys;
    assert_eq!(next(&rules(), &begun), Step::Rung(Rung::Create));
}

#[test]
fn a_rung_that_was_begun_is_ended_first() {
    let open = || Open::new(Rung::Cycle, at(30), "cycle");
    let mut seen = failed(&[Class::Generic]);
    seen.opens = vec![open()];
    assert_eq!(next(&rules(), &seen), Step::Resume(open()));
    seen.live = vec!["dagao (PENDING)".into()];
    assert_eq!(next(&rules(), &seen), Step::Resume(open()), "although something lives");
    seen.opens = vec![open().running()];
    assert!(matches!(next(&rules(), &seen), Step::Wait(_)));
    seen.live.clear();
    seen.opens = vec![open().stopped()];
    assert_eq!(next(&rules(), &seen), Step::Resume(open().stopped()));
    assert_eq!(next(&rules().anew(true), &seen), Step::Rung(Rung::Cycle));
    seen.opens = vec![open()];
    assert_eq!(next(&rules().anew(true), &seen), Step::Resume(open()), "who died may have left something");
    // What the world shows of it is its own doing, and not all of it.
    seen.attempts = vec![Attempt::new(Rung::Cycle, at(31))];
    assert_eq!(next(&rules(), &seen), Step::Resume(open()));
}

#[test]
fn a_rung_that_would_change_nothing_is_passed_over() {
    let mut seen = after(Rung::Create);
    assert!(matches!(next(&Rules::new(), &seen), Step::Look(advice) if advice.contains("--nodes")));
    seen.nodes = Some(5);
    assert_eq!(next(&rules(), &seen), Step::Rung(Rung::RollBack), "it failed on as many machines");
    for (failed, worked) in [(Some("v"), Some("v")), (Some("v"), None), (None, None)] {
        let mut seen = after(Rung::CreateOnMore);
        (seen.failed_version, seen.worked_version) = (failed.map(Into::into), worked.map(Into::into));
        assert!(matches!(next(&rules(), &seen), Step::Exhausted(_)), "{failed:?} {worked:?}");
    }
}

fn class() -> impl Strategy<Value = Class> {
    prop::sample::select(Class::ALL.to_vec())
}

/// What a night brings after each creation of the job: how its failures are, or none where it ends well.
fn fates() -> impl Strategy<Value = Vec<Option<Vec<Class>>>> {
    prop::collection::vec(prop::option::weighted(0.9, prop::collection::vec(class(), 1..6)), 4)
}

proptest! {
    /// Climbs whole nights: each rung is climbed once and in order, a job is created again only after it failed, and nothing is
    /// climbed for failures that are not generic.
    #[test]
    fn a_climb_goes_up(first in prop::collection::vec(class(), 0..6), fates in fates(), share in 0.1..1.0_f64, nodes in 3..8_u32) {
        let rules = rules().with_share(share);
        let mut seen = failed(&first);
        seen.nodes = Some(nodes);
        let mut fates = fates.into_iter();
        let mut climbed: Vec<Rung> = Vec::new();
        loop {
            let step = next(&rules, &seen);
            prop_assert_eq!(&step, &next(&rules, &seen), "it is a function");
            let Step::Rung(rung) = step else {
                let cured = seen.failures.is_empty();
                prop_assert_eq!(matches!(step, Step::Done(_)), cured, "{:?}", step);
                break;
            };
            let generic = seen.share(Class::Generic);
            prop_assert!(generic >= share && generic > 0.0, "{} for {:?}", rung, seen.failures);
            prop_assert!(climbed.last().is_none_or(|last| rung > *last), "{:?} then {}", climbed, rung);
            climbed.push(rung);
            let minutes = 20 + 10 * i64::try_from(climbed.len()).unwrap();
            seen.attempts.push(Attempt::new(rung, at(minutes)));
            if rung == Rung::ScaleUp {
                seen.nodes = rules.nodes;
            }
            if rung.creates() {
                match fates.next().flatten() {
                    None => (seen.failures, seen.finished) = (Vec::new(), Some(at(minutes + 1))),
                    Some(classes) => {
                        let failure = |class: &Class| Failure::new("dagao", at(minutes + 1), *class);
                        seen.failures = classes.iter().map(failure).collect();
                    }
                }
            }
        }
        prop_assert!(climbed.len() <= Rung::ALL.len());
    }

    /// Whatever else is so: while something lives or a process is at it, and without a failure, nothing is climbed.
    #[test]
    fn nothing_is_climbed_beside_what_lives(classes in prop::collection::vec(class(), 0..4), rung in prop::sample::select(Rung::ALL.to_vec()), running: bool) {
        let mut seen = after(rung);
        seen.failures = failed(&classes).failures;
        if running {
            seen.opens = vec![Open::new(rung, at(50), "other").running()];
        } else {
            seen.live = vec!["itaipu-core (RUNNING)".into()];
        }
        prop_assert!(matches!(next(&rules(), &seen), Step::Wait(_)));
        (seen.live, seen.opens, seen.failures) = (Vec::new(), Vec::new(), Vec::new());
        prop_assert!(!matches!(next(&rules(), &seen), Step::Rung(_)));
    }
}
