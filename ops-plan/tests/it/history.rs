//! What a journal says of calls of which nobody knows what came.

use jiff::Timestamp;
use ops_plan::{Entry, Event, History, Past, Plan, Target};

use crate::world::{Paint, World};

/// A journal in the making.
struct Journal {
    plan: Plan,
    keys: Vec<String>,
    history: History,
    seq: u64,
}

impl Journal {
    fn of(actions: u32, width: usize) -> Self {
        let plan = Paint::alike(actions, width, |spec| spec).plan_at(
            &World::still(),
            Target::new("staging"),
            Timestamp::UNIX_EPOCH,
        );
        let keys = plan.cards().map(|card| card.key).collect();
        Self { plan, keys, history: History::default(), seq: 0 }
    }

    fn write(&mut self, event: Event) {
        self.seq += 1;
        self.history.apply(&Entry { seq: self.seq, at: Timestamp::UNIX_EPOCH, event });
    }

    /// A process that intends all but the first `done`, calls those that follow, sees them, and dies.
    fn live_and_die(&mut self, done: usize, calls: usize) {
        let (operator, host) = ("ana".into(), "here".into());
        self.write(Event::Started { operator, host, pid: 1, resumed: done > 0, taken_over: false });
        self.write(Event::Phase { index: 0, name: "paint".into(), actions: self.keys.len() });
        self.write(Event::Intended { keys: self.keys[done..].to_vec() });
        for i in done..done + calls {
            self.write(Event::Performed { key: self.keys[i].clone(), attempt: 1 });
        }
        self.write(Event::Confirmed { keys: self.keys[done..done + calls].to_vec() });
    }

    /// How many actions may have been called so often.
    fn called(&self, times: u32) -> usize {
        self.history.past(&self.plan).into_iter().filter(|past| *past == Past::Tried(times)).count()
    }
}

#[test]
fn a_ramp_lets_fewer_be_called_than_the_phase_is_wide() {
    for (width, returned, out) in [(1, 0, 1), (1, 1, 1), (10, 0, 1), (10, 1, 2), (10, 2, 1), (10, 3, 4), (10, 15, 10)] {
        let mut journal = Journal::of(40, width);
        journal.live_and_die(0, returned);
        assert_eq!(journal.called(1), out, "{width}, {returned}");
        assert_eq!(journal.called(0), 40 - returned - out, "{width}, {returned}");
    }
}

#[test]
fn deaths_in_the_ramp_are_not_held_against_what_it_held_back() {
    let mut journal = Journal::of(40, 10);
    for _ in 0..3 {
        journal.live_and_die(0, 0);
    }
    assert_eq!((journal.called(3), journal.called(0)), (1, 39), "only the first one can have killed three processes");
}

#[test]
fn few_actions_have_no_ramp() {
    let mut journal = Journal::of(5, 10);
    journal.live_and_die(0, 0);
    assert_eq!(journal.called(1), 5);
}
