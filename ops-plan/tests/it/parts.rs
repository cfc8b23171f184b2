//! Parts of a plan: read, approved and walked apart, as an engine of many machines does.

use jiff::Timestamp;
use ops_plan::{Approval, Approved, BLOCK, Danger, Error, Expect, Host, Next, Outcome, Part, Plan, Target, Walk};

use crate::world::{Paint, World, block_on};

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn whole(world: &World, count: u32, danger: Danger) -> Plan {
    Paint::alike(count, 4, |spec| spec.danger(danger)).plan_at(world, Target::new("test"), now())
}

fn word(plan: &Plan) -> Approval {
    let count = Expect::exactly(plan.head().changes() as u64);
    Approval::new(plan.digest(), "ada", now()).expecting(count).accepting("share", "a test")
}

/// Walks to the end, one thing at a time; answers how, and the most that was out at once.
fn walked(world: &World, approved: &Approved) -> (Outcome, Vec<usize>) {
    let job = Paint::registry(world).open(approved).unwrap();
    let mut walk = Walk::of(&*job);
    let mut now = now();
    for _ in 0..10_000 {
        match walk.next(now) {
            Next::Look(which) => drop(walk.observed(&which, block_on(job.observe(&which)).unwrap(), now)),
            Next::Intend(which) => walk.intended(&which),
            Next::Perform(i) => {
                assert!(block_on(job.perform(i)).is_ok());
                walk.performed(i, Ok(()), now);
            }
            Next::Until(at) => now = at,
            // Calls go one by one here, so a walk that waits for one would wait for ever.
            Next::Await => panic!("the walk wants more out than one"),
            Next::End => return (walk.outcome(), walk.changed()),
        }
    }
    panic!("the walk runs in circles");
}

#[test]
fn the_parts_of_a_plan_do_what_the_plan_does() {
    let world = World::still();
    let plan = whole(&world, 600, Danger::Reversible);
    let registry = Paint::registry(&world);
    let parts = plan.head().parts(0, 100);
    assert_eq!(parts.iter().map(Part::len).sum::<usize>(), 600);
    for part in parts {
        let block = plan.block(part.block()).unwrap();
        let loaded = registry.load_part(plan.head().clone(), part, &block).unwrap();
        assert_eq!((loaded.len(), loaded.digest(), loaded.part()), (part.len(), plan.digest(), Some(part)));
        assert_eq!(loaded.key(0), plan.key(part.from));
        // The word for the whole is the word for its parts.
        let approved = loaded.approve(word(&plan)).map_err(|(_, error)| error).unwrap();
        let (outcome, changed) = walked(&world, &approved);
        assert_eq!((outcome, changed.len()), (Outcome::Done, part.len()));
    }
    assert!((0..600).all(|thing| world.value(thing) == 1));
    assert_eq!(world.calls(), 600);
}

#[test]
fn a_part_is_refused_where_the_plan_would_be() {
    let world = World::still();
    let plan = whole(&world, 30, Danger::Irreversible);
    let registry = Paint::registry(&world);
    let part = plan.head().parts(0, BLOCK)[1];
    let load = || registry.load_part(plan.head().clone(), part, &plan.block(0).unwrap()).unwrap();
    let missing = |word: Approval| match load().approve(word) {
        Err((_, Error::Refused(refusal))) => {
            refusal.problems.into_iter().map(|problem| problem.guard).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(missing(word(&plan)), ["irreversible"]);
    let other = whole(&world, 31, Danger::Irreversible);
    assert!(missing(word(&other)).contains(&"digest".to_owned()));
    assert_eq!(missing(Approval::new(plan.digest(), "ada", now())), ["expected-count", "irreversible"]);
    // Its own are enough: each part asks for its own.
    let named = load().cards().fold(word(&plan), |word, card| word.naming(card.key));
    assert!(load().approve(named).is_ok());
}

#[test]
fn a_block_that_was_changed_is_refused() {
    let world = World::still();
    let plan = whole(&world, 300, Danger::Reversible);
    let registry = Paint::registry(&world);
    let part = plan.head().parts(0, 50)[2];
    let block = plan.block(part.block()).unwrap();
    let text = String::from_utf8(block.clone()).unwrap();
    let mut longer = block.clone();
    longer.extend_from_slice(text.lines().next().unwrap().as_bytes());
    let cases = [
        text.replacen("\"to\":1", "\"to\":2", 1).into_bytes(),
        block[..block.len() / 2].to_vec(),
        Vec::new(),
        longer,
        plan.block(1).unwrap(),
    ];
    for case in cases {
        let refused = registry.load_part(plan.head().clone(), part, &case);
        assert!(matches!(refused, Err(Error::Corrupt { .. })), "{refused:?}");
    }
    // What a message claims of a part is not believed.
    for wrong in [
        "{\"phase\":1,\"from\":0,\"to\":5}",
        "{\"phase\":0,\"from\":240,\"to\":260}",
        "{\"phase\":0,\"from\":9,\"to\":1}",
    ] {
        let wrong: Part = serde_json::from_str(wrong).unwrap();
        assert!(registry.load_part(plan.head().clone(), wrong, &block).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_part_cannot_be_undone() {
    let world = World::still();
    let plan = whole(&world, 10, Danger::Reversible);
    let registry = Paint::registry(&world);
    let part = plan.head().parts(0, 5)[0];
    let loaded = registry.load_part(plan.head().clone(), part, &plan.block(0).unwrap()).unwrap();
    let ask = ops_plan::Ask::raw("paint", plan.head().question.clone(), Target::new("test"), now());
    let refused = block_on(registry.undo(&loaded, &[0], "run", ask)).unwrap_err();
    assert!(refused.to_string().contains("only a whole plan"), "{refused}");
}
