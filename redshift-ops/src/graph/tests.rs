use proptest::prelude::*;

use super::*;
use crate::LockMode::{AccessExclusive, AccessShare, ShareRowExclusive};

const READER: i32 = 19805;
const LOADER: i32 = 20011;

fn pid(number: i32) -> Pid {
    Pid::new(number).unwrap()
}

fn lock(number: i32, user: &str, table: u32, mode: LockMode, granted: bool) -> Lock {
    let since = "2018-01-18T09:02:49Z".parse().unwrap();
    let relation = Relation::new(table, Some(format!("fact.table_{table}")));
    let held = Lock::held(pid(number), user, relation, mode, since);
    if granted { held } else { held.waited_for() }
}

/// A reader sits on a table that the loader drops, and others come.
fn night() -> Vec<Lock> {
    vec![
        lock(READER, "sandrews", 1, AccessShare, true),
        lock(READER, "sandrews", 2, AccessShare, true),
        lock(LOADER, "loader", 3, AccessExclusive, true),
        lock(LOADER, "loader", 1, AccessExclusive, false),
        lock(20044, "metabase", 1, AccessShare, false),
        lock(20045, "metabase", 1, AccessShare, false),
        lock(20046, "metabase", 3, AccessShare, false),
        lock(20050, "etl", 4, ShareRowExclusive, true),
    ]
}

#[test]
fn a_reader_blocks_the_loader_and_everybody_behind_it() {
    let graph = LockGraph::of(&night());
    assert_eq!(graph.roots(), [pid(READER)]);
    assert_eq!(graph.roots_of(pid(20046)), [pid(READER)]);
    assert_eq!(graph.blocked_by(pid(READER)), [LOADER, 20044, 20045, 20046].map(pid));
    assert_eq!(graph.blocked_by(pid(LOADER)), [20044, 20045, 20046].map(pid));
    let waits: Vec<_> = graph.waits().iter().map(|wait| (wait.waiter.get(), wait.holder.get(), wait.queued)).collect();
    // Readers do not exclude each other: they queue behind the drop.
    let wanted = [(LOADER, READER, false), (20044, LOADER, true), (20045, LOADER, true), (20046, LOADER, false)];
    assert_eq!(waits, wanted);
    let chain: Vec<_> = graph.chain(pid(20046)).iter().map(|wait| (wait.waiter.get(), wait.holder.get())).collect();
    assert_eq!(chain, [(20046, LOADER), (LOADER, READER)]);
    assert!(graph.chain(pid(READER)).is_empty() && graph.roots_of(pid(READER)).is_empty());
    assert!(graph.cycles().is_empty() && graph.unexplained().is_empty() && !graph.is_empty());
    assert_eq!((graph.user(pid(LOADER)), graph.user(pid(1))), (Some("loader"), None));
}

#[test]
fn it_is_drawn_in_few_columns() {
    let told = LockGraph::of(&night()).to_string();
    let wanted = "\
19805 sandrews
└ 20011 loader wants AccessExclusive
  of fact.table_1
  ├ 20044 metabase queues for AccessShare
  ├ 20045 metabase queues for AccessShare
  └ 20046 metabase wants AccessShare
    of fact.table_3
";
    assert_eq!(told, wanted);
    let mut many = night();
    many.extend((0..500).map(|at| lock(30_000 + at, "somebody with a long name", 1, AccessShare, false)));
    let long = Relation::new(9, Some("a_schema.".to_owned() + &"x".repeat(100)));
    many.push(Lock { relation: long.clone(), ..lock(READER, "sandrews", 9, AccessShare, true) });
    many.push(Lock { relation: long, ..lock(40_000, "another", 9, AccessExclusive, false) });
    let told = LockGraph::of(&many).to_string();
    assert!(told.lines().all(|line| line.chars().count() <= 50), "{told}");
    assert!(told.lines().count() < 30 && told.contains("and 491 more"), "{told}");
}

#[test]
fn oids_are_of_one_database() {
    let other = Lock { database: "another".to_owned(), ..lock(LOADER, "loader", 1, AccessExclusive, false) };
    let graph = LockGraph::of(&[lock(READER, "sandrews", 1, AccessShare, true), other]);
    assert!(graph.waits().is_empty() && graph.roots().is_empty());
    // Somebody waits all the same: whoever asked did not see for whom.
    assert_eq!(graph.unexplained(), [pid(LOADER)]);
    assert_eq!(graph.to_string(), "20011 loader waits; for whom is not seen\n");
}

#[test]
fn a_deadlock_has_no_root() {
    let graph = LockGraph::of(&[
        lock(1, "a", 1, ShareRowExclusive, true),
        lock(2, "b", 2, ShareRowExclusive, true),
        lock(1, "a", 2, ShareRowExclusive, false),
        lock(2, "b", 1, ShareRowExclusive, false),
        lock(3, "c", 1, AccessExclusive, false),
    ]);
    assert_eq!(graph.cycles(), [vec![pid(1), pid(2)]]);
    assert!(graph.roots().is_empty() && graph.roots_of(pid(3)).is_empty());
    let told = graph.to_string();
    assert!(told.starts_with("deadlock") && told.contains("3 c"), "{told}");
}

#[test]
fn those_of_one_row_are_in_no_circle() {
    // Two writers queue behind a drop: the locks do not tell who came first, so neither waits for the other.
    let graph = LockGraph::of(&[
        lock(READER, "sandrews", 1, AccessShare, true),
        lock(LOADER, "loader", 1, AccessExclusive, false),
        lock(3, "a", 1, ShareRowExclusive, false),
        lock(4, "b", 1, ShareRowExclusive, false),
    ]);
    assert!(graph.cycles().is_empty());
    assert_eq!(graph.roots_of(pid(4)), [pid(READER)]);
    // One who has a table and wants more of it does not wait for itself.
    let own = [lock(5, "a", 1, AccessShare, true), lock(5, "a", 1, AccessExclusive, false)];
    assert_eq!(LockGraph::of(&own).unexplained(), [pid(5)]);
}

fn any_lock() -> impl Strategy<Value = Lock> {
    let mode = prop_oneof![
        Just(AccessShare),
        Just(ShareRowExclusive),
        Just(AccessExclusive),
        Just(LockMode::Other("New".to_owned()))
    ];
    (1..12_i32, 1..5_u32, mode, any::<bool>())
        .prop_map(|(number, table, mode, granted)| lock(number, "somebody", table, mode, granted))
}

proptest! {
    #[test]
    fn every_waiter_reaches_an_end(locks in prop::collection::vec(any_lock(), 0..40)) {
        let graph = LockGraph::of(&locks);
        let (cycles, unexplained) = (graph.cycles(), graph.unexplained());
        let waiters: BTreeSet<Pid> = locks.iter().filter(|lock| !lock.granted).map(|lock| lock.pid).collect();
        for pid in waiters {
            let mut below: BTreeSet<Pid> = graph.chain(pid).iter().map(|wait| wait.holder).collect();
            below.insert(pid);
            let rooted = graph.roots_of(pid);
            prop_assert!(rooted.iter().all(|root| graph.roots().contains(root) && graph.blocked_by(*root).contains(&pid)));
            let circles = cycles.iter().flatten().any(|one| below.contains(one));
            let ends = unexplained.iter().any(|one| below.contains(one));
            prop_assert!(!rooted.is_empty() || circles || ends, "{pid} waits for nothing");
        }
        for cycle in &cycles {
            prop_assert!(cycle.len() > 1);
            prop_assert!(cycle.iter().all(|pid| !graph.roots().contains(pid)));
        }
        for wait in graph.waits() {
            prop_assert!(wait.waiter != wait.holder && wait.wanted.excludes(&wait.held));
        }
        prop_assert_eq!(graph.to_string().is_empty(), graph.is_empty());
    }
}
